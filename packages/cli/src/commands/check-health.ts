import { parseArgs } from 'node:util'
import { UsageError } from '../serve-flags.ts'
import { CLIENT_OPTIONS, ServerClient, textOf } from './server-client.ts'

/** `promontory check healthy|ready [--url=…]`: whether a server with Prometheus's management paths says so; exit code 1 when not. */
export async function checkHealth(kind: 'healthy' | 'ready', args: readonly string[]): Promise<number> {
  const server = serverOf(kind, args)
  try {
    const response = await server.request(`/-/${kind}`, { timeoutMs: 30_000 })
    if (response.status !== 200) throw new Error(`check failed: URL=${server.url}, status=${response.status}`)
    process.stderr.write(`  SUCCESS:  ${textOf(response).trim()}\n`)
    return 0
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return 1
  } finally {
    server.close()
  }
}

function serverOf(kind: string, args: readonly string[]): ServerClient {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { url: { type: 'string', default: 'http://localhost:9090' }, ...CLIENT_OPTIONS },
    })
    return new ServerClient(values.url, values)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${(error as Error).message}\nusage: promontory check ${kind} [--url=http://localhost:9090] [--http.config.file=FILE]`) // prettier-ignore
  }
}
