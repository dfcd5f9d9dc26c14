export * from './collect.ts'
export type { HostRoots } from './host-files.ts'
