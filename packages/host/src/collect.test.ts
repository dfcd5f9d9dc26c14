import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { writeText } from '@promontory/exposition'
import { collectHostMetrics } from './collect.ts'

const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

/** Kernel files of a small machine. */
function machine(files: Record<string, string>): { proc: string; sys: string; etc: string } {
  const root = mkdtempSync(join(tmpdir(), 'promontory-host-'))
  cleanups.push(() => rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return { proc: join(root, 'proc'), sys: join(root, 'sys'), etc: join(root, 'etc') }
}

async function textOf(files: Record<string, string>): Promise<string> {
  return writeText(await collectHostMetrics({ roots: machine(files) }))
}

test('the files of the kernel, subject by subject', async () => {
  const text = await textOf({
    'proc/stat':
      'cpu  9 9 9 9\ncpu0 100 200 300 400 500 600 700 800 900 1000\nintr 7 1 2\nctxt 8\nbtime 1700000000\nprocesses 11\nprocs_running 2\nprocs_blocked 1\n',
    'proc/loadavg': '0.10 0.20 0.30 1/100 12345\n',
    'proc/meminfo': 'MemTotal: 16 kB\nActive(anon): 2 kB\nHugePages_Total: 3\n',
    'proc/vmstat': 'pgfault 5\nnr_free_pages 9\n',
    'proc/pressure/cpu': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n',
    'proc/net/dev': 'Inter-| Receive\n face |bytes\n eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n',
    'proc/net/snmp': 'Tcp: ActiveOpens CurrEstab Other\nTcp: 4 5 6\n',
    'proc/net/netstat': 'IpExt: InOctets\nIpExt: 7\n',
    'proc/net/snmp6': 'Udp6InDatagrams 3\n',
    'proc/net/sockstat': 'sockets: used 12\nTCP: inuse 1 mem 2\n',
    'proc/diskstats': '8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n8 1 sda1 1 2 3 4 5 6 7 8 9 10 11\n',
    'sys/block/sda/queue/rotational': '1\n',
    'etc/os-release': 'ID=demo\nNAME="Demo OS"\nVERSION_ID="12.1"\n',
  })
  for (const line of [
    'node_cpu_seconds_total{cpu="0",mode="iowait"} 5', 'node_cpu_guest_seconds_total{cpu="0",mode="nice"} 10', 'node_intr_total 7', 'node_boot_time_seconds 1.7e+09',
    'node_load15 0.3', 'node_memory_MemTotal_bytes 16384', 'node_memory_Active_anon_bytes 2048', 'node_memory_HugePages_Total 3', 'node_vmstat_pgfault 5',
    'node_pressure_cpu_waiting_seconds_total 2.5', 'node_network_receive_multicast_total{device="eth0"} 8', 'node_network_transmit_carrier_total{device="eth0"} 15',
    'node_netstat_Tcp_CurrEstab 5', 'node_netstat_IpExt_InOctets 7', 'node_netstat_Udp6_InDatagrams 3', 'node_sockstat_sockets_used 12', 'node_sockstat_TCP_mem_bytes 8192',
    'node_disk_read_bytes_total{device="sda"} 1536', 'node_disk_io_time_weighted_seconds_total{device="sda"} 0.011', 'node_os_version{id="demo",id_like="",name="Demo OS"} 12.1',
    'node_scrape_collector_success{collector="cpu"} 1', 'node_scrape_collector_success{collector="filefd"} 0',
  ]) expect(text.split('\n')).toContain(line) // prettier-ignore
  expect(text).not.toContain('sda1')
  expect(text).not.toContain('nr_free_pages')
  expect(text).not.toContain('Tcp_Other')
})

test('containers of cgroup v2', async () => {
  const id = 'a'.repeat(64)
  const roots = machine({
    'proc/self/mountinfo': '',
    'proc/77/net/dev': ' eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n',
  })
  const cgroup = join(dirname(roots.proc), 'cgroup')
  writeFileSync(
    join(roots.proc, 'self/mountinfo'),
    `31 23 0:28 / ${cgroup} rw,relatime - cgroup2 cgroup2 rw\n`,
  )
  const group = join(cgroup, `system.slice/docker-${id}.scope`)
  mkdirSync(group, { recursive: true })
  writeFileSync(join(group, 'cpu.stat'), 'usage_usec 2500000\nuser_usec 1000000\nsystem_usec 1500000\n')
  writeFileSync(join(group, 'memory.current'), '1000\n')
  writeFileSync(join(group, 'memory.stat'), 'anon 600\nfile 300\ninactive_file 100\n')
  writeFileSync(join(group, 'memory.max'), 'max\n')
  writeFileSync(join(group, 'io.stat'), '8:0 rbytes=4096 wbytes=1 rios=2 wios=3\n')
  writeFileSync(join(group, 'cgroup.procs'), '77\n78\n')
  const text = writeText(await collectHostMetrics({ roots }))
  const labels = `id="/system.slice/docker-${id}.scope",image="",name="aaaaaaaaaaaa"`
  for (const line of [
    `container_cpu_usage_seconds_total{cpu="total",${labels}} 2.5`, `container_memory_working_set_bytes{${labels}} 900`, `container_memory_rss{${labels}} 600`,
    `container_spec_memory_limit_bytes{${labels}} 0`, `container_fs_reads_bytes_total{device="8:0",${labels}} 4096`, `container_processes{${labels}} 2`,
    `container_network_transmit_bytes_total{${`id="/system.slice/docker-${id}.scope",image="",interface="eth0",name="aaaaaaaaaaaa"`}} 9`,
  ]) expect(text.split('\n')).toContain(line) // prettier-ignore
})

test('a machine without any of the files still answers', async () => {
  const text = await textOf({})
  expect(text).toContain('node_time_seconds')
  expect(text).toContain('node_scrape_collector_success{collector="meminfo"} 0')
})

const hasExporter = spawnSync('prometheus-node-exporter', ['--version']).status === 0
const hasPromtool = spawnSync('promtool', ['--version']).status === 0
const COLLECTORS = [
  'cpu',
  'loadavg',
  'meminfo',
  'diskstats',
  'filesystem',
  'netdev',
  'netstat',
  'sockstat',
  'vmstat',
  'stat',
  'pressure',
  'filefd',
  'time',
  'uname',
  'os',
  'entropy',
  'arp',
  'conntrack',
  'netclass',
  'softnet',
  'udp_queues',
  'timex',
]

/** What the real exporter says of this machine, its own metrics left out. */
async function exporterText(): Promise<string> {
  const port = await freePort()
  const exporter = spawn('prometheus-node-exporter', [
    `--web.listen-address=127.0.0.1:${port}`, '--web.disable-exporter-metrics', '--collector.disable-defaults', ...COLLECTORS.map((name) => `--collector.${name}`),
  ], { stdio: 'ignore' }) // prettier-ignore
  cleanups.push(() => void exporter.kill())
  const text = await vi.waitFor(async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), 10_000)
  return text.replace(/^(# (HELP|TYPE) )?node_exporter_build_info.*\n/gm, '')
}

test.skipIf(!hasExporter)(
  'names, types, texts and labels are those of node_exporter (skipped without it in PATH)',
  async () => {
    const theirs = await exporterText()
    const ours = writeText(await collectHostMetrics({ containers: false }))
    expect(metadata(ours)).toEqual(metadata(theirs))
    expect(seriesShapes(ours)).toEqual(seriesShapes(theirs))
  },
)

test.skipIf(!hasExporter || !hasPromtool)(
  'promtool says of it what it says of node_exporter (skipped without both in PATH)',
  async () => {
    const said = (input: string): string[] => {
      const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
      return `${stdout}${stderr}`.split('\n').sort()
    }
    const theirs = said(await exporterText())
    expect(theirs.length).toBeGreaterThan(10)
    expect(said(writeText(await collectHostMetrics({ containers: false })))).toEqual(theirs)
  },
)

function metadata(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^# (HELP|TYPE) node_/.test(line) && !/node_pressure_irq/.test(line))
    .sort()
}

/** Names with the names of their labels. */
function seriesShapes(text: string): string[] {
  const shapes = text
    .split('\n')
    .filter((line) => line.startsWith('node_') && !/node_pressure_irq/.test(line))
  return [
    ...new Set(shapes.map((line) => line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/ \S+$/, ''))),
  ].sort()
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
