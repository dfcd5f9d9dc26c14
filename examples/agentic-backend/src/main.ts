/**
 * The example by itself, with load on it.
 *
 *   node examples/agentic-backend/src/main.ts [port]
 */
import { startLoad } from './load.ts'
import { startService } from './service.ts'

const service = await startService({ port: Number(process.argv[2] ?? 8000) })
startLoad(service.url)
process.stderr.write(`the agentic backend answers at ${service.url}; metrics at ${service.url}/metrics\n`)
