import type { Collector } from './families.ts'
import { words } from './host-files.ts'

/** The kernel's ticks per second and bytes per page, as they are on every Linux that we run on. */
const TICKS = 100
const PAGE_BYTES = 4096
/** "No limit", as the client libraries write it. */
const UNLIMITED = 2 ** 64

/** The process that answers, under the names of client libraries: of the exporter, dashboards ask for them. */
export const ownProcessCollector: Collector = async (files, families) => {
  const stat = await files.read('proc', 'self/stat')
  // The name in parentheses may hold blanks; the third field follows it.
  const fields = words(stat.slice(stat.lastIndexOf(')') + 1))
  const field = (number: number): number => Number(fields[number - 3])
  families.counter(
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    (field(14) + field(15)) / TICKS,
  )
  families.gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.', field(23))
  families.gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', field(24) * PAGE_BYTES)
  const boot = /^btime (\d+)$/m.exec(await files.read('proc', 'stat'))
  if (boot !== null)
    families.gauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      Number(boot[1]) + field(22) / TICKS,
    )
  const open = await files.list('proc', 'self/fd')
  if (open.length > 0) families.gauge('process_open_fds', 'Number of open file descriptors.', open.length)
  const limits = await files.read('proc', 'self/limits')
  const limit = (name: string): number => {
    const text = new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(limits)?.[1]
    return text === undefined || text === 'unlimited' ? UNLIMITED : Number(text)
  }
  families.gauge('process_max_fds', 'Maximum number of open file descriptors.', limit('Max open files'))
  families.gauge(
    'process_virtual_memory_max_bytes',
    'Maximum amount of virtual memory available in bytes.',
    limit('Max address space'),
  )
}
