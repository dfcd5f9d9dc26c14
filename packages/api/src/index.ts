export * from './lint.ts'
export * from './paths.ts'
export * from './prometheus.ts'
