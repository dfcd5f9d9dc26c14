import { type ExpositionFormat, ExpositionError, parseExposition } from '@promontory/exposition'
import { type FloatHistogram, type Labels, METRIC_NAME } from '@promontory/model'
import { PushError } from './errors.ts'

export type PushedType = 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'untyped'

/** One sample of a metric: `suffix` is `''`, `_bucket`, `_sum` or `_count`; `extra` its `le` or `quantile`. */
export interface PushedSample {
  readonly suffix: string
  readonly extra: readonly [name: string, value: string] | undefined
  readonly value: number
}

/** A metric of a family: a set of labels with all that belongs to it. */
export interface PushedMetric {
  /** Without the metric name, group labels included; sorted by name. Empty values stay, as they are shown. */
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly samples: readonly PushedSample[]
  readonly native?: { readonly histogram: FloatHistogram; readonly isInteger: boolean } | undefined
}

export interface PushedFamily {
  readonly name: string
  readonly help: string | undefined
  readonly type: PushedType
  readonly metrics: readonly PushedMetric[]
}

interface Draft {
  name: string
  help: string | undefined
  type: PushedType
  metrics: Map<string, MetricDraft>
}

interface MetricDraft {
  labels: [string, string][]
  samples: PushedSample[]
  /** Suffix and bound of the samples that are there. */
  seen: Set<string>
  native?: PushedMetric['native']
}

const TYPES: Readonly<Record<string, PushedType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'gaugehistogram',
  summary: 'summary',
}
const SUFFIXES: Readonly<Partial<Record<PushedType, readonly string[]>>> = {
  histogram: ['_bucket', '_sum', '_count'],
  gaugehistogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
}

/**
 * Reads a pushed body into families. The group's labels win over the metrics' own, and `instance` is there in any case,
 * as in the Pushgateway: so the scraping server adds none of its own.
 * @throws PushError when it cannot be read, or holds timestamps, or the same metric twice
 */
export function readFamilies(
  body: Uint8Array,
  format: ExpositionFormat,
  group: readonly (readonly [string, string])[],
): PushedFamily[] {
  const reader = new FamilyReader(group)
  try {
    if (format === 'text' && body.length > 0 && body.at(-1) !== 10)
      throw new PushError(
        400,
        `text format parsing error in line ${lineCount(body)}: unexpected end of input stream`,
      )
    parseExposition(body, format, {
      sample: (labels, value, timeMs) => reader.sample(labels, value, timeMs),
      histogram: (labels, histogram, timeMs, _exemplars, isInteger) =>
        reader.histogram(labels, histogram, timeMs, isInteger),
      metadata: (name, { type, help }) => reader.metadata(name, type, help),
    })
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error
    const where =
      format === 'protobuf' ? 'protobuf parsing error' : `text format parsing error in line ${error.line}`
    throw new PushError(400, `${where}: ${error.message}`)
  }
  return reader.families()
}

function lineCount(body: Uint8Array): number {
  let lines = 1
  for (const byte of body) if (byte === 10) lines++
  return lines
}

class FamilyReader {
  readonly #group: ReadonlyMap<string, string>
  readonly #families = new Map<string, Draft>()

  constructor(group: readonly (readonly [string, string])[]) {
    this.#group = new Map(group)
  }

  metadata(name: string, type: string | undefined, help: string | undefined): void {
    const family = this.#family(name)
    if (type !== undefined) family.type = TYPES[type] ?? 'untyped'
    if (help !== undefined) family.help = help
  }

  sample(labels: Labels, value: number, timeMs: number | undefined): void {
    refuseTime(timeMs)
    const [family, suffix] = this.#familyOf(labels.metricName)
    const key = extraLabel(family.type, suffix)
    const text = key === undefined ? '' : labels.get(key)
    const extra = key === undefined || text === '' ? undefined : ([key, plainFloat(text)] as const)
    const metric = this.#metric(family, extra === undefined ? labels : labels.without(extra[0]))
    const position = `${suffix} ${extra?.[1] ?? ''}`
    if (metric.seen.has(position))
      throw new PushError(
        400,
        `pushed metrics are invalid or inconsistent with existing metrics: collected metric "${labels.metricName}" ${labels.without(METRIC_NAME).toString()} was collected before with the same name and label values`,
      )
    metric.seen.add(position)
    metric.samples.push({ suffix, extra, value })
  }

  histogram(labels: Labels, histogram: FloatHistogram, timeMs: number | undefined, isInteger: boolean): void {
    refuseTime(timeMs)
    const [family] = this.#familyOf(labels.metricName)
    const metric = this.#metric(family, labels)
    metric.native = { histogram, isInteger }
    metric.samples.push(
      { suffix: '_bucket', extra: ['le', '+Inf'], value: histogram.count },
      { suffix: '_sum', extra: undefined, value: histogram.sum },
      { suffix: '_count', extra: undefined, value: histogram.count },
    )
  }

  families(): PushedFamily[] {
    return [...this.#families.values()]
      .filter(({ metrics }) => metrics.size > 0)
      .map(({ name, help, type, metrics }) => ({
        name,
        help,
        type,
        metrics: [...metrics.values()].map(({ labels, samples, native }) => ({ labels, samples, native })),
      }))
  }

  #family(name: string): Draft {
    let family = this.#families.get(name)
    if (family === undefined) {
      family = { name, help: undefined, type: 'untyped', metrics: new Map() }
      this.#families.set(name, family)
    }
    return family
  }

  /** The family that a sample belongs to by its name, and the suffix that is left. */
  #familyOf(name: string): [family: Draft, suffix: string] {
    const known = this.#families.get(name)
    if (known !== undefined) return [known, '']
    for (const suffix of ['_bucket', '_sum', '_count']) {
      if (!name.endsWith(suffix)) continue
      const family = this.#families.get(name.slice(0, -suffix.length))
      if (family !== undefined && SUFFIXES[family.type]?.includes(suffix)) return [family, suffix]
    }
    // OpenMetrics names the family of a counter without `_total`; in text 0.0.4 the two are one.
    const counter = name.endsWith('_total') ? this.#families.get(name.slice(0, -6)) : undefined
    const family = this.#family(name)
    if (counter?.type === 'counter' && counter.metrics.size === 0)
      Object.assign(family, { type: 'counter', help: counter.help })
    return [family, '']
  }

  #metric(family: Draft, labels: Labels): MetricDraft {
    const own = new Map([['instance', ''], ...labels, ...this.#group])
    own.delete(METRIC_NAME)
    const sorted = [...own].sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify(sorted)
    let metric = family.metrics.get(key)
    if (metric === undefined)
      family.metrics.set(key, (metric = { labels: sorted, samples: [], seen: new Set() }))
    return metric
  }
}

function refuseTime(timeMs: number | undefined): void {
  if (timeMs !== undefined)
    throw new PushError(
      400,
      'pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps',
    )
}

function extraLabel(type: PushedType, suffix: string): 'le' | 'quantile' | undefined {
  if (suffix === '_bucket') return 'le'
  return type === 'summary' && suffix === '' ? 'quantile' : undefined
}

/** The parsers write `1.0` for storage; text 0.0.4 shows `1`. */
function plainFloat(text: string): string {
  return /^-?\d+\.0$/.test(text) ? text.slice(0, -2) : text
}
