export * from './instance.ts'
export * from './head-layout.ts'
