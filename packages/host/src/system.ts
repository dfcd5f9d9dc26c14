import * as os from 'node:os'
import type { Collector } from './families.ts'
import { nonEmptyLines, NoDataError, words } from './host-files.ts'

/** Wall clock, time zone, clock sources. */
export const timeCollector: Collector = async (files, families) => {
  const now = new Date()
  families.gauge('node_time_seconds', 'System time in seconds since epoch (1970).', now.getTime() / 1000)
  families.gauge(
    'node_time_zone_offset_seconds',
    'System time zone offset in seconds.',
    -now.getTimezoneOffset() * 60,
    {
      time_zone: zoneName(now),
    },
  )
  const folder = 'devices/system/clocksource'
  const sources = (await files.list('sys', folder)).filter((name) => /^clocksource\d+$/.test(name)).sort()
  for (const [i, source] of sources.entries()) {
    const available = (await files.tryRead('sys', `${folder}/${source}/available_clocksource`)) ?? ''
    const current = (await files.tryRead('sys', `${folder}/${source}/current_clocksource`)) ?? ''
    for (const clocksource of words(available))
      families.gauge(
        'node_time_clocksource_available_info',
        "Available clocksources read from '/sys/devices/system/clocksource'.",
        1,
        { device: String(i), clocksource },
      )
    families.gauge(
      'node_time_clocksource_current_info',
      "Current clocksource read from '/sys/devices/system/clocksource'.",
      1,
      { device: String(i), clocksource: current.trim() },
    )
  }
}

/** `UTC`, `CET`; where the zone has no letters, its offset as Go writes it: `-03`. */
function zoneName(now: Date): string {
  const part = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(now)
    .find(({ type }) => type === 'timeZoneName')
  const name = part?.value ?? 'UTC'
  const offset = /^GMT([+-])(\d+)(?::(\d+))?$/.exec(name)
  return offset === null ? name : `${offset[1]}${offset[2]!.padStart(2, '0')}${offset[3] ?? ''}`
}

/** What `uname` says. */
export const unameCollector: Collector = async (files, families) => {
  const domainname = ((await files.tryRead('proc', 'sys/kernel/domainname')) ?? '(none)').trim()
  families.gauge('node_uname_info', 'Labeled system information as provided by the uname system call.', 1, {
    sysname: os.type(),
    release: os.release(),
    version: os.version(),
    machine: os.machine(),
    nodename: os.hostname(),
    domainname,
  })
}

const OS_FIELDS = ['build_id', 'id', 'id_like', 'image_id', 'image_version', 'name', 'pretty_name', 'variant', 'variant_id', 'version', 'version_codename', 'version_id'] as const // prettier-ignore

/** The distribution, from `os-release`. */
export const osCollector: Collector = async (files, families) => {
  const text = await files.tryRead('etc', 'os-release')
  if (text === undefined) throw new NoDataError('os-release cannot be read')
  const values = new Map<string, string>()
  for (const line of nonEmptyLines(text)) {
    const match = /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim())
    if (match !== null) values.set(match[1]!.toLowerCase(), match[2] ?? match[3] ?? match[4] ?? '')
  }
  const of = (name: string): string => values.get(name) ?? ''
  families.gauge(
    'node_os_info',
    `A metric with a constant '1' value labeled by ${OS_FIELDS.join(', ')}.`,
    1,
    Object.fromEntries(OS_FIELDS.map((name) => [name, of(name)])),
  )
  const version = Number(/^[0-9]+\.?[0-9]*/.exec(of('version_id'))?.[0] ?? 0)
  if (version > 0)
    families.gauge('node_os_version', 'Metric containing the major.minor part of the OS version.', version, {
      id: of('id'),
      id_like: of('id_like'),
      name: of('name'),
    })
  const end = Date.parse(of('support_end'))
  if (!Number.isNaN(end))
    families.gauge(
      'node_os_support_end_timestamp_seconds',
      'Metric containing the end-of-life date timestamp of the OS.',
      end / 1000,
    )
}
