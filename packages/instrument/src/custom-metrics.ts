import { Counter, Gauge, Histogram, type Registry, Summary } from 'prom-client'
import { LabelBound, type LabelValues } from './metric-set.ts'

/** The body of `POST /api/v1/monitoring/record`. */
export interface MetricRecord {
  readonly metric_type: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly value: number
  readonly labels: LabelValues
}

/** What a record cannot be: names the field, what it was and what was expected. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
  readonly field: string

  constructor(field: string, message: string) {
    super(`${field}: ${message}`)
    this.field = field
  }
}

export interface CustomEvent {
  readonly type: string
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly timeMs: number
}

/** Metrics that may be made up at run time. */
const METRICS_MAX = 200
const LABELS_MAX = 10
const LABEL_VALUE_MAX = 128
/** Events that are kept for `recentEvents`. */
const EVENTS_MAX = 100
const ATTRIBUTES_MAX = 64
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,127}$/
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,63}$/
/** New Relic's rule for names of events. */
const EVENT_TYPE = /^[a-zA-Z0-9:_ ]{1,255}$/

interface Custom {
  readonly type: string
  readonly labels: string
  readonly bound: LabelBound
  readonly apply: (labels: LabelValues, value: number) => void
}

/** Metrics and events that an application or a client makes up at run time: validated and bounded. */
export class CustomMetrics {
  readonly #registry: Registry
  readonly #seriesMax: number
  readonly #onFold: (metric: string) => void
  readonly #metrics = new Map<string, Custom>()
  readonly #summaries = new Map<string, Summary>()
  #events: CustomEvent[] = []

  constructor(registry: Registry, seriesMax: number, onFold: (metric: string) => void) {
    this.#registry = registry
    this.#seriesMax = seriesMax
    this.#onFold = onFold
  }

  /** Newest last. */
  get recentEvents(): readonly CustomEvent[] {
    return this.#events
  }

  /** @throws RecordError */
  record(record: MetricRecord): void {
    let custom = this.#metrics.get(record.name)
    if (custom === undefined) {
      this.#checkFree(record.name)
      custom = this.#make(record)
      this.#metrics.set(record.name, custom)
    }
    const labels = labelKey(record.labels)
    if (custom.type !== record.metric_type)
      throw new RecordError('metric_type', `${record.name} is a ${custom.type}, got "${record.metric_type}"`)
    if (custom.labels !== labels)
      throw new RecordError('labels', `${record.name} has the labels [${custom.labels}], got [${labels}]`)
    custom.apply(custom.bound.admit(record.labels), record.value)
  }

  /** New Relic's `recordMetric`: `Custom/AI/Requests` (with or without `Custom/`) becomes `custom_ai_requests`, a summary. */
  recordMetric(name: string, value: number): void {
    if (!Number.isFinite(value)) throw new RecordError('value', `${value} is not a finite number`)
    const metric = newRelicName(name)
    let summary = this.#summaries.get(metric)
    if (summary === undefined) {
      this.#checkFree(metric)
      const help = `Recorded as ${name.replace(/[\n\\]/g, ' ')}.`
      summary = new Summary({ name: metric, help, percentiles: [], registers: [this.#registry] })
      this.#summaries.set(metric, summary)
    }
    summary.observe(value)
  }

  /** New Relic's `recordCustomEvent`: counted in `custom_events_total` by type; the newest are kept. */
  recordCustomEvent(type: string, attributes: CustomEvent['attributes'] = {}): void {
    if (!EVENT_TYPE.test(type))
      throw new RecordError(
        'eventType',
        `"${type}" is no name of an event: letters, digits, ":", "_" and " "`,
      )
    const count = Object.keys(attributes).length
    if (count > ATTRIBUTES_MAX)
      throw new RecordError('attributes', `${count} attributes, at most ${ATTRIBUTES_MAX}`)
    this.record({
      metric_type: 'counter',
      name: 'custom_events_total',
      value: 1,
      labels: { event_type: type },
    })
    this.#events = [...this.#events, { type, attributes, timeMs: Date.now() }].slice(-EVENTS_MAX)
  }

  #checkFree(name: string): void {
    if (this.#registry.getSingleMetric(name) !== undefined)
      throw new RecordError('name', `"${name}" is a metric of the application`)
    if (this.#metrics.size + this.#summaries.size >= METRICS_MAX)
      throw new RecordError('name', `"${name}" would be one more than the ${METRICS_MAX} metrics allowed`)
  }

  #make({ metric_type, name, labels }: MetricRecord): Custom {
    const labelNames = Object.keys(labels).sort()
    const settings = {
      name,
      help: 'Recorded through the monitoring API.',
      labelNames,
      registers: [this.#registry],
    }
    const bound = new LabelBound(labelNames, labelNames, this.#seriesMax, () => this.#onFold(name))
    const custom = { type: metric_type, labels: labelKey(labels), bound }
    if (metric_type === 'counter') {
      const counter = new Counter(settings)
      return { ...custom, apply: (values, value) => counter.inc(values, value) }
    }
    if (metric_type === 'gauge') {
      const gauge = new Gauge(settings)
      return { ...custom, apply: (values, value) => gauge.set(values, value) }
    }
    const histogram = new Histogram(settings)
    return { ...custom, apply: (values, value) => histogram.observe(values, value) }
  }
}

function labelKey(labels: LabelValues): string {
  return Object.keys(labels).sort().join(', ')
}

/** @throws RecordError naming the field that is not as it should be */
export function readRecord(body: unknown): MetricRecord {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new RecordError('body', 'is no JSON object')
  const { metric_type, name, value, labels = {} } = body as Record<string, unknown>
  if (metric_type !== 'counter' && metric_type !== 'gauge' && metric_type !== 'histogram')
    throw new RecordError('metric_type', `${show(metric_type)} is none of counter, gauge, histogram`)
  if (typeof name !== 'string' || !NAME.test(name))
    throw new RecordError('name', `${show(name)} is no name of a metric`)
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new RecordError('value', `${show(value)} is not a finite number`)
  if (metric_type === 'counter' && value < 0)
    throw new RecordError('value', `${value} is negative, and counters only grow`)
  return { metric_type, name, value, labels: readLabels(labels) }
}

function readLabels(labels: unknown): LabelValues {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
    throw new RecordError('labels', `${show(labels)} is no JSON object`)
  const entries = Object.entries(labels)
  if (entries.length > LABELS_MAX)
    throw new RecordError('labels', `${entries.length} labels, at most ${LABELS_MAX}`)
  return Object.fromEntries(
    entries.map(([label, value]) => {
      if (!LABEL.test(label) || label === 'le' || label === 'quantile')
        throw new RecordError(`labels.${label}`, 'is no name that a label may have')
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      if (typeof value === 'object' || text === undefined || text.length > LABEL_VALUE_MAX)
        throw new RecordError(
          `labels.${label}`,
          `${show(value)} is no text of at most ${LABEL_VALUE_MAX} characters`,
        )
      return [label, text]
    }),
  )
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 100)
}

/** The agent puts `Custom/` before every name: names that have it already do not get it twice. */
function newRelicName(name: string): string {
  const bare = name.replace(/^(Custom\/)+/i, '')
  const words = bare.replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase().replace(/[^a-z\d]+/g, '_') // prettier-ignore
  const metric = `custom_${words.replace(/^_+|_+$/g, '')}`
  if (bare === '' || !NAME.test(metric)) throw new RecordError('name', `"${name}" is no name of a metric`)
  return metric
}
