import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { packInstrument } from './pack-instrument.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
/** The example of the documentation, as a stranger's project has it. */
const EXAMPLE = `import { createServer } from 'node:http'
import { instrument, outgoingHeaders, type Instrument } from '@promontory/instrument'

const kit: Instrument = instrument({ service: 'backend', http: ['http', 'api'], statusLabel: 'status' })
kit.health.check('database', () => 1)
kit.health.started()
const server = createServer(kit.listener((_, response) => void response.end('hello'), () => '/'))
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address() as { port: number }
  await fetch(\`http://127.0.0.1:\${port}/\`, { headers: outgoingHeaders() })
  const text = await (await fetch(\`http://127.0.0.1:\${port}/metrics\`)).text()
  console.log(text.split('\\n').find((line) => line.startsWith('http_requests_total{')))
  server.closeAllConnections()
  server.close()
  await kit.close()
})
`

test('the kit stands alone: packed, type-checked and run in a project that has prom-client only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'instrument-pack-'))
  try {
    packInstrument(join(folder, 'node_modules/@promontory/instrument'))
    mkdirSync(join(folder, 'node_modules/@types'))
    for (const name of [
      'prom-client',
      'tdigest',
      'bintrees',
      '@opentelemetry',
      '@types/node',
      'undici-types',
    ])
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(join(folder, 'main.ts'), EXAMPLE)
    const checked = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', 'main.ts'], { cwd: folder, encoding: 'utf8' }) // prettier-ignore
    expect(checked.stdout).toBe('')
    const { stdout, stderr } = spawnSync(process.execPath, ['main.ts'], { cwd: folder, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(stdout).toBe('http_requests_total{method="GET",route="/",status="200"} 1\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
