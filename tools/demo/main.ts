/**
 * `npm run demo`: the example backend, its worker and its Python side, with load, and Promontory watching them.
 *
 *   npm run demo -- [--port=9090] [--interval=5s] [--days=2] [--data=DIR] [--speed=1] [--incident=NAME]
 *
 * Lines on standard input make things happen: the name of an incident starts it, once more ends it; `quit` ends the demo.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startTwin } from '../../examples/ai-core/twin.ts'
import { startLoad } from '../../examples/agentic-backend/src/load.ts'
import { type Service, startService } from '../../examples/agentic-backend/src/service.ts'
import { INCIDENTS, type Incident } from '../../examples/agentic-backend/src/world.ts'
import { startStatusWorker } from '../../examples/status-worker/main.ts'
import { writeHistory } from './history.ts'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const DAY_MS = 86_400_000

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9090' },
    interval: { type: 'string', default: '5s' },
    days: { type: 'string', default: '2' },
    speed: { type: 'string', default: '1' },
    data: { type: 'string' },
    incident: { type: 'string' },
  },
})

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)))
  })
}

/** The wanted port, or any free one when somebody has it. */
async function portOrOther(wanted: number): Promise<number> {
  if (await isFree(wanted)) return wanted
  return new Promise((done) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => done(port))
    })
  })
}

/** The Python service where Python has prometheus_client; its twin in Node otherwise. */
async function startAiCore(port: number): Promise<{ readonly kind: string; readonly child?: ChildProcess }> {
  // A distribution's package is seen by the distribution's own interpreter only.
  const python = ['python3', '/usr/bin/python3'].find(
    (program) => spawnSync(program, ['-c', 'import prometheus_client'], { stdio: 'ignore' }).status === 0,
  )
  if (python === undefined) {
    await startTwin(port)
    return { kind: 'Node twin: no Python with prometheus_client here' }
  }
  const child = spawn(python, [join(ROOT, 'examples/ai-core/main.py'), String(port)], { stdio: 'ignore' })
  return { kind: 'Python', child }
}

function configuration(ports: Readonly<Record<'own' | 'backend' | 'core' | 'worker', number>>): string {
  const job = (name: string, port: number, path = '/metrics'): string =>
    `  - job_name: ${name}\n    metrics_path: ${path}\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`
  return `global:
  scrape_interval: ${values.interval}
  scrape_timeout: ${values.interval}
  evaluation_interval: ${values.interval}
scrape_configs:
${job('agentic-backend', ports.backend, '/api/v1/monitoring/metrics')}${job('ai_core', ports.core)}${job('status_worker', ports.worker)}${job('node', ports.own, '/metrics/host')}${job('promontory', ports.own)}`
}

function toggle(service: Service, name: string): void {
  const incident = INCIDENTS.find((known) => known === name)
  if (incident === undefined) return say(`no incident "${name}"; there are ${INCIDENTS.join(', ')}, and quit`)
  const set: Set<Incident> = service.incidents
  if (set.delete(incident)) return say(`${incident}: over`)
  set.add(incident)
  say(`${incident}: happens now; look at the alerts. The same line once more ends it.`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function main(): Promise<void> {
  const directory = values.data ?? mkdtempSync(join(tmpdir(), 'promontory-demo-'))
  mkdirSync(directory, { recursive: true })
  const ports = {
    own: await portOrOther(Number(values.port)),
    backend: await portOrOther(8000),
    core: await portOrOther(8100),
    worker: await portOrOther(9200),
  }
  const service = await startService({ port: ports.backend, speed: Number(values.speed), log: () => {} })
  const load = startLoad(service.url)
  const worker = await startStatusWorker(ports.worker)
  const core = await startAiCore(ports.core)
  say(`history of ${values.days} days …`)
  const now = Date.now()
  const written = writeHistory(
    join(directory, 'data'),
    now - Number(values.days) * DAY_MS,
    now,
    `127.0.0.1:${ports.backend}`,
  )
  say(`${written.samples.toLocaleString('en')} samples in ${written.blocks} blocks`)
  writeFileSync(join(directory, 'prometheus.yml'), configuration(ports))
  const program = spawn(
    join(ROOT, 'bin/promontory'),
    [
      'serve',
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${ports.own}`,
      '--web.enable-lifecycle',
      '--log.level=warn',
    ],
    { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const url = `http://127.0.0.1:${ports.own}`
  const end = async (): Promise<void> => {
    load.stop()
    core.child?.kill()
    worker.close()
    program.kill()
    await service.stop()
  }
  program.once('exit', (code) => {
    core.child?.kill()
    if (values.data === undefined) rmSync(directory, { recursive: true, force: true })
    process.exit(code ?? 0)
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end())
  await ready(url)
  say(`
  Promontory       ${url}
  dashboards       ${url}/dashboards
  the backend      ${service.url}   (${service.url}/health, /metrics, /api/v1/monitoring/summary; cache: ${service.cache})
  AI core          http://127.0.0.1:${ports.core}/metrics   (${core.kind})
  status worker    http://127.0.0.1:${ports.worker}/metrics

  Make something happen: ${INCIDENTS.join(', ')} — type its name, or
    curl -X POST ${service.url}/incidents/provider-outage     (DELETE ends it)
`)
  if (values.incident !== undefined) toggle(service, values.incident)
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.trim() === 'quit') void end()
    else if (line.trim() !== '') toggle(service, line.trim())
  })
}

async function ready(url: string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const isReady = await fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false,
    )
    if (isReady) return
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error('Promontory did not become ready')
}

await main()
