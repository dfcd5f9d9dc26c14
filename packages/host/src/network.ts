import type { Collector } from './families.ts'
import { nonEmptyLines, words } from './host-files.ts'

/** Columns of `/proc/net/dev`, receiving then sending. */
const NETDEV_COLUMNS = [
  'receive_bytes', 'receive_packets', 'receive_errs', 'receive_drop', 'receive_fifo', 'receive_frame', 'receive_compressed', 'receive_multicast',
  'transmit_bytes', 'transmit_packets', 'transmit_errs', 'transmit_drop', 'transmit_fifo', 'transmit_colls', 'transmit_carrier', 'transmit_compressed',
] as const // prettier-ignore

/** Interfaces and their counters, by the names of {@link NETDEV_COLUMNS}. */
export function parseNetDev(text: string): Map<string, Map<string, number>> {
  const devices = new Map<string, Map<string, number>>()
  for (const line of nonEmptyLines(text)) {
    const match = /^\s*([^:]+):\s*(.*)$/.exec(line)
    if (match === null) continue
    const values = words(match[2]!).map(Number)
    devices.set(match[1]!.trim(), new Map(NETDEV_COLUMNS.map((name, i) => [name, values[i] ?? 0])))
  }
  return devices
}

/** Traffic by network interface. */
export const netdevCollector: Collector = async (files, families) => {
  const devices = parseNetDev(await files.read('proc', 'net/dev'))
  for (const [device, counters] of devices) {
    const nohandler = await files.tryRead('sys', `class/net/${device}/statistics/rx_nohandler`)
    if (nohandler !== undefined) counters.set('receive_nohandler', Number(nohandler))
    for (const [name, value] of counters)
      families.counter(`node_network_${name}_total`, `Network device statistic ${name}.`, value, { device })
  }
}

/** node_exporter's default selection. */
const NETSTAT_FIELDS =
  /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/

/** Protocol counters. */
export const netstatCollector: Collector = async (files, families) => {
  const add = (protocol: string, name: string, value: string): void => {
    if (NETSTAT_FIELDS.test(`${protocol}_${name}`))
      families.untyped(`node_netstat_${protocol}_${name}`, `Statistic ${protocol}${name}.`, Number(value))
  }
  for (const file of ['net/netstat', 'net/snmp']) {
    const lines = await files.lines('proc', file)
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const names = words(lines[i]!)
      const values = words(lines[i + 1]!)
      names.slice(1).forEach((name, k) => add(names[0]!.replace(':', ''), name, values[k + 1] ?? ''))
    }
  }
  for (const line of nonEmptyLines((await files.tryRead('proc', 'net/snmp6')) ?? '')) {
    const [key = '', value = ''] = words(line)
    const at = key.indexOf('6')
    if (at > 0) add(key.slice(0, at + 1), key.slice(at + 1), value)
  }
}

/** Bytes of a page, for socket memory that the kernel counts in pages. */
const PAGE_BYTES = 4096

/** Sockets in use by protocol. */
export const sockstatCollector: Collector = async (files, families) => {
  for (const file of ['net/sockstat', 'net/sockstat6'])
    for (const line of nonEmptyLines((await files.tryRead('proc', file)) ?? '')) {
      const [head = '', ...pairs] = words(line)
      const protocol = head.replace(':', '')
      for (let i = 0; i + 1 < pairs.length; i += 2) {
        const [name, value] = [pairs[i]!, Number(pairs[i + 1])]
        const help =
          protocol === 'sockets'
            ? 'Number of IPv4 sockets in use.'
            : `Number of ${protocol} sockets in state ${name}.`
        families.gauge(`node_sockstat_${protocol}_${name}`, help, value)
        if (name === 'mem')
          families.gauge(
            `node_sockstat_${protocol}_mem_bytes`,
            `Number of ${protocol} sockets in state mem_bytes.`,
            value * PAGE_BYTES,
          )
      }
    }
}
