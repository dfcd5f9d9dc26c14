import { Server } from '@promontory/server'
import { parseServeFlags } from '../serve-flags.ts'

/** `promontory serve`: runs until SIGTERM or SIGINT, reloads at SIGHUP. */
export async function serve(args: readonly string[]): Promise<number> {
  const options = parseServeFlags(args)
  const server = await Server.start(options)
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (signal: string): void => {
      if (stopping) {
        process.stderr.write(`promontory: second ${signal}, ending at once\n`)
        process.exit(1)
      }
      stopping = true
      server.stop(`received ${signal}`).then(() => resolve(0), reject)
    }
    process.on('SIGTERM', () => stop('SIGTERM'))
    process.on('SIGINT', () => stop('SIGINT'))
    process.on('SIGHUP', () => void server.reload())
    server.onQuit(() => stop('request to /-/quit'))
  })
}
