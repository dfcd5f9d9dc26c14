import type { Collector } from './families.ts'

/** Properties of an interface by file of `/sys/class/net/<interface>`, and what node_exporter calls them. */
const PROPERTIES: readonly (readonly [file: string, name: string, kind: 'gauge' | 'counter'])[] = [
  ['addr_assign_type', 'address_assign_type', 'gauge'],
  ['carrier', 'carrier', 'gauge'],
  ['carrier_changes', 'carrier_changes_total', 'counter'],
  ['carrier_up_count', 'carrier_up_changes_total', 'counter'],
  ['carrier_down_count', 'carrier_down_changes_total', 'counter'],
  ['dev_id', 'device_id', 'gauge'],
  ['dormant', 'dormant', 'gauge'],
  ['flags', 'flags', 'gauge'],
  ['ifindex', 'iface_id', 'gauge'],
  ['iflink', 'iface_link', 'gauge'],
  ['link_mode', 'iface_link_mode', 'gauge'],
  ['mtu', 'mtu_bytes', 'gauge'],
  ['name_assign_type', 'name_assign_type', 'gauge'],
  ['netdev_group', 'net_dev_group', 'gauge'],
  ['tx_queue_len', 'transmit_queue_length', 'gauge'],
  ['type', 'protocol_type', 'gauge'],
]

/** `IFF_UP` of the interface's flags. */
const IS_UP = 1
/** Megabits in a byte's worth of bits. */
const BYTES_PER_MEGABIT = 125_000

/** Properties of network interfaces. What an interface does not have, or does not tell while it is down, is left out. */
export const netclassCollector: Collector = async (files, families) => {
  for (const device of await files.list('sys', 'class/net')) {
    const read = async (file: string): Promise<string> =>
      ((await files.tryRead('sys', `class/net/${device}/${file}`)) ?? '').trim()
    const flags = Number((await read('flags')) || NaN)
    // A file beside the interfaces, as `bonding_masters` is.
    if (Number.isNaN(flags)) continue
    for (const [file, name, kind] of PROPERTIES) {
      const text = await read(file)
      if (text === '' || Number.isNaN(Number(text))) continue
      families.add(kind, `node_network_${name}`, `Network device property: ${name}`, Number(text), { device })
    }
    const speed = await read('speed')
    if (speed !== '')
      families.gauge(
        'node_network_speed_bytes',
        'Network device property: speed_bytes',
        Number(speed) * BYTES_PER_MEGABIT,
        { device },
      )
    const operstate = await read('operstate')
    families.gauge(
      'node_network_up',
      "Value is 1 if operstate is 'up', 0 otherwise.",
      operstate === 'up' ? 1 : 0,
      { device },
    )
    families.gauge(
      'node_network_info',
      'Non-numeric data from /sys/class/net/<iface>, value is always 1.',
      1,
      {
        device,
        address: await read('address'),
        adminstate: (flags & IS_UP) === IS_UP ? 'up' : 'down',
        broadcast: await read('broadcast'),
        duplex: await read('duplex'),
        ifalias: await read('ifalias'),
        operstate,
      },
    )
  }
}
