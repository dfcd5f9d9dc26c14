// How evenly many targets are scraped, and what one costs:
//   node bench/targets.mjs [--targets=10000] [--interval=15] [--rounds=2] [--samples=20] [--command=bin/promontory]
// Starts the server on a fresh directory with so many targets of its own (addresses of 127.0.0.0/8, one small server behind all),
// waits one interval for the first round, then counts the scrapes of each second for the rounds asked for.
// Needs two file descriptors per target: ulimit -n.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

if (isMainThread) await main()
else respond(workerData.samples)

async function main() {
  const { values } = parseArgs({
    options: {
      targets: { type: 'string', default: '10000' },
      interval: { type: 'string', default: '15' },
      rounds: { type: 'string', default: '2' },
      samples: { type: 'string', default: '20' },
      command: { type: 'string', default: 'bin/promontory' },
    },
  })
  const [targets, intervalS, rounds] = [values.targets, values.interval, values.rounds].map(Number)
  const directory = mkdtempSync(join(tmpdir(), 'promontory-targets-'))
  const worker = new Worker(new URL(import.meta.url), { workerData: { samples: Number(values.samples) } })
  const port = await new Promise((resolve) => worker.once('message', resolve))
  const addresses = Array.from(
    { length: targets },
    (_, i) => `127.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}:${port}`,
  )
  writeFileSync(join(directory, 'targets.json'), JSON.stringify([{ targets: addresses }]))
  writeFileSync(
    join(directory, 'prometheus.yml'),
    `global: { scrape_interval: ${intervalS}s, scrape_timeout: ${intervalS}s }\nscrape_configs: [{ job_name: many, file_sd_configs: [{ files: ['${directory}/targets.json'] }] }]\n`,
  )
  const args = [
    'serve',
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    '--web.listen-address=127.0.0.1:0',
    '--log.level=warn',
  ]
  const server = spawn(values.command, args, { stdio: 'ignore' })
  try {
    await sleep((intervalS + 8) * 1000)
    worker.postMessage('start')
    const before = cpuSeconds(server.pid)
    await sleep(rounds * intervalS * 1000)
    worker.postMessage('stop')
    const [cpuS, perSecond] = [
      cpuSeconds(server.pid) - before,
      await new Promise((resolve) => worker.once('message', resolve)),
    ]
    report(perSecond, cpuS, server.pid)
  } finally {
    server.kill('SIGKILL')
    await worker.terminate()
    rmSync(directory, { recursive: true })
  }
}

function report(perSecond, cpuS, pid) {
  const scrapes = perSecond.reduce((sum, count) => sum + count, 0)
  const mean = scrapes / perSecond.length
  console.log(`${scrapes} scrapes in ${perSecond.length} s, ${mean.toFixed(1)}/s in the mean`)
  console.log(
    `busiest second ${Math.max(...perSecond)} (${(Math.max(...perSecond) / mean).toFixed(2)} × mean), quietest ${Math.min(...perSecond)}`,
  )
  console.log(
    `CPU ${cpuS.toFixed(2)} s: ${((cpuS / scrapes) * 1e6).toFixed(0)} µs per scrape, RSS ${rssMiB(pid)} MiB`,
  )
}

/** User and system time of a process, in hundredths of a second. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function rssMiB(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024)
}

/** Answers every target, and counts by the second between start and stop. */
function respond(samples) {
  let counts
  let startedMs = 0
  const lines = Array.from({ length: samples }, (_, i) => `made_up_total{path="/${i}"} `)
  let value = 0
  const server = createServer((_request, response) => {
    if (counts !== undefined) {
      const second = Math.floor((performance.now() - startedMs) / 1000)
      counts[second] = (counts[second] ?? 0) + 1
    }
    value++
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
    response.end(`# TYPE made_up_total counter\n${lines.map((line) => `${line}${value}\n`).join('')}`)
  })
  server.keepAliveTimeout = 0
  server.listen(0, '0.0.0.0', () => parentPort.postMessage(server.address().port))
  parentPort.on('message', (message) => {
    if (message === 'start') {
      startedMs = performance.now()
      counts = []
    } else {
      const seconds = Math.floor((performance.now() - startedMs) / 1000)
      parentPort.postMessage(Array.from({ length: seconds }, (_, i) => counts[i] ?? 0))
    }
  })
}
