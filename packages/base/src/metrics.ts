/**
 * The counters that our engines keep about themselves: a small registry without dependencies, so that the engines
 * also run in a browser. `exposition` turns `collect()` into text.
 */

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'

/** One sample of a family; `suffix` is `''`, `_bucket`, `_sum` or `_count`. */
export interface MetricSample {
  readonly suffix: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
}

export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly samples: readonly MetricSample[]
}

export interface MetricOptions {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

interface Collectable {
  family(): MetricFamily
}

/** A value per combination of label values. */
abstract class Vector<T> {
  protected readonly children: Map<string, { labels: [string, string][]; value: T }> = new Map()
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]

  constructor(options: MetricOptions) {
    this.name = options.name
    this.help = options.help
    this.labelNames = options.labels ?? []
  }

  protected child(values: readonly string[], create: () => T): { labels: [string, string][]; value: T } {
    if (values.length !== this.labelNames.length)
      throw new Error(
        `BUG: metric ${this.name} takes ${this.labelNames.length} label values, got ${values.length}`,
      )
    const key = values.join('\u{1f}')
    let child = this.children.get(key)
    if (child === undefined) {
      child = { labels: this.labelNames.map((name, i) => [name, values[i]!]), value: create() }
      this.children.set(key, child)
    }
    return child
  }

  /** Forgets one combination, e.g. of a scrape pool that is gone. */
  remove(...values: string[]): void {
    this.children.delete(values.join('\u{1f}'))
  }

  reset(): void {
    this.children.clear()
  }
}

export class Counter extends Vector<number> implements Collectable {
  inc(...values: string[]): void {
    this.add(1, ...values)
  }
  add(amount: number, ...values: string[]): void {
    this.child(values, () => 0).value += amount
  }
  /** Takes over a count kept elsewhere, e.g. in shared memory. */
  setTotal(total: number, ...values: string[]): void {
    this.child(values, () => 0).value = total
  }
  get(...values: string[]): number {
    return this.child(values, () => 0).value
  }
  family(): MetricFamily {
    return scalarFamily(this, 'counter', this.children.values())
  }
}

export class Gauge extends Vector<number> implements Collectable {
  set(value: number, ...values: string[]): void {
    this.child(values, () => 0).value = value
  }
  add(amount: number, ...values: string[]): void {
    this.child(values, () => 0).value += amount
  }
  get(...values: string[]): number {
    return this.child(values, () => 0).value
  }
  family(): MetricFamily {
    return scalarFamily(this, 'gauge', this.children.values())
  }
}

function scalarFamily(
  metric: { name: string; help: string },
  type: MetricType,
  children: Iterable<{ labels: [string, string][]; value: number }>,
): MetricFamily {
  return {
    name: metric.name,
    help: metric.help,
    type,
    samples: [...children].map(({ labels, value }) => ({ suffix: '', labels, value })),
  }
}

export class Histogram
  extends Vector<{ counts: number[]; sum: number; count: number }>
  implements Collectable
{
  readonly #bounds: readonly number[]
  constructor(options: MetricOptions & { readonly buckets: readonly number[] }) {
    super(options)
    this.#bounds = options.buckets
  }
  /** Makes the child appear with no observation yet. */
  touch(...values: string[]): { counts: number[]; sum: number; count: number } {
    return this.child(values, () => ({ counts: this.#bounds.map(() => 0), sum: 0, count: 0 })).value
  }
  observe(value: number, ...values: string[]): void {
    const state = this.touch(...values)
    const index = this.#bounds.findIndex((bound) => value <= bound)
    if (index >= 0) state.counts[index]!++
    state.sum += value
    state.count++
  }
  family(): MetricFamily {
    const samples: MetricSample[] = []
    for (const { labels, value } of this.children.values()) {
      let cumulative = 0
      this.#bounds.forEach((bound, i) => {
        cumulative += value.counts[i]!
        samples.push({
          suffix: '_bucket',
          labels: [...labels, ['le', formatFloat(bound)]],
          value: cumulative,
        })
      })
      samples.push({ suffix: '_bucket', labels: [...labels, ['le', '+Inf']], value: value.count })
      samples.push({ suffix: '_sum', labels, value: value.sum })
      samples.push({ suffix: '_count', labels, value: value.count })
    }
    return { name: this.name, help: this.help, type: 'histogram', samples }
  }
}

/** Observations kept by a summary; quantiles are over the newest of them. */
const SUMMARY_WINDOW = 512

interface SummaryState {
  readonly window: Float64Array
  count: number
  sum: number
}

/** Quantiles over the newest 512 observations: what dashboards read of `prometheus_engine_query_duration_seconds`. */
export class Summary extends Vector<SummaryState> implements Collectable {
  readonly #quantiles: readonly number[]
  constructor(options: MetricOptions & { readonly quantiles: readonly number[] }) {
    super(options)
    this.#quantiles = options.quantiles
  }
  observe(value: number, ...values: string[]): void {
    const state = this.touch(...values)
    state.window[state.count % SUMMARY_WINDOW] = value
    state.count++
    state.sum += value
  }
  /** Makes the child appear with no observation yet: quantiles NaN, sum and count 0. */
  touch(...values: string[]): SummaryState {
    return this.child(values, () => ({ window: new Float64Array(SUMMARY_WINDOW), count: 0, sum: 0 })).value
  }
  family(): MetricFamily {
    const samples: MetricSample[] = []
    for (const { labels, value } of this.children.values()) {
      const sorted = value.window.slice(0, Math.min(value.count, SUMMARY_WINDOW)).sort()
      for (const quantile of this.#quantiles) {
        const rank = Math.max(0, Math.ceil(quantile * sorted.length) - 1)
        samples.push({
          suffix: '',
          labels: [...labels, ['quantile', formatFloat(quantile)]],
          value: sorted[rank] ?? NaN,
        })
      }
      samples.push({ suffix: '_sum', labels, value: value.sum })
      samples.push({ suffix: '_count', labels, value: value.count })
    }
    return { name: this.name, help: this.help, type: 'summary', samples }
  }
}

/** The metrics of one server. Names are unique; a second registration of a name is a bug. */
export class Registry {
  readonly #metrics = new Map<string, Collectable>()
  readonly #beforeCollect: (() => void)[] = []

  counter(options: MetricOptions): Counter {
    return this.#add(options.name, new Counter(options))
  }
  gauge(options: MetricOptions): Gauge {
    return this.#add(options.name, new Gauge(options))
  }
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Histogram {
    return this.#add(options.name, new Histogram(options))
  }
  summary(options: MetricOptions & { readonly quantiles: readonly number[] }): Summary {
    return this.#add(options.name, new Summary(options))
  }
  /** Called before each collection: the place to bring gauges up to date. */
  onCollect(callback: () => void): void {
    this.#beforeCollect.push(callback)
  }
  /** All families, by name. */
  collect(): MetricFamily[] {
    for (const callback of this.#beforeCollect) callback()
    return [...this.#metrics.values()]
      .map((metric) => metric.family())
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }
  #add<T extends Collectable>(name: string, metric: T): T {
    if (this.#metrics.has(name)) throw new Error(`BUG: metric ${name} is registered twice`)
    this.#metrics.set(name, metric)
    return metric
  }
}

/** A float as Go's `strconv.FormatFloat(v, 'f' or 'g', -1, 64)` shows it in Prometheus's texts and JSON. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  return text.includes('e') ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text
}
