import type { FloatHistogram, Labels } from '@promontory/model'
import { histogramSamples, Labels as LabelSet } from '@promontory/model'
import { sameLabelset } from '../errors.ts'

/** What a column holds at a step. */
export const ABSENT = 0
export const FLOAT = 1
export const HISTOGRAM = 2

/** Steps of the columns whose arrays are allocated together: 72 KiB, which the allocator maps by themselves and gives back at once (see bin/promontory). */
const SLAB_STEPS = 8192
/** From here on an array of its own costs little beside its points. */
const LONG_COLUMN = SLAB_STEPS / 8
/** So few values lie in the object itself. */
const SHORT_COLUMN = 8

/** Gives the arrays of columns as views of larger ones: a buffer of its own would cost a column more than what it holds. */
class ColumnArrays {
  #values = new Float64Array(0)
  #kinds = new Uint8Array(0)
  #used = 0

  values(count: number): Float64Array {
    if (count >= LONG_COLUMN || count <= SHORT_COLUMN) return new Float64Array(count)
    if (this.#used + count > this.#values.length) {
      const slab = new ArrayBuffer(9 * SLAB_STEPS)
      this.#values = new Float64Array(slab, 0, SLAB_STEPS)
      this.#kinds = new Uint8Array(slab, 8 * SLAB_STEPS)
      this.#used = 0
    }
    this.#used += count
    return this.#values.subarray(this.#used - count, this.#used)
  }

  /** Those of the column whose values were given last. */
  kinds(count: number): Uint8Array {
    if (count >= LONG_COLUMN || count <= SHORT_COLUMN) return new Uint8Array(count)
    return this.#kinds.subarray(this.#used - count, this.#used)
  }
}

const arrays = new ColumnArrays()

/** One series of a result: a value per step of the grid, or none. Histograms lie in a column of their own. */
export class Column {
  labels: Labels
  /** The metric name goes once the query is done (it is still there for matching and `label_replace`). */
  dropName: boolean
  /** Every step holds a float, says who streams the column; whoever changes it takes that back. */
  isFull = false
  readonly values: Float64Array
  /** ABSENT, FLOAT or HISTOGRAM for each step. */
  readonly kinds: Uint8Array
  histograms: (FloatHistogram | undefined)[] | undefined

  constructor(count: number, labels: Labels = LabelSet.EMPTY, dropName = false) {
    this.values = arrays.values(count)
    this.kinds = arrays.kinds(count)
    this.labels = labels
    this.dropName = dropName
  }

  setFloat(step: number, value: number): void {
    this.values[step] = value
    this.kinds[step] = FLOAT
  }

  setHistogram(step: number, histogram: FloatHistogram): void {
    this.histograms ??= []
    this.histograms[step] = histogram
    this.kinds[step] = HISTOGRAM
  }

  histogramAt(step: number): FloatHistogram | undefined {
    return this.kinds[step] === HISTOGRAM ? this.histograms![step] : undefined
  }

  /** Takes over the point of `other` at `step`. */
  copyPoint(other: Column, step: number): void {
    if (other.kinds[step] === HISTOGRAM) this.setHistogram(step, other.histograms![step]!)
    else this.setFloat(step, other.values[step]!)
  }

  /** A column with the same points, sharing no array with this one. */
  copy(): Column {
    const copy = new Column(this.values.length, this.labels, this.dropName)
    copy.values.set(this.values)
    copy.kinds.set(this.kinds)
    copy.histograms = this.histograms?.slice()
    return copy
  }

  clear(): void {
    this.isFull = false
    this.kinds.fill(ABSENT)
    this.histograms = undefined
  }

  isEmpty(): boolean {
    const { kinds } = this
    for (let step = 0; step < kinds.length; step++) if (kinds[step] !== ABSENT) return false
    return true
  }

  /** Whether some step holds a histogram; the list of histograms may be longer-lived than what it held. */
  hasHistograms(): boolean {
    return this.histograms !== undefined && this.kinds.includes(HISTOGRAM)
  }

  /** Weight of the points in Prometheus's sample count: a histogram weighs more than a float. */
  samples(): number {
    let samples = 0
    const { kinds } = this
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] === FLOAT) samples++
      else if (kinds[step] === HISTOGRAM) samples += histogramSamples(this.histograms![step]!)
    }
    return samples
  }
}

/** Gives columns: a new one each time, or the same one cleared when nobody keeps them. */
export class ColumnSource {
  readonly #count: number
  readonly #scratch: Column | undefined

  constructor(count: number, reuse: boolean) {
    this.#count = count
    this.#scratch = reuse ? new Column(count) : undefined
  }

  next(labels: Labels, dropName: boolean): Column {
    const scratch = this.#scratch
    if (scratch === undefined) return new Column(this.#count, labels, dropName)
    scratch.clear()
    scratch.labels = labels
    scratch.dropName = dropName
    return scratch
  }
}

/**
 * Joins columns with equal labels whose points do not meet at a step.
 * @throws QueryError when they do
 */
export function mergeEqualLabels(columns: readonly Column[]): Column[] {
  if (columns.length < 2) return [...columns]
  const byKey = new Map<string, Column>()
  const owned = new Set<Column>()
  for (const column of columns) {
    const key = column.labels.key()
    const first = byKey.get(key)
    if (first === undefined) {
      byKey.set(key, column)
      continue
    }
    const into = owned.has(first) ? first : first.copy()
    owned.add(into)
    byKey.set(key, into)
    for (let step = 0; step < column.kinds.length; step++) {
      if (column.kinds[step] === ABSENT) continue
      if (into.kinds[step] !== ABSENT) throw sameLabelset()
      into.copyPoint(column, step)
    }
  }
  return byKey.size === columns.length ? [...columns] : [...byKey.values()]
}
