export * from './errors.ts'
export * from './clock.ts'
export * from './log.ts'
export * from './metrics.ts'
