import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { dockerContainers } from './docker.ts'
import type { ContainerName } from './docker.ts'
import type { Collector, Families } from './families.ts'
import type { HostFiles } from './host-files.ts'
import { nonEmptyLines, words } from './host-files.ts'
import { parseNetDev } from './network.ts'

/** Control groups that are walked, so that a machine with very many cannot hold up the collection. */
const GROUPS_MAX = 2000
const DEPTH_MAX = 8
/** A control group of a container has the container's id in its name, whoever runs it. */
const CONTAINER_ID = /(?:^|[-:/])([0-9a-f]{64})(?:\.scope)?$/
const MACHINE = /^(?:lxc\.payload\.|machine-|systemd-nspawn-)(.+?)(?:\.scope|\.service)?$/

/** Containers from cgroup v2, under cAdvisor's names. `id="/"` is the whole machine. */
export const containerCollector: Collector = async (files, families) => {
  const root = await cgroupRoot(files)
  if (root === undefined) return
  const groups = await containerGroups(root)
  const names = groups.length > 0 ? await dockerContainers() : new Map<string, ContainerName>()
  for (const path of ['/', ...groups]) await addGroup(files, families, root, path, names)
}

/** Where cgroup v2 is mounted. */
async function cgroupRoot(files: HostFiles): Promise<string | undefined> {
  const mounts = nonEmptyLines((await files.tryRead('proc', 'self/mountinfo')) ?? '')
  const fields = mounts.map(words).find((line) => line[line.indexOf('-', 6) + 1] === 'cgroup2')
  return fields?.[4]
}

async function containerGroups(root: string): Promise<string[]> {
  const found: string[] = []
  let walked = 0
  const walk = async (path: string, depth: number): Promise<void> => {
    if (depth > DEPTH_MAX || walked > GROUPS_MAX) return
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isDirectory() || ++walked > GROUPS_MAX) continue
      const child = join(path, entry.name)
      if (CONTAINER_ID.test(entry.name) || MACHINE.test(entry.name)) found.push(child)
      else await walk(child, depth + 1)
    }
  }
  await walk('/', 0)
  return found.sort()
}

type Labels = Readonly<Record<string, string>>

async function addGroup(
  files: HostFiles,
  families: Families,
  root: string,
  path: string,
  names: ReadonlyMap<string, ContainerName>,
): Promise<void> {
  const read = (name: string): Promise<string> => readFile(join(root, path, name), 'utf8').catch(() => '')
  const id = CONTAINER_ID.exec(basename(path))?.[1] ?? ''
  const known = names.get(id)
  const labels = {
    id: path,
    name: known?.name ?? MACHINE.exec(basename(path))?.[1] ?? id.slice(0, 12),
    image: known?.image ?? '',
  }
  addCpu(families, labels, keyed(await read('cpu.stat')))
  await addMemory(families, labels, read)
  addInputOutput(families, labels, await read('io.stat'))
  const processes = nonEmptyLines(await read('cgroup.procs'))
  if (path === '/') return
  families.gauge(
    'container_processes',
    'Number of processes running inside the container.',
    processes.length,
    labels,
  )
  families.gauge(
    'container_last_seen',
    'Last time a container was seen by the exporter',
    Math.floor(Date.now() / 1000),
    labels,
  )
  const created = await stat(join(root, path)).catch(() => undefined)
  if (created !== undefined)
    families.gauge(
      'container_start_time_seconds',
      'Start time of the container since unix epoch in seconds.',
      Math.floor(created.birthtimeMs / 1000),
      labels,
    )
  if (processes[0] !== undefined) await addNetwork(files, families, labels, processes[0])
}

function keyed(text: string): Map<string, number> {
  return new Map(nonEmptyLines(text).map((line) => [words(line)[0]!, Number(words(line)[1])]))
}

function addCpu(families: Families, labels: Labels, cpu: ReadonlyMap<string, number>): void {
  const seconds = (field: string): number => (cpu.get(field) ?? 0) / 1e6
  if (!cpu.has('usage_usec')) return
  families.counter(
    'container_cpu_usage_seconds_total',
    'Cumulative cpu time consumed in seconds.',
    seconds('usage_usec'),
    { ...labels, cpu: 'total' },
  )
  families.counter(
    'container_cpu_user_seconds_total',
    'Cumulative user cpu time consumed in seconds.',
    seconds('user_usec'),
    labels,
  )
  families.counter(
    'container_cpu_system_seconds_total',
    'Cumulative system cpu time consumed in seconds.',
    seconds('system_usec'),
    labels,
  )
  if (!cpu.has('nr_periods')) return
  families.counter(
    'container_cpu_cfs_periods_total',
    'Number of elapsed enforcement period intervals.',
    cpu.get('nr_periods') ?? 0,
    labels,
  )
  families.counter(
    'container_cpu_cfs_throttled_periods_total',
    'Number of throttled period intervals.',
    cpu.get('nr_throttled') ?? 0,
    labels,
  )
  families.counter(
    'container_cpu_cfs_throttled_seconds_total',
    'Total time duration the container has been throttled.',
    seconds('throttled_usec'),
    labels,
  )
}

async function addMemory(
  families: Families,
  labels: Labels,
  read: (name: string) => Promise<string>,
): Promise<void> {
  const current = await read('memory.current')
  if (current === '') return
  const details = keyed(await read('memory.stat'))
  const usage = Number(current)
  const limit = (await read('memory.max')).trim()
  families.gauge(
    'container_memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    usage,
    labels,
  )
  families.gauge(
    'container_memory_working_set_bytes',
    'Current working set in bytes.',
    Math.max(0, usage - (details.get('inactive_file') ?? 0)),
    labels,
  )
  families.gauge('container_memory_rss', 'Size of RSS in bytes.', details.get('anon') ?? 0, labels)
  families.gauge(
    'container_memory_cache',
    'Number of bytes of page cache memory.',
    details.get('file') ?? 0,
    labels,
  )
  families.gauge(
    'container_memory_mapped_file',
    'Size of memory mapped files in bytes.',
    details.get('file_mapped') ?? 0,
    labels,
  )
  families.gauge(
    'container_memory_swap',
    'Container swap usage in bytes.',
    Number((await read('memory.swap.current')) || 0),
    labels,
  )
  families.gauge(
    'container_spec_memory_limit_bytes',
    'Memory limit for the container.',
    limit === 'max' || limit === '' ? 0 : Number(limit),
    labels,
  )
  families.counter(
    'container_oom_events_total',
    'Count of out of memory events observed for the container',
    keyed(await read('memory.events')).get('oom_kill') ?? 0,
    labels,
  )
}

const IO_FIELDS: readonly (readonly [field: string, name: string, help: string])[] = [
  ['rbytes', 'container_fs_reads_bytes_total', 'Cumulative count of bytes read'],
  ['wbytes', 'container_fs_writes_bytes_total', 'Cumulative count of bytes written'],
  ['rios', 'container_fs_reads_total', 'Cumulative count of reads completed'],
  ['wios', 'container_fs_writes_total', 'Cumulative count of writes completed'],
]

function addInputOutput(families: Families, labels: Labels, text: string): void {
  for (const line of nonEmptyLines(text)) {
    const [device = '', ...pairs] = words(line)
    const values = new Map(pairs.map((pair) => pair.split('=') as [string, string]))
    for (const [field, name, help] of IO_FIELDS)
      if (values.has(field)) families.counter(name, help, Number(values.get(field)), { ...labels, device })
  }
}

const NETWORK_FIELDS: readonly (readonly [column: string, name: string, help: string])[] = [
  ['receive_bytes', 'receive_bytes', 'Cumulative count of bytes received'],
  ['receive_packets', 'receive_packets', 'Cumulative count of packets received'],
  ['receive_errs', 'receive_errors', 'Cumulative count of errors encountered while receiving'],
  ['receive_drop', 'receive_packets_dropped', 'Cumulative count of packets dropped while receiving'],
  ['transmit_bytes', 'transmit_bytes', 'Cumulative count of bytes transmitted'],
  ['transmit_packets', 'transmit_packets', 'Cumulative count of packets transmitted'],
  ['transmit_errs', 'transmit_errors', 'Cumulative count of errors encountered while transmitting'],
  ['transmit_drop', 'transmit_packets_dropped', 'Cumulative count of packets dropped while transmitting'],
]

/** Traffic of the network namespace that the container's first process lives in. */
async function addNetwork(files: HostFiles, families: Families, labels: Labels, pid: string): Promise<void> {
  const text = await files.tryRead('proc', `${pid}/net/dev`)
  for (const [device, counters] of parseNetDev(text ?? '')) {
    if (device === 'lo') continue
    for (const [column, name, help] of NETWORK_FIELDS)
      families.counter(`container_network_${name}_total`, help, counters.get(column) ?? 0, {
        ...labels,
        interface: device,
      })
  }
}
