// What gzip bodies cost: Prometheus and we scrape the suite's fleet at the same time, through a relay that compresses what it answers.
//   node bench/gzip-ingest.mjs [--time=40] [--warmup=15] [--targets=50] [--series=2000] [--plain] [--shared=../shared] [--command=bin/promontory]
// Needs `prometheus` in PATH. Prints the processor time of each server (all threads, user and system) per million scraped samples.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { gzip } from 'node:zlib'

const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

if (isMainThread) await main()
else relay(workerData)

async function main() {
  const { values } = parseArgs({
    options: {
      time: { type: 'string', default: '40' },
      warmup: { type: 'string', default: '15' },
      targets: { type: 'string', default: '50' },
      series: { type: 'string', default: '2000' },
      port: { type: 'string', default: '21400' },
      plain: { type: 'boolean', default: false },
      shared: { type: 'string', default: process.env['PROMONTORY_SHARED'] ?? '../shared' },
      command: { type: 'string', default: 'bin/promontory' },
    },
  })
  const [timeS, warmupS, targets, series, port] = ['time', 'warmup', 'targets', 'series', 'port'].map(
    (name) => Number(values[name]),
  )
  const directory = mkdtempSync(join(tmpdir(), 'promontory-gzip-'))
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { fleet: port, port: port + 1, plain: values.plain },
  })
  const fleet = start(process.execPath, [
    resolve(values.shared, 'bench/exporter.mjs'),
    `--port=${port}`,
    `--targets=${targets}`,
    `--series=${series}`,
  ])
  writeFileSync(join(directory, 'prometheus.yml'), configuration(targets, port + 1))
  const servers = [
    ['Prometheus', 'prometheus', [], port + 2],
    ['Promontory', resolve(values.command), ['serve'], port + 3],
  ].map(([name, command, first, at]) => {
    const data = join(directory, name)
    const process = start(command, [...first, ...flags(directory, data, at)])
    return { name, at, pid: process.pid, process }
  })
  try {
    await sleep(warmupS * 1000)
    worker.postMessage('start')
    for (const server of servers) server.before = cpuSeconds(server.pid)
    await sleep(timeS * 1000)
    for (const server of servers) server.cpuS = cpuSeconds(server.pid) - server.before
    worker.postMessage('stop')
    const sizes = await new Promise((done) => worker.once('message', done))
    await report(servers, { timeS, series, sizes })
  } finally {
    for (const { process } of [...servers, { process: fleet }]) process.kill('SIGKILL')
    await worker.terminate()
    rmSync(directory, { recursive: true, force: true })
  }
}

function start(command, args) {
  return spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

function configuration(targets, port) {
  const each = Array.from(
    { length: targets },
    (_, i) =>
      `  - targets: ['127.0.0.1:${port}']\n    labels: { __metrics_path__: /t/${i}/metrics, instance: 'host-${i}:8080' }`,
  )
  return `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n- job_name: fleet\n  static_configs:\n${each.join('\n')}\n`
}

function flags(directory, data, port) {
  return [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ]
}

async function report(servers, { timeS, series, sizes }) {
  console.log(
    `bodies: ${Math.round(sizes.wire / sizes.count)} bytes on the wire, ${Math.round(sizes.text / sizes.count)} of text`,
  )
  const perMillion = []
  for (const { name, at, pid, cpuS } of servers) {
    const scrapes = await query(at, `sum(count_over_time(up{job="fleet"}[${timeS}s]))`)
    const failed = scrapes - (await query(at, `sum(sum_over_time(up{job="fleet"}[${timeS}s]))`))
    const samples = await query(at, `sum(sum_over_time(scrape_samples_scraped{job="fleet"}[${timeS}s]))`)
    perMillion.push((cpuS / samples) * 1e6)
    console.log(
      `${name}: ${(perMillion.at(-1) ?? 0).toFixed(2)} CPU s per million samples, ${(cpuS / timeS).toFixed(3)} cores, ` +
        `${Math.round(samples / timeS)} samples/s, ${failed} of ${scrapes} scrapes failed, ${Math.round(samples / scrapes)} of ${series} samples each, RSS ${rssMiB(pid)} MiB`,
    )
  }
  console.log(`ratio ${(perMillion[1] / perMillion[0]).toFixed(2)}`)
}

async function query(port, expression) {
  const response = await fetch(
    `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`,
  )
  const { data } = await response.json()
  return Number(data.result[0]?.value[1] ?? NaN)
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

/** Answers as the fleet does, compressed as Go's client library compresses; counts bytes between start and stop. */
function relay({ fleet, port, plain }) {
  const agent = new Agent({ keepAlive: true })
  let sizes
  createServer((request, response) => {
    get({ port: fleet, path: request.url, agent }, async (answer) => {
      const parts = []
      for await (const part of answer) parts.push(part)
      const text = Buffer.concat(parts)
      const send = (body, headers) => {
        if (sizes !== undefined) {
          sizes.count++
          sizes.text += text.length
          sizes.wire += body.length
        }
        response.writeHead(answer.statusCode, {
          'content-type': answer.headers['content-type'] ?? 'text/plain',
          'content-length': body.length,
          ...headers,
        })
        response.end(body)
      }
      if (plain || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) send(text, {})
      else gzip(text, { level: 1 }, (_error, body) => send(body, { 'content-encoding': 'gzip' }))
    }).on('error', () => response.destroy())
  }).listen(port, '127.0.0.1')
  parentPort.on('message', (message) => {
    if (message === 'start') sizes = { count: 0, text: 0, wire: 0 }
    else parentPort.postMessage(sizes)
  })
}
