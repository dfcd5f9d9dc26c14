// What series that come and go leave behind in memory:
//   node bench/churn.mjs [--series=100000] [--interval=15] [--minute=60] [--rounds=2] [--range=2m] [--command=bin/promontory] [--peer=prometheus]
// A fleet is scraped by us and by the peer at once. In a round a tenth of its series is replaced in each of ten minutes; then all waits until both
// have truncated their heads so far that the living series are all that is left (blocks of --range, so that this takes minutes). Says what both have in use
// and resident at the start and after each round. --minute=6 makes shorter minutes of it, for a look.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '100000' },
    interval: { type: 'string', default: '15' },
    minute: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '2' },
    range: { type: 'string', default: '2m' },
    command: { type: 'string', default: 'bin/promontory' },
    peer: { type: 'string', default: 'prometheus' },
    fleet: { type: 'boolean', default: false },
  },
})
const TARGETS = 50
const [FLEET_PORT, OUR_PORT, PEER_PORT] = [21_980, 21_981, 21_982]
const PER_TARGET = Math.floor(Number(values.series) / TARGETS)
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

if (values.fleet) serveFleet()
else await main()

/** Each target's series carry a label of their own; POST /next gives new values to a tenth of them. */
function serveFleet() {
  const ages = new Uint32Array(10)
  let tenth = 0
  createServer((request, response) => {
    if (request.method === 'POST') {
      ages[tenth++ % 10]++
      return response.end()
    }
    const target = Number(/\d+/.exec(request.url)[0])
    const value = Date.now() / 1000
    const lines = ['# TYPE churned gauge']
    for (let i = 0; i < PER_TARGET; i++) {
      const text = `request-${target}-${i}-of-generation-${ages[i % 10]}`
      lines.push(
        `churned{path="/api/v1/${i % 20}",code="${200 + (i % 5)}",id="${text}"} ${(value * (i % 7)).toFixed(3)}`,
      )
    }
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(`${lines.join('\n')}\n`)
  }).listen(FLEET_PORT, '127.0.0.1')
}

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-churn-'))
  const children = []
  process.on('SIGTERM', () => children.forEach((child) => child.kill('SIGTERM')))
  try {
    children.push(
      spawn(process.execPath, [...process.argv.slice(1), '--fleet'], {
        stdio: ['ignore', 'inherit', 'inherit'],
      }),
    )
    const servers = [
      start('promontory', [values.command, 'serve'], OUR_PORT, directory),
      start('prometheus', [values.peer], PEER_PORT, directory),
    ]
    children.push(...servers.map((server) => server.child))
    await measure(servers)
  } finally {
    for (const child of children) child.kill('SIGTERM')
    await Promise.all(
      children.map((child) => child.exitCode ?? new Promise((resolve) => child.once('exit', resolve))),
    )
    rmSync(directory, { recursive: true, force: true })
  }
}

function start(name, [program, ...args], port, parent) {
  const directory = join(parent, name)
  mkdirSync(directory)
  const targets = Array.from({ length: TARGETS }, (_, i) => ({
    targets: [`127.0.0.1:${FLEET_PORT}`],
    labels: { __metrics_path__: `/t/${i}`, target: `${i}` },
  }))
  const config = {
    global: {
      scrape_interval: `${values.interval}s`,
      scrape_timeout: `${Math.min(10, Number(values.interval))}s`,
    },
    scrape_configs: [{ job_name: 'fleet', static_configs: targets }],
  }
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config))
  const flags = [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--storage.tsdb.min-block-duration=${values.range}`,
    `--storage.tsdb.max-block-duration=${values.range}`,
    '--storage.tsdb.retention.time=1h',
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ]
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    child: spawn(program, [...args, ...flags], { stdio: ['ignore', 'inherit', 'inherit'] }),
  }
}

async function measure(servers) {
  console.log(
    'server, when: series; MiB in use (against the start), reached, resident (against the line before)',
  )
  const lines = []
  const note = async (label) => {
    const all = await settled(servers)
    lines.push(all)
    for (const [i, { name }] of servers.entries()) {
      const { series, inUse, reached, resident } = all[i]
      const before = (lines.at(-2) ?? all)[i].resident
      const change = [percent(inUse / lines[0][i].inUse), percent(resident / before)]
      console.log(
        `${name}, ${label}: ${series}; ${mib(inUse)} (${change[0]}), ${mib(reached)}, ${mib(resident)} (${change[1]})`,
      )
    }
  }
  await note('start')
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (let minute = 0; minute < 10; minute++) {
      await fetch(`http://127.0.0.1:${FLEET_PORT}/next`, { method: 'POST' })
      await sleep(Number(values.minute) * 1000)
    }
    await note(`after round ${round}`)
  }
}

function mib(bytes) {
  return (bytes / 2 ** 20).toFixed(1)
}

function percent(ratio) {
  return `${ratio >= 1 ? '+' : '−'}${Math.abs((ratio - 1) * 100).toFixed(1)} %`
}

/** Waits until both heads have the living series alone, and have truncated twice since; then the medians of a minute, as both breathe. */
async function settled(servers) {
  const wanted = Number(values.series)
  let looks = await Promise.all(servers.map(look))
  const from = looks.map(({ truncations }) => truncations)
  const isSettled = () =>
    looks.every(
      ({ series, truncations }, i) =>
        series < wanted + 10 * TARGETS && series >= wanted && truncations >= from[i] + 2,
    )
  while (!isSettled()) {
    await sleep(2000)
    looks = await Promise.all(servers.map(look))
  }
  const seen = looks.map(() => [])
  for (let k = 0; k < 60; k++) {
    await sleep(1000)
    for (const [i, server] of servers.entries()) seen[i].push(await look(server))
  }
  return seen.map(medians)
}

/** Of each figure by itself: a compaction, which takes seconds and a thread, is not what stays. */
function medians(all) {
  const middle = (key) => all.map((one) => one[key]).sort((a, b) => a - b)[all.length >> 1]
  return {
    series: middle('series'),
    inUse: middle('inUse'),
    reached: middle('reached'),
    resident: middle('resident'),
  }
}

async function look({ url, child }) {
  const text = await fetch(`${url}/metrics`).then(
    (response) => response.text(),
    () => '',
  )
  const value = (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? 0)
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return {
    series: value('prometheus_tsdb_head_series'),
    truncations:
      value('prometheus_tsdb_head_truncations_total') || value('prometheus_tsdb_compactions_triggered_total'),
    inUse: value('promontory_tsdb_head_bytes_in_use') || value('go_memstats_heap_alloc_bytes'),
    reached: value('promontory_tsdb_head_bytes_reached') || value('go_memstats_heap_sys_bytes'),
    resident: 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)[1]),
  }
}
