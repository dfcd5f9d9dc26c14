import type { Collector } from './families.ts'
import { nonEmptyLines, words } from './host-files.ts'

/** Neighbours by interface. */
export const arpCollector: Collector = async (files, families) => {
  const counts = new Map<string, number>()
  for (const line of (await files.lines('proc', 'net/arp')).slice(1)) {
    const device = words(line).at(-1)!
    counts.set(device, (counts.get(device) ?? 0) + 1)
  }
  for (const [device, count] of counts)
    families.gauge('node_arp_entries', 'ARP entries by device', count, { device })
}

/** Columns of `/proc/net/stat/nf_conntrack`, by the kernel's names. */
const CONNTRACK: Readonly<Record<string, string>> = {
  found: 'Number of searched entries which were successful.',
  invalid: 'Number of packets seen which can not be tracked.',
  ignore: 'Number of packets seen which are already connected to a conntrack entry.',
  insert: 'Number of entries inserted into the list.',
  insert_failed: 'Number of entries for which list insertion was attempted but failed.',
  drop: 'Number of packets dropped due to conntrack failure.',
  early_drop:
    'Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.',
  search_restart: 'Number of conntrack table lookups which had to be restarted due to hashtable resizes.',
}

/** The table of connections that the firewall keeps. */
export const conntrackCollector: Collector = async (files, families) => {
  const [count, max] = [
    await files.read('proc', 'sys/net/netfilter/nf_conntrack_count'),
    await files.read('proc', 'sys/net/netfilter/nf_conntrack_max'),
  ]
  families.gauge(
    'node_nf_conntrack_entries',
    'Number of currently allocated flow entries for connection tracking.',
    Number(count),
  )
  families.gauge('node_nf_conntrack_entries_limit', 'Maximum size of connection tracking table.', Number(max))
  const [head, ...cpus] = nonEmptyLines((await files.tryRead('proc', 'net/stat/nf_conntrack')) ?? '')
  if (head === undefined) return
  const rows = cpus.map(words)
  words(head).forEach((name, column) => {
    const help = CONNTRACK[name]
    if (help === undefined) return
    const sum = rows.reduce((total, row) => total + Number.parseInt(row[column] ?? '0', 16), 0)
    families.gauge(`node_nf_conntrack_stat_${name}`, help, sum)
  })
}

/** Columns of `/proc/net/softnet_stat`: hexadecimal, without a head. */
const SOFTNET = [
  [0, 'processed_total', 'Number of processed packets', 'counter'],
  [1, 'dropped_total', 'Number of dropped packets', 'counter'],
  [2, 'times_squeezed_total', 'Number of times processing packets ran out of quota', 'counter'],
  [8, 'cpu_collision_total', 'Number of collision occur while obtaining device lock while transmitting', 'counter'],
  [9, 'received_rps_total', 'Number of times cpu woken up received_rps', 'counter'],
  [10, 'flow_limit_count_total', 'Number of times flow limit has been reached', 'counter'],
  [11, 'backlog_len', 'Softnet backlog status', 'gauge'],
] as const // prettier-ignore
/** Column with the number of the processor, in kernels of 2021 and later. */
const SOFTNET_CPU = 12

/** What each processor did with packets. */
export const softnetCollector: Collector = async (files, families) => {
  const lines = await files.lines('proc', 'net/softnet_stat')
  lines.forEach((line, row) => {
    const values = words(line).map((text) => Number.parseInt(text, 16))
    const cpu = String(values[SOFTNET_CPU] ?? row)
    for (const [column, name, help, kind] of SOFTNET)
      if (values[column] !== undefined)
        families.add(kind, `node_softnet_${name}`, help, values[column], { cpu })
  })
}

/** Bytes that wait in UDP sockets. */
export const udpQueuesCollector: Collector = async (files, families) => {
  for (const [ip, file] of [
    ['v4', 'net/udp'],
    ['v6', 'net/udp6'],
  ] as const) {
    const lines = nonEmptyLines((await files.tryRead('proc', file)) ?? '')
    if (lines.length === 0) continue
    const queues = lines.slice(1).map((line) => words(line)[4]!.split(':').map((text) => Number.parseInt(text, 16))) // prettier-ignore
    for (const [index, queue] of ['tx', 'rx'].entries())
      families.gauge(
        'node_udp_queues',
        'Number of allocated memory in the kernel for UDP datagrams in bytes.',
        queues.reduce((sum, pair) => sum + (pair[index] ?? 0), 0),
        { ip, queue },
      )
  }
}
