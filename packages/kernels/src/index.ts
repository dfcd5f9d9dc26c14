export * from './instance.ts'
export * from './head-layout.ts'
export * from './json-numbers.ts'
