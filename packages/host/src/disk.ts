import { readFile } from 'node:fs/promises'
import type { Collector, Families } from './families.ts'
import type { HostFiles } from './host-files.ts'
import { words } from './host-files.ts'

/** node_exporter's default: partitions, RAM disks and loops are left out. */
const EXCLUDED_DEVICES = /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/
/** Sectors of `/proc/diskstats` are of 512 bytes whatever the device. */
const SECTOR_BYTES = 512
const MS = 1 / 1000

type Column = readonly [type: 'counter' | 'gauge', name: string, help: string, scale: number]

/** In the order of `/proc/diskstats`, behind major, minor and name. */
const COLUMNS: readonly Column[] = [
  ['counter', 'node_disk_reads_completed_total', 'The total number of reads completed successfully.', 1],
  ['counter', 'node_disk_reads_merged_total', 'The total number of reads merged.', 1],
  ['counter', 'node_disk_read_bytes_total', 'The total number of bytes read successfully.', SECTOR_BYTES],
  ['counter', 'node_disk_read_time_seconds_total', 'The total number of seconds spent by all reads.', MS],
  ['counter', 'node_disk_writes_completed_total', 'The total number of writes completed successfully.', 1],
  ['counter', 'node_disk_writes_merged_total', 'The number of writes merged.', 1],
  [
    'counter',
    'node_disk_written_bytes_total',
    'The total number of bytes written successfully.',
    SECTOR_BYTES,
  ],
  [
    'counter',
    'node_disk_write_time_seconds_total',
    'This is the total number of seconds spent by all writes.',
    MS,
  ],
  ['gauge', 'node_disk_io_now', 'The number of I/Os currently in progress.', 1],
  ['counter', 'node_disk_io_time_seconds_total', 'Total seconds spent doing I/Os.', MS],
  ['counter', 'node_disk_io_time_weighted_seconds_total', 'The weighted # of seconds spent doing I/Os.', MS],
  [
    'counter',
    'node_disk_discards_completed_total',
    'The total number of discards completed successfully.',
    1,
  ],
  ['counter', 'node_disk_discards_merged_total', 'The total number of discards merged.', 1],
  ['counter', 'node_disk_discarded_sectors_total', 'The total number of sectors discarded successfully.', 1],
  [
    'counter',
    'node_disk_discard_time_seconds_total',
    'This is the total number of seconds spent by all discards.',
    MS,
  ],
  [
    'counter',
    'node_disk_flush_requests_total',
    'The total number of flush requests completed successfully',
    1,
  ],
  [
    'counter',
    'node_disk_flush_requests_time_seconds_total',
    'This is the total number of seconds spent by all flush requests.',
    MS,
  ],
]

/** Disk traffic by device. */
export const diskstatsCollector: Collector = async (files, families) => {
  for (const line of await files.lines('proc', 'diskstats')) {
    const [major = '', minor = '', device = '', ...values] = words(line)
    if (EXCLUDED_DEVICES.test(device)) continue
    await addInfo(files, families, device, major, minor)
    values.slice(0, COLUMNS.length).forEach((value, i) => {
      const [type, name, help, scale] = COLUMNS[i]!
      // Divided, not multiplied by 0.001: thousandths are then the nearest floats.
      families.add(type, name, help, scale === MS ? Number(value) / 1000 : Number(value) * scale, { device })
    })
  }
}

async function addInfo(
  files: HostFiles,
  families: Families,
  device: string,
  major: string,
  minor: string,
): Promise<void> {
  const udev = await udevProperties(major, minor)
  const rotational =
    (await files.tryRead('sys', `block/${device}/queue/rotational`))?.trim() === '1' ? '1' : '0'
  families.gauge('node_disk_info', 'Info of /sys/block/<block_device>.', 1, {
    device, major, minor, rotational,
    path: udev.get('ID_PATH') ?? '',
    wwn: udev.get('ID_WWN') ?? '',
    model: udev.get('ID_MODEL') ?? '',
    serial: udev.get('SCSI_IDENT_SERIAL') ?? udev.get('ID_SERIAL_SHORT') ?? udev.get('ID_SERIAL') ?? '',
    revision: udev.get('ID_REVISION') ?? '',
  }) // prettier-ignore
}

async function udevProperties(major: string, minor: string): Promise<Map<string, string>> {
  const text = await readFile(`/run/udev/data/b${major}:${minor}`, 'utf8').catch(() => '')
  return new Map([...text.matchAll(/^E:([^=]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))
}
