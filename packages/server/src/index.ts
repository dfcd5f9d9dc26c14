export type { ServerOptions } from './options.ts'
export { Server } from './server.ts'
