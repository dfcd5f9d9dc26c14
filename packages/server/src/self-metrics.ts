import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import type { Counter, Gauge, Histogram, Registry } from '@promontory/base'
import { VERSION } from './version.ts'

/** Metrics of the process, of its runtime and of the build, under the names that client libraries and Prometheus use. */
export function registerSelfMetrics(registry: Registry, startedMs: number): void {
  registerProcess(registry, startedMs)
  registerRuntime(registry)
  registry
    .gauge({
      name: 'prometheus_build_info',
      help: "A metric with a constant '1' value labeled by version, revision, branch, goversion from which prometheus was built, and the goos and goarch for the build.",
      labels: ['branch', 'goarch', 'goos', 'goversion', 'revision', 'tags', 'version'],
    })
    .set(
      1,
      'main',
      process.arch === 'x64' ? 'amd64' : process.arch,
      process.platform,
      process.version,
      'promontory',
      '',
      VERSION,
    )
  registry
    .gauge({
      name: 'alertmanager_build_info',
      help: "A metric with a constant '1' value labeled by version, revision, branch, goversion from which alertmanager was built, and the goos and goarch for the build.",
      labels: ['branch', 'goarch', 'goos', 'goversion', 'revision', 'tags', 'version'],
    })
    .set(
      1,
      'main',
      process.arch === 'x64' ? 'amd64' : process.arch,
      process.platform,
      process.version,
      'promontory',
      '',
      '0.34.0',
    )
  registry
    .gauge({
      name: 'promontory_build_info',
      help: 'Always 1; the version of Promontory and of Node.',
      labels: ['version', 'node'],
    })
    .set(1, VERSION, process.version)
}

/** Linux counts CPU time in hundredths of a second for user space. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

function registerProcess(registry: Registry, startedMs: number): void {
  const gauge = (name: string, help: string): Gauge => registry.gauge({ name, help })
  const cpu = registry.counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
  })
  const resident = gauge('process_resident_memory_bytes', 'Resident memory size in bytes.')
  const virtual = gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.')
  const openFds = gauge('process_open_fds', 'Number of open file descriptors.')
  const maxFds = gauge('process_max_fds', 'Maximum number of open file descriptors.')
  gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.').set(
    startedMs / 1000,
  )
  registry.onCollect(() => {
    const stat = readText('/proc/self/stat')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const usage = process.cpuUsage()
    cpu.setTotal(
      stat === ''
        ? (usage.user + usage.system) / 1e6
        : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    )
    resident.set(stat === '' ? process.memoryUsage.rss() : Number(fields[21]) * PAGE_BYTES)
    virtual.set(stat === '' ? 0 : Number(fields[20]))
    openFds.set(countFiles('/proc/self/fd'))
    maxFds.set(Number(/^Max open files\s+(\d+)/m.exec(readText('/proc/self/limits'))?.[1] ?? 0))
  })
}

function registerRuntime(registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const gauge = (name: string, help: string, labels: string[] = []): Gauge =>
    registry.gauge({ name, help, labels })
  const lag = {
    mean: gauge('nodejs_eventloop_lag_mean_seconds', 'The mean of the recorded event loop delays.'),
    max: gauge('nodejs_eventloop_lag_max_seconds', 'The maximum recorded event loop delay.'),
    p50: gauge('nodejs_eventloop_lag_p50_seconds', 'The 50th percentile of the recorded event loop delays.'),
    p99: gauge('nodejs_eventloop_lag_p99_seconds', 'The 99th percentile of the recorded event loop delays.'),
  }
  const heapTotal = gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.')
  const heapUsed = gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.')
  const external = gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.')
  const spaceUsed = gauge(
    'nodejs_heap_space_size_used_bytes',
    'Process heap space size used from Node.js in bytes.',
    ['space'],
  )
  const [major, minor, patch] = process.versions.node.split('.')
  gauge('nodejs_version_info', 'Node.js version info.', ['version', 'major', 'minor', 'patch']).set(
    1,
    process.version,
    major!,
    minor!,
    patch!,
  )
  const collections: Histogram = registry.histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    labels: ['kind'],
    buckets: [0.001, 0.01, 0.1, 1, 2, 5],
  })
  const kinds: Record<number, string> = { 1: 'minor', 2: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' }
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      collections.observe(
        entry.duration / 1000,
        kinds[(entry as unknown as { detail: { kind: number } }).detail.kind] ?? 'other',
      )
  }).observe({ entryTypes: ['gc'] })
  registry.onCollect(() => {
    lag.mean.set(Number.isNaN(delay.mean) ? 0 : delay.mean / 1e9)
    lag.max.set(delay.max / 1e9)
    lag.p50.set(delay.percentile(50) / 1e9)
    lag.p99.set(delay.percentile(99) / 1e9)
    delay.reset()
    const heap = getHeapStatistics()
    heapTotal.set(heap.total_heap_size)
    heapUsed.set(heap.used_heap_size)
    external.set(heap.external_memory)
    for (const space of getHeapSpaceStatistics())
      spaceUsed.set(space.space_used_size, space.space_name.replace(/_space$/, ''))
  })
}

/** Requests to our own HTTP API under Prometheus's names; `handler` is the path's pattern, never the path itself. */
export class HttpMetrics {
  readonly requests: Counter
  readonly duration: Histogram

  constructor(registry: Registry) {
    this.requests = registry.counter({
      name: 'prometheus_http_requests_total',
      help: 'Counter of HTTP requests.',
      labels: ['handler', 'code'],
    })
    this.duration = registry.histogram({
      name: 'prometheus_http_request_duration_seconds',
      help: 'Histogram of latencies for HTTP requests.',
      labels: ['handler'],
      buckets: [0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120],
    })
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function countFiles(path: string): number {
  try {
    return readdirSync(path).length
  } catch {
    return 0
  }
}
