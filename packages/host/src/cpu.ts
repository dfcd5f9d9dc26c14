import type { Collector } from './families.ts'
import { words } from './host-files.ts'

/** Linux reports CPU time in hundredths of a second (USER_HZ) on every architecture. */
const TICKS_PER_SECOND = 100
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const

/** CPU time by mode, and what `/proc/stat` says of the whole machine. */
export const cpuCollector: Collector = async (files, families) => {
  for (const line of await files.lines('proc', 'stat')) {
    const [name = '', ...fields] = words(line)
    const cpu = /^cpu(\d+)$/.exec(name)?.[1]
    if (cpu === undefined) continue
    const seconds = fields.map((ticks) => Number(ticks) / TICKS_PER_SECOND)
    MODES.forEach((mode, i) =>
      families.counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.', seconds[i] ?? 0, {
        cpu,
        mode,
      }),
    )
    const guest = 'Seconds the CPUs spent in guests (VMs) for each mode.'
    families.counter('node_cpu_guest_seconds_total', guest, seconds[8] ?? 0, { cpu, mode: 'user' })
    families.counter('node_cpu_guest_seconds_total', guest, seconds[9] ?? 0, { cpu, mode: 'nice' })
  }
}

/** Interrupts, context switches, forks, boot time, processes. */
export const statCollector: Collector = async (files, families) => {
  const values = new Map<string, number>()
  for (const line of await files.lines('proc', 'stat')) {
    const [name = '', first = ''] = words(line)
    values.set(name, Number(first))
  }
  const of = (name: string): number => values.get(name) ?? 0
  families.counter('node_intr_total', 'Total number of interrupts serviced.', of('intr'))
  families.counter('node_context_switches_total', 'Total number of context switches.', of('ctxt'))
  families.counter('node_forks_total', 'Total number of forks.', of('processes'))
  families.gauge('node_boot_time_seconds', 'Node boot time, in unixtime.', of('btime'))
  families.gauge('node_procs_running', 'Number of processes in runnable state.', of('procs_running'))
  families.gauge(
    'node_procs_blocked',
    'Number of processes blocked waiting for I/O to complete.',
    of('procs_blocked'),
  )
}

/** Load averages. */
export const loadavgCollector: Collector = async (files, families) => {
  const [one, five, fifteen] = words(await files.read('proc', 'loadavg')).map(Number)
  families.gauge('node_load1', '1m load average.', one ?? NaN)
  families.gauge('node_load5', '5m load average.', five ?? NaN)
  families.gauge('node_load15', '15m load average.', fifteen ?? NaN)
}

const PRESSURES: readonly (readonly [file: string, line: 'some' | 'full', name: string, help: string])[] = [
  ['cpu', 'some', 'cpu_waiting', 'Total time in seconds that processes have waited for CPU time'],
  ['io', 'some', 'io_waiting', 'Total time in seconds that processes have waited due to IO congestion'],
  ['io', 'full', 'io_stalled', 'Total time in seconds no process could make progress due to IO congestion'],
  ['memory', 'some', 'memory_waiting', 'Total time in seconds that processes have waited for memory'],
  [
    'memory',
    'full',
    'memory_stalled',
    'Total time in seconds no process could make progress due to memory congestion',
  ],
  [
    'irq',
    'full',
    'irq_stalled',
    'Total time in seconds no process could make progress due to IRQ congestion',
  ],
]

/** Pressure stall information. */
export const pressureCollector: Collector = async (files, families) => {
  await files.read('proc', 'pressure/cpu')
  for (const [file, line, name, help] of PRESSURES) {
    const text = (await files.tryRead('proc', `pressure/${file}`)) ?? ''
    const total = new RegExp(`^${line} .*total=(\\d+)`, 'm').exec(text)?.[1]
    if (total !== undefined)
      families.counter(`node_pressure_${name}_seconds_total`, help, Number(total) / 1e6)
  }
}
