export * from './paths.ts'
export * from './prometheus.ts'
