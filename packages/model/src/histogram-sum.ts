import type { FloatHistogram, Span } from './histogram.ts'
import type { CombinedHistogram } from './histogram-arithmetic.ts'
import { addHistograms, withFields } from './histogram-arithmetic.ts'

/** Neumaier's form of Kahan's sum: `sum + compensation` is the total. */
export class KahanSum {
  sum: number
  compensation = 0

  constructor(first = 0) {
    this.sum = first
  }

  add(value: number): void {
    const total = this.sum + value
    if (total === Infinity || total === -Infinity) this.compensation = 0
    else if (Math.abs(this.sum) >= Math.abs(value)) this.compensation += this.sum - total + value
    else this.compensation += value - total + this.sum
    this.sum = total
  }

  get total(): number {
    return this.sum === Infinity || this.sum === -Infinity ? this.sum : this.sum + this.compensation
  }
}

/**
 * Sums histograms with compensated addition of the count, the sum and each bucket. The compensation is itself a
 * histogram of the same layout, as rounding errors are: it is what was lost so far.
 */
export class HistogramSum {
  #sum: FloatHistogram
  #lost: FloatHistogram | undefined

  constructor(first: FloatHistogram, lost?: FloatHistogram) {
    this.#sum = first
    this.#lost = lost
  }

  /** The sum without compensation. */
  get sum(): FloatHistogram {
    return this.#sum
  }

  get lost(): FloatHistogram | undefined {
    return this.#lost
  }

  /** The compensated sum; keeps the layout and hint of the plain one. */
  get total(): FloatHistogram {
    return this.#lost === undefined ? this.#sum : addHistograms(this.#sum, this.#lost).histogram
  }

  /** @throws IncompatibleSchemaError, and the sum is then unchanged */
  add(next: FloatHistogram): CombinedHistogram {
    const combined = addHistograms(this.#sum, next)
    const lost = lostIn(this.#sum, next, combined.histogram)
    const before = this.#lost
    this.#sum = combined.histogram
    // Both have the layout of the new sum once they are added to a histogram of it.
    if (lost === undefined) return combined
    this.#lost = before === undefined ? lost : addHistograms(before, lost).histogram
    return combined
  }
}

/** What plain addition lost, exactly (Neumaier's error term) for equal layouts; undefined when nothing was lost. */
function lostIn(a: FloatHistogram, b: FloatHistogram, total: FloatHistogram): FloatHistogram | undefined {
  // A zero bucket that became wider took in other buckets.
  const sameZero = a.zeroThreshold === total.zeroThreshold && b.zeroThreshold === total.zeroThreshold
  const zero = sameZero ? errorOf(a.zeroCount, b.zeroCount, total.zeroCount) : 0
  const count = errorOf(a.count, b.count, total.count)
  const sum = errorOf(a.sum, b.sum, total.sum)
  const sameLayout = hasLayoutOf(a, total) && hasLayoutOf(b, total)
  const side = (which: 'positiveBuckets' | 'negativeBuckets'): number[] =>
    total[which].map((value, i) => (sameLayout ? errorOf(a[which][i]!, b[which][i]!, value) : 0))
  const positiveBuckets = side('positiveBuckets')
  const negativeBuckets = side('negativeBuckets')
  const isZero = (value: number): boolean => value === 0
  if ([zero, count, sum].every(isZero) && positiveBuckets.every(isZero) && negativeBuckets.every(isZero))
    return undefined
  return withFields(total, { zeroCount: zero, count, sum, positiveBuckets, negativeBuckets })
}

function errorOf(a: number, b: number, total: number): number {
  if (!Number.isFinite(total)) return 0
  return Math.abs(a) >= Math.abs(b) ? a - total + b : b - total + a
}

/** Whether both have the same buckets, in the same places of their lists. */
function hasLayoutOf(a: FloatHistogram, b: FloatHistogram): boolean {
  return (
    a.schema === b.schema &&
    sameSpans(a.positiveSpans, b.positiveSpans) &&
    sameSpans(a.negativeSpans, b.negativeSpans) &&
    a.customBounds.length === b.customBounds.length &&
    a.customBounds.every((bound, i) => bound === b.customBounds[i])
  )
}

function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ offset, length }, i) => offset === b[i]!.offset && length === b[i]!.length)
  )
}
