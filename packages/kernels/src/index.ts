export * from './instance.ts'
