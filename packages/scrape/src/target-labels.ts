import { Labels, METRIC_NAME, formatDuration, parseDuration } from '@promontory/model'
import { relabel } from '@promontory/model/relabel'
import type { RelabelConfig } from '@promontory/model/relabel'
import type { ScrapeConfig } from './config.ts'

/** Labels that steer a scrape; they are not part of the target's series. */
export const SCHEME = '__scheme__'
export const METRICS_PATH = '__metrics_path__'
export const PARAM_PREFIX = '__param_'
export const SCRAPE_INTERVAL = '__scrape_interval__'
export const SCRAPE_TIMEOUT = '__scrape_timeout__'
export const UNIX_SOCKET = '__unix_socket__'
export const NATIVE_HISTOGRAMS = '__scrape_native_histograms__'
export const ALWAYS_CLASSIC = '__always_scrape_classic_histograms__'
export const CONVERT_TO_NHCB = '__convert_classic_histograms_to_nhcb__'
const ADDRESS = '__address__'

/** Undefined when `address` is a host with an optional port. */
export function targetAddressFault(address: string): string | undefined {
  return address.includes('/')
    ? `"${address}" is not a valid hostname, expected host:port (put a path into metrics_path)`
    : undefined
}

/** The labels of a target before relabelling: its own, its group's, the job's. */
export function discoveredLabels(
  job: ScrapeConfig,
  target: Readonly<Record<string, string>>,
  group: Readonly<Record<string, string>>,
): Labels {
  const labels = new Map(Object.entries({ ...group, ...target }))
  const preset: [string, string][] = [
    ['job', job.job_name],
    [SCRAPE_INTERVAL, formatDuration(job.scrape_interval)],
    [SCRAPE_TIMEOUT, formatDuration(job.scrape_timeout)],
    [METRICS_PATH, job.metrics_path],
    [SCHEME, job.scheme],
    [CONVERT_TO_NHCB, String(job.convert_classic_histograms_to_nhcb ?? false)],
    [ALWAYS_CLASSIC, String(job.always_scrape_classic_histograms ?? false)],
    [NATIVE_HISTOGRAMS, String(job.scrape_native_histograms ?? false)],
    ...Object.entries(job.params).map(([name, values]): [string, string] => [
      PARAM_PREFIX + name,
      values[0] ?? '',
    ]),
  ]
  for (const [name, value] of preset) if ((labels.get(name) ?? '') === '') labels.set(name, value)
  return Labels.from(labels)
}

const BOOLEANS: ReadonlySet<string> = new Set([
  '',
  '1',
  't',
  'T',
  'TRUE',
  'true',
  'True',
  '0',
  'f',
  'F',
  'FALSE',
  'false',
  'False',
])

/** Go's `strconv.ParseBool` of a label that was checked; absent is `absent`. */
export function booleanLabel(labels: Labels, name: string, absent: boolean): boolean {
  const value = labels.get(name)
  return value === '' ? absent : /^(1|t|true)$/i.test(value)
}

/**
 * What relabelling makes of a target, without `__meta_` labels and with `instance`.
 * @returns undefined when a rule dropped the target
 * @throws Error naming what is wrong with the target
 */
export function populateLabels(discovered: Labels, rules: readonly RelabelConfig[]): Labels | undefined {
  const kept = relabel(discovered, rules)
  if (kept === undefined) return undefined
  const address = kept.get(ADDRESS)
  if (address === '' && kept.get(UNIX_SOCKET) === '') throw new Error('no address')
  const fault = targetAddressFault(address)
  if (fault !== undefined) throw new Error(fault)
  const intervalMs = labelDuration(kept, SCRAPE_INTERVAL, 'interval')
  const timeoutMs = labelDuration(kept, SCRAPE_TIMEOUT, 'timeout')
  if (timeoutMs > intervalMs)
    throw new Error(
      `scrape timeout cannot be greater than scrape interval ("${kept.get(SCRAPE_TIMEOUT)}" > "${kept.get(SCRAPE_INTERVAL)}")`,
    )
  for (const name of [CONVERT_TO_NHCB, ALWAYS_CLASSIC, NATIVE_HISTOGRAMS])
    if (!BOOLEANS.has(kept.get(name)))
      throw new Error(`error parsing ${name}: strconv.ParseBool: parsing "${kept.get(name)}": invalid syntax`)
  const labels = kept.filter((name) => !name.startsWith('__meta_'))
  const complete = labels.has('instance') ? labels : labels.with('instance', address)
  for (const [name, value] of complete)
    if (!value.isWellFormed()) throw new Error(`invalid label value for "${name}"`)
  return complete
}

function labelDuration(labels: Labels, name: string, what: string): number {
  let ms: number
  try {
    ms = parseDuration(labels.get(name))
  } catch (error) {
    throw new Error(`error parsing scrape ${what}: ${(error as Error).message}`, { cause: error })
  }
  if (ms === 0) throw new Error(`scrape ${what} cannot be 0`)
  return ms
}

/** Those labels of a target that its series carry. */
export function publicLabels(labels: Labels): Labels {
  return labels.filter((name) => !name.startsWith('__'))
}

/** The URL that a target is scraped at. */
export function scrapeUrl(labels: Labels, params: Readonly<Record<string, readonly string[]>>): string {
  const query: [string, string][] = []
  const all = new Map(Object.entries(params).map(([name, values]) => [name, [...values]]))
  for (const [name, value] of labels) {
    if (!name.startsWith(PARAM_PREFIX)) continue
    const key = name.slice(PARAM_PREFIX.length)
    const values = all.get(key) ?? []
    values[0] = value
    all.set(key, values)
  }
  for (const name of [...all.keys()].sort()) for (const value of all.get(name)!) query.push([name, value])
  const host = labels.get(ADDRESS) || 'localhost'
  const path = labels.get(METRICS_PATH)
  const encoded = query.map(([name, value]) => `${goQueryEscape(name)}=${goQueryEscape(value)}`).join('&')
  return `${labels.get(SCHEME)}://${host}${path.startsWith('/') || path === '' ? '' : '/'}${encodeURI(path)}${encoded === '' ? '' : `?${encoded}`}`
}

/** Go's `url.QueryEscape`. */
function goQueryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

/**
 * Puts the target's labels on a scraped series: with `honor_labels` the series' own win, without, they move to
 * `exported_…`.
 */
export function withTargetLabels(series: Labels, target: Labels, honorLabels: boolean): Labels {
  const out = new Map(series)
  const clashes: [string, string][] = []
  for (const [name, value] of target) {
    const own = series.get(name)
    if (honorLabels) {
      if (own === '') out.set(name, value)
      continue
    }
    if (own !== '') clashes.push([name, own])
    out.set(name, value)
  }
  clashes.sort((a, b) => a[0].length - b[0].length)
  for (const [name, value] of clashes) {
    let moved = `exported_${name}`
    while ((out.get(moved) ?? '') !== '') moved = `exported_${moved}`
    out.set(moved, value)
  }
  return Labels.from(out)
}

/** Labels of `up` and its like. */
export function reportLabels(name: string, target: Labels): Labels {
  return target.with(METRIC_NAME, name)
}
