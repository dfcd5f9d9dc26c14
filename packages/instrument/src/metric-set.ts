import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { FAMILIES, type Family, type FamilyName, STATUS } from './families.ts'

export type LabelValues = Readonly<Record<string, string>>

/** Folded values have this name. */
const OTHER = 'other'

export interface MetricSetOptions {
  readonly registry: Registry
  /** Where families marked private go; the public registry when there is no private path. */
  readonly privateRegistry: Registry
  readonly statusLabel: string
  /** Label sets per metric, after which open labels are folded. */
  readonly seriesMax: number
  readonly prefix: string
}

/** Bounds the label sets of one metric: beyond the bound, values that the application makes up become `other`. */
export class LabelBound {
  readonly #known = new Set<string>()
  readonly #labels: readonly string[]
  readonly #open: readonly string[]
  readonly #max: number
  readonly #onFold: () => void

  constructor(labels: readonly string[], open: readonly string[], max: number, onFold: () => void) {
    this.#labels = labels
    this.#open = open
    this.#max = max
    this.#onFold = onFold
  }

  /** @returns the labels as they may be stored */
  admit(values: LabelValues): LabelValues {
    let key = ''
    for (const label of this.#labels) key += `${values[label]}\0`
    if (this.#known.has(key)) return values
    if (this.#known.size < this.#max) {
      this.#known.add(key)
      return values
    }
    this.#onFold()
    // Twice the bound means that even the closed labels run away: then nothing is told apart.
    const folded = this.#known.size < 2 * this.#max ? this.#open : this.#labels
    const result = { ...values, ...Object.fromEntries(folded.map((label) => [label, OTHER])) }
    this.#known.add(this.#labels.map((label) => `${result[label]}\0`).join(''))
    return result
  }
}

type Metric = Counter | Gauge | Histogram

/** The families of the catalogue, made at first use, with bounded labels. */
export class MetricSet {
  readonly #options: MetricSetOptions
  readonly #metrics = new Map<string, { readonly metric: Metric; readonly bound: LabelBound | undefined }>()
  #folded: Counter | undefined

  constructor(options: MetricSetOptions) {
    this.#options = options
  }

  inc(name: FamilyName, labels: LabelValues = {}, value = 1): void {
    const { metric, bound } = this.#metric(name)
    const counter = metric as Counter
    if (bound === undefined) counter.inc(value)
    else counter.inc(bound.admit(labels), value)
  }

  observe(name: FamilyName, labels: LabelValues, value: number): void {
    const { metric, bound } = this.#metric(name)
    const histogram = metric as Histogram
    if (bound === undefined) histogram.observe(value)
    else histogram.observe(bound.admit(labels), value)
  }

  set(name: FamilyName, labels: LabelValues, value: number): void {
    const { metric, bound } = this.#metric(name)
    const gauge = metric as Gauge
    if (bound === undefined) gauge.set(value)
    else gauge.set(bound.admit(labels), value)
  }

  /** A gauge whose value is asked for at each scrape. */
  track(name: FamilyName, value: () => number): void {
    if (this.#metrics.has(name)) return
    const family = familyOf(name)
    const metric = new Gauge({
      name: this.#options.prefix + name,
      help: family.help,
      registers: [this.#registryOf(family)],
      ...aggregatorOf(family),
      collect() {
        this.set(value())
      },
    })
    this.#metrics.set(name, { metric, bound: undefined })
  }

  /** Counts an observation whose labels were folded. */
  noteFold(metric: string): void {
    const { help, labels } = familyOf('instrument_series_folded_total')
    this.#folded ??= new Counter({
      name: `${this.#options.prefix}instrument_series_folded_total`,
      help,
      labelNames: [...labels],
      registers: [this.#options.registry],
    })
    this.#folded.inc({ metric })
  }

  #metric(name: FamilyName): { readonly metric: Metric; readonly bound: LabelBound | undefined } {
    let made = this.#metrics.get(name)
    if (made === undefined) this.#metrics.set(name, (made = this.#make(name)))
    return made
  }

  #make(name: FamilyName): { readonly metric: Metric; readonly bound: LabelBound | undefined } {
    const family = familyOf(name)
    const { prefix, statusLabel, seriesMax } = this.#options
    const labelNames = family.labels.map((label) => (label === STATUS ? statusLabel : label))
    const settings = {
      name: prefix + name,
      help: family.help,
      labelNames,
      registers: [this.#registryOf(family)],
      ...aggregatorOf(family),
    }
    const bound =
      labelNames.length === 0
        ? undefined
        : new LabelBound(labelNames, family.open ?? [], seriesMax, () => this.noteFold(prefix + name))
    if (family.type === 'counter') return { metric: new Counter(settings), bound }
    if (family.type === 'gauge') return { metric: new Gauge(settings), bound }
    return { metric: new Histogram({ ...settings, buckets: [...family.buckets!] }), bound }
  }

  #registryOf(family: Family): Registry {
    return family.isPrivate === true ? this.#options.privateRegistry : this.#options.registry
  }
}

function aggregatorOf({ together }: Family): { aggregator?: 'max' | 'first' } {
  return together === undefined ? {} : { aggregator: together }
}

function familyOf(name: FamilyName): Family {
  const family = FAMILIES[name]
  if (family === undefined) throw new Error(`BUG: no family ${name}`)
  return family
}
