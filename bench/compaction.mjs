// What a compaction of the head holds up:
//   node bench/compaction.mjs [--series=100000] [--hours=3.1] [--interval=15] [--command=bin/promontory]
// Fills a directory with so many series, so that two hours of them are due for a block, starts the server on it with targets that are
// scraped and rules that are evaluated every second, and says how late the latest of both was before, during and after the compaction.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '100000' },
    hours: { type: 'string', default: '3.1' },
    interval: { type: 'string', default: '15' },
    command: { type: 'string', default: 'bin/promontory' },
    fill: { type: 'string' },
  },
})
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const ended = (child) => new Promise((resolve) => child.once('exit', resolve))
const get = (url) => fetch(url).then((response) => response.text())
const TARGETS = 20
const GROUPS = 10
const PORT = 21_970

if (values.fill === undefined) await main()
else await fill(values.fill)

/** In a process of its own, which ends like a server that was killed: the log holds everything. */
async function fill(directory) {
  const [{ Tsdb }, { Registry }, { AppendBatch, Labels }] = await Promise.all([
    import('../packages/tsdb/src/index.ts'),
    import('../packages/base/src/index.ts'),
    import('../packages/model/src/index.ts'),
  ])
  const db = await Tsdb.open({ directory, registry: new Registry(), lock: false })
  const count = Number(values.series)
  const refs = Array.from({ length: count }, (_, i) =>
    db.seriesRef(
      Labels.from({ __name__: `filled_${i % 100}_total`, instance: `host-${i % 50}`, job: 'app', n: `${i}` }),
    ),
  )
  const stepMs = Number(values.interval) * 1000
  const endMs = Date.now()
  const batch = new AppendBatch(2000)
  for (let timeMs = endMs - Number(values.hours) * 3_600_000; timeMs < endMs; timeMs += stepMs)
    for (let from = 0; from < count; from += 2000) {
      batch.clear()
      for (let i = from; i < Math.min(count, from + 2000); i++)
        batch.push(refs[i], timeMs, ((timeMs / 1000) * (i % 97)) | 0)
      db.append(batch)
    }
  process.kill(process.pid, 'SIGKILL')
}

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-compaction-'))
  const data = join(directory, 'data')
  try {
    console.log(`filling ${values.series} series with ${values.hours} h`)
    const args = [
      '--disable-warning=ExperimentalWarning',
      new URL(import.meta.url).pathname,
      `--fill=${data}`,
    ]
    await ended(spawn(process.execPath, [...args, `--series=${values.series}`, `--hours=${values.hours}`, `--interval=${values.interval}`], { stdio: 'inherit' })) // prettier-ignore
    await measure(directory, data)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measure(directory, data) {
  const scrapes = new Map()
  const targets = await Promise.all(Array.from({ length: TARGETS }, (_, i) => target(i, scrapes)))
  writeConfiguration(directory, targets)
  const server = spawn(
    values.command,
    ['serve', `--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${PORT}`, '--log.level=warn'],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  ) // prettier-ignore
  const url = `http://127.0.0.1:${PORT}`
  try {
    while (!(await fetch(`${url}/-/ready`).then((r) => r.ok, () => false))) await sleep(50) // prettier-ignore
    scrapes.clear()
    const evaluations = new Map()
    const phases = []
    const startedMs = Date.now()
    for (let doneMs = Infinity; Date.now() < doneMs + 10_000 && Date.now() < startedMs + 180_000;) {
      const [rules, metrics] = await Promise.all([get(`${url}/api/v1/rules`), get(`${url}/metrics`)])
      for (const group of JSON.parse(rules).data.groups) noteEvaluation(evaluations, group)
      const phase = phaseOf(metrics)
      if (phases.at(-1)?.phase !== phase) phases.push({ phase, atMs: Date.now() })
      if (phase === 'after' && doneMs === Infinity) doneMs = Date.now()
      await sleep(50)
    }
    report(scrapes, evaluations, phases)
  } finally {
    server.kill('SIGTERM')
    await ended(server)
    for (const { close } of targets) close()
  }
}

/** When a group's newest evaluation was seen to be done; its time is the one that it was due at. */
function noteEvaluation(lists, { name, lastEvaluation }) {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  const dueMs = Date.parse(lastEvaluation)
  if (dueMs > 0 && list.at(-1)?.dueMs !== dueMs) list.push({ dueMs, lateMs: Date.now() - dueMs })
}

function phaseOf(metrics) {
  const value = (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1] ?? 0)
  const started = value('prometheus_tsdb_compactions_triggered_total')
  if (value('prometheus_tsdb_compactions_total') > 0 && value('prometheus_tsdb_blocks_loaded') > 0)
    return 'after'
  return started > 0 ? 'during' : 'before'
}

function target(index, scrapes) {
  const body = Array.from({ length: 500 }, (_, i) => `bench_value{n="${i}"} ${i}\n`).join('')
  const server = createServer((_, response) => {
    note(scrapes, index, Date.now())
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(body)
  })
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({ address: `127.0.0.1:${server.address().port}`, close: () => server.closeAllConnections() ?? server.close() }),
    ),
  ) // prettier-ignore
}

function note(lists, key, timeMs) {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  if (list.at(-1) !== timeMs && timeMs > 0) list.push(timeMs)
}

function writeConfiguration(directory, targets) {
  const groups = Array.from({ length: GROUPS }, (_, i) => ({
    name: `g${i}`,
    interval: '1s',
    rules: [{ record: `bench:sum${i}`, expr: `sum by (instance) (rate(filled_${i}_total[5m]))` }],
  }))
  writeFileSync(join(directory, 'rules.json'), JSON.stringify({ groups }))
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(directory, 'rules.json')],
    scrape_configs: [
      { job_name: 'bench', static_configs: [{ targets: targets.map(({ address }) => address) }] },
    ],
  }
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(configuration))
}

/** Of scrapes how much longer than a second the longest pause of a target was, of rules how long after they were due their result was seen. */
function report(scrapes, evaluations, phases) {
  const pauses = [...scrapes.values()].flatMap((times) =>
    times.slice(1).map((atMs, i) => ({ atMs, lateMs: atMs - times[i] - 1000 })),
  )
  const results = [...evaluations.values()].flatMap((list) =>
    list.slice(1).map(({ dueMs, lateMs }) => ({ atMs: dueMs, lateMs })),
  )
  for (const [what, list] of [
    ['scrapes', pauses],
    ['rule groups', results],
  ]) {
    const worst = { before: 0, during: 0, after: 0 }
    for (const { atMs, lateMs } of list) {
      const phase = phases.findLast((each) => each.atMs <= atMs + 200)?.phase ?? 'before'
      worst[phase] = Math.max(worst[phase], lateMs)
    }
    console.log(
      `${what}: ${list.length}; latest: before ${worst.before} ms, during ${worst.during} ms, after ${worst.after} ms`,
    )
  }
  console.log(
    phases
      .map(({ phase, atMs }) => `${phase} from ${((atMs - phases[0].atMs) / 1000).toFixed(1)} s`)
      .join(', '),
  )
}
