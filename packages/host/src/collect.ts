import type { MetricFamily } from '@promontory/base'
import { containerCollector } from './containers.ts'
import { timexCollector } from './clock-discipline.ts'
import { cpuCollector, loadavgCollector, pressureCollector, statCollector } from './cpu.ts'
import { diskstatsCollector } from './disk.ts'
import { Families } from './families.ts'
import type { Collector } from './families.ts'
import { filesystemCollector } from './filesystem.ts'
import { HostFiles } from './host-files.ts'
import type { HostRoots } from './host-files.ts'
import { entropyCollector, filefdCollector, meminfoCollector, vmstatCollector } from './memory.ts'
import { netdevCollector, netstatCollector, sockstatCollector } from './network.ts'
import { netclassCollector } from './network-class.ts'
import { arpCollector, conntrackCollector, softnetCollector, udpQueuesCollector } from './network-stack.ts'
import { ownProcessCollector } from './own-process.ts'
import { osCollector, timeCollector, unameCollector } from './system.ts'

/** By node_exporter's names of its collectors. */
const COLLECTORS: Readonly<Record<string, Collector>> = {
  arp: arpCollector,
  conntrack: conntrackCollector,
  cpu: cpuCollector,
  diskstats: diskstatsCollector,
  entropy: entropyCollector,
  filefd: filefdCollector,
  filesystem: filesystemCollector,
  loadavg: loadavgCollector,
  meminfo: meminfoCollector,
  netclass: netclassCollector,
  netdev: netdevCollector,
  netstat: netstatCollector,
  os: osCollector,
  pressure: pressureCollector,
  sockstat: sockstatCollector,
  softnet: softnetCollector,
  stat: statCollector,
  time: timeCollector,
  timex: timexCollector,
  udp_queues: udpQueuesCollector,
  uname: unameCollector,
  vmstat: vmstatCollector,
}

export interface HostOptions {
  readonly roots?: HostRoots
  /** Containers too, under cAdvisor's names; true when not given. */
  readonly containers?: boolean
}

/**
 * The machine's metrics under node_exporter's names, and its containers' under cAdvisor's, by name. A subject that this
 * machine does not have is left out and reported in `node_scrape_collector_success`. Never rejects.
 */
export async function collectHostMetrics(options: HostOptions = {}): Promise<MetricFamily[]> {
  const files = new HostFiles(options.roots)
  const families = new Families()
  await Promise.all(
    Object.entries(COLLECTORS).map(([name, collector]) => run(name, collector, files, families)),
  )
  await ownProcessCollector(files, families).catch(() => {})
  if (options.containers !== false) await containerCollector(files, families).catch(() => {})
  return families.collect()
}

async function run(name: string, collector: Collector, files: HostFiles, families: Families): Promise<void> {
  const startMs = performance.now()
  let success = 1
  try {
    await collector(files, families)
  } catch {
    success = 0
  }
  const seconds = (performance.now() - startMs) / 1000
  families.gauge(
    'node_scrape_collector_duration_seconds',
    'node_exporter: Duration of a collector scrape.',
    seconds,
    { collector: name },
  )
  families.gauge('node_scrape_collector_success', 'node_exporter: Whether a collector succeeded.', success, {
    collector: name,
  })
}
