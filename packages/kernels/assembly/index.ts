// The door: every kernel that TypeScript calls. No managed objects, no statics that change: callers own all memory.
export * from './xor'
