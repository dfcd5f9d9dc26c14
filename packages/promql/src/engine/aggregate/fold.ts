import type { FloatHistogram, Labels } from '@promontory/model'
import { compactHistogram, HistogramSum } from '@promontory/model'
import type { AggregateExpr } from '../../parser/ast.ts'
import type { Annotations } from '../annotations.ts'
import { ABSENT, Column, FLOAT } from '../column.ts'
import { HistogramMean } from '../functions/over-time.ts'
import { orMixedSchemaWarning } from '../interpolate.ts'

/** Takes in the series of one group, one after the other, for all steps at once. */
export abstract class Fold {
  protected readonly expr: AggregateExpr
  protected readonly annotations: Annotations
  /** Result in the making; `kinds` tells at which steps the group has had input. */
  protected readonly out: Column

  constructor(expr: AggregateExpr, annotations: Annotations, steps: number, labels: Labels) {
    this.expr = expr
    this.annotations = annotations
    this.out = new Column(steps, labels)
  }

  add(column: Column): void {
    if (column.dropName) this.out.dropName = true
    this.take(column)
  }

  protected abstract take(column: Column): void

  finish(): Column {
    return this.out
  }

  protected noteIgnoredHistograms(column: Column): void {
    if (column.hasHistograms())
      this.annotations.ignoredHistogramInAggregation(this.expr.op, this.expr.expr.position)
  }
}

/** What a group of histograms has seen at one step. */
abstract class HistogramState {
  incompatible = false
  #reset = false
  #notReset = false

  constructor(first: FloatHistogram) {
    this.#see(first)
  }

  add(next: FloatHistogram, metric: string, { expr }: AggregateExpr, annotations: Annotations): void {
    if (this.incompatible) return
    this.#see(next)
    const reconciled = orMixedSchemaWarning(() => this.combine(next), annotations, metric, expr.position)
    if (reconciled === undefined) this.incompatible = true
    else if (reconciled) annotations.boundsReconciled('aggregation', expr.position)
  }

  /** @returns whether custom bounds were reconciled */
  protected abstract combine(next: FloatHistogram): boolean
  abstract get result(): FloatHistogram

  #see({ counterResetHint }: FloatHistogram): void {
    if (counterResetHint === 'reset') this.#reset = true
    if (counterResetHint === 'not_reset') this.#notReset = true
  }

  get resetsCollide(): boolean {
    return this.#reset && this.#notReset
  }
}

class SumState extends HistogramState {
  readonly #sum: HistogramSum

  constructor(first: FloatHistogram) {
    super(first)
    this.#sum = new HistogramSum(first)
  }

  protected override combine(next: FloatHistogram): boolean {
    return this.#sum.add(next).boundsReconciled
  }

  override get result(): FloatHistogram {
    return compactHistogram(this.#sum.total)
  }
}

class MeanState extends HistogramState {
  readonly #mean: HistogramMean

  constructor(first: FloatHistogram) {
    super(first)
    this.#mean = new HistogramMean(first)
  }

  protected override combine(next: FloatHistogram): boolean {
    return this.#mean.add(next)
  }

  override get result(): FloatHistogram {
    return compactHistogram(this.#mean.value)
  }
}

/** `sum` and `avg`: floats in columns, compensated; histograms beside them step by step. */
abstract class TotalFold extends Fold {
  protected readonly compensation: Float64Array
  #histograms: (HistogramState | undefined)[] | undefined

  constructor(expr: AggregateExpr, annotations: Annotations, steps: number, labels: Labels) {
    super(expr, annotations, steps, labels)
    this.compensation = new Float64Array(steps)
  }

  protected override take(column: Column): void {
    this.takeFloats(column)
    if (column.histograms !== undefined) this.#takeHistograms(column)
  }

  protected abstract takeFloats(column: Column): void
  protected abstract firstHistogram(histogram: FloatHistogram): HistogramState
  protected abstract finishFloat(step: number): void

  #takeHistograms(column: Column): void {
    this.#histograms ??= []
    for (let step = 0; step < column.kinds.length; step++) {
      const histogram = column.histogramAt(step)
      if (histogram === undefined) continue
      const state = this.#histograms[step]
      if (state === undefined) this.#histograms[step] = this.firstHistogram(histogram)
      else state.add(histogram, column.labels.metricName, this.expr, this.annotations)
    }
  }

  override finish(): Column {
    const { out } = this
    for (let step = 0; step < out.kinds.length; step++) {
      const state = this.#histograms?.[step]
      if (state === undefined) {
        if (out.kinds[step] === FLOAT) this.finishFloat(step)
      } else if (out.kinds[step] === FLOAT) {
        this.annotations.mixedFloatsHistogramsAggregation(this.expr.expr.position)
        out.kinds[step] = ABSENT
      } else if (!state.incompatible) {
        out.setHistogram(step, state.result)
        if (state.resetsCollide)
          this.annotations.counterResetCollision('aggregation', this.expr.expr.position)
      }
    }
    return out
  }
}

export class SumFold extends TotalFold {
  /** Whether every step has had a float. */
  #isFull = false

  protected override takeFloats(column: Column): void {
    if (column.isFull && this.#isFull) this.#addAll(column.values)
    else this.#addSome(column)
    this.#isFull ||= column.isFull
  }

  /** As {@link #addSome}, without asking at each step what is there. */
  #addAll(values: Float64Array): void {
    const { values: sums } = this.out
    const { compensation } = this
    for (let step = 0; step < sums.length; step++) {
      const value = values[step]!
      const sum = sums[step]!
      const total = sum + value
      const added = total - sum
      sums[step] = total
      if (total - total === 0) compensation[step]! += sum - (total - added) + (value - added)
      else compensation[step] = 0
    }
  }

  #addSome({ kinds, values }: Column): void {
    const { kinds: seen, values: sums } = this.out
    const { compensation } = this
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== FLOAT) continue
      const value = values[step]!
      if (seen[step] === ABSENT) {
        seen[step] = FLOAT
        sums[step] = value
        continue
      }
      // As KahanSum, on columns. The error of the addition is the same by Knuth's way, which does not ask what is larger.
      const sum = sums[step]!
      const total = sum + value
      const added = total - sum
      sums[step] = total
      if (total - total === 0) compensation[step]! += sum - (total - added) + (value - added)
      else compensation[step] = 0
    }
  }

  protected override firstHistogram(histogram: FloatHistogram): HistogramState {
    return new SumState(histogram)
  }

  protected override finishFloat(step: number): void {
    this.out.values[step]! += this.compensation[step]!
  }
}

export class AvgFold extends TotalFold {
  readonly #counts = new Float64Array(this.out.kinds.length)
  /** Steps whose sum overflowed, and which hold a running mean since. */
  #incremental: Uint8Array | undefined

  protected override takeFloats({ kinds, values }: Column): void {
    const { kinds: seen, values: sums } = this.out
    const { compensation } = this
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== FLOAT) continue
      const value = values[step]!
      const count = ++this.#counts[step]!
      if (seen[step] === ABSENT) {
        seen[step] = FLOAT
        sums[step] = value
        continue
      }
      if (this.#incremental?.[step] !== 1) {
        const sum = sums[step]!
        const total = sum + value
        if (total !== Infinity && total !== -Infinity) {
          compensation[step]! += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
          sums[step] = total
          continue
        }
        this.#incremental ??= new Uint8Array(kinds.length)
        this.#incremental[step] = 1
        sums[step] = sum / (count - 1)
        compensation[step]! /= count - 1
      }
      this.#addToMean(step, value / count, (count - 1) / count)
    }
  }

  #addToMean(step: number, part: number, share: number): void {
    const mean = this.out.values[step]! * share
    const lost = this.compensation[step]! * share
    const total = mean + part
    const infinite = total === Infinity || total === -Infinity
    const error = Math.abs(mean) >= Math.abs(part) ? mean - total + part : part - total + mean
    this.out.values[step] = total
    this.compensation[step] = infinite ? 0 : lost + error
  }

  protected override firstHistogram(histogram: FloatHistogram): HistogramState {
    return new MeanState(histogram)
  }

  protected override finishFloat(step: number): void {
    const { values } = this.out
    const lost = this.compensation[step]!
    if (this.#incremental?.[step] === 1) values[step]! += lost
    else values[step] = values[step]! / this.#counts[step]! + lost / this.#counts[step]!
  }
}

/** `min` and `max`: NaN only when there is nothing else. */
export class ExtremeFold extends Fold {
  protected override take(column: Column): void {
    this.noteIgnoredHistograms(column)
    const { kinds: seen, values: best } = this.out
    const sign = this.expr.op === 'max' ? 1 : -1
    const { kinds, values } = column
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== FLOAT) continue
      const value = values[step]!
      const old = best[step]!
      if (seen[step] === ABSENT || sign * value > sign * old || Number.isNaN(old)) best[step] = value
      seen[step] = FLOAT
    }
  }
}

/** `count` and `group`. */
export class CountFold extends Fold {
  protected override take({ kinds }: Column): void {
    const { kinds: seen, values } = this.out
    const counting = this.expr.op === 'count'
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] === ABSENT) continue
      seen[step] = FLOAT
      values[step] = counting ? values[step]! + 1 : 1
    }
  }
}

/** `stddev` and `stdvar`: Welford's method. */
export class DeviationFold extends Fold {
  readonly #counts = new Float64Array(this.out.kinds.length)
  readonly #means = new Float64Array(this.out.kinds.length)

  protected override take(column: Column): void {
    this.noteIgnoredHistograms(column)
    const { kinds: seen, values: squares } = this.out
    const { kinds, values } = column
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== FLOAT) continue
      const value = values[step]!
      const count = ++this.#counts[step]!
      if (seen[step] === ABSENT) {
        seen[step] = FLOAT
        this.#means[step] = value
        squares[step] = Number.isFinite(value) ? 0 : NaN
        continue
      }
      const delta = value - this.#means[step]!
      this.#means[step]! += delta / count
      squares[step]! += delta * (value - this.#means[step]!)
    }
  }

  override finish(): Column {
    const { kinds, values } = this.out
    for (let step = 0; step < kinds.length; step++) {
      const variance = values[step]! / this.#counts[step]!
      values[step] = this.expr.op === 'stddev' ? Math.sqrt(variance) : variance
    }
    return this.out
  }
}
