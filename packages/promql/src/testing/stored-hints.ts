import type { CounterResetHint, FloatHistogram } from '@promontory/model'
import { isCounterReset, withHint } from '@promontory/model'
import type { SequenceValue } from './series-values.ts'

/**
 * Gives histograms the counter reset hints that they have when they are read back from a time series database: behind
 * the first of a chunk no reset can have happened, and what happened before the first is not known. A reset, a stale
 * marker, another layout, a float or a change between gauge and counter begins a new chunk.
 */
export class StoredHints {
  #last: FloatHistogram | undefined

  next(value: SequenceValue): SequenceValue {
    const { histogram } = value
    if (histogram === undefined) {
      this.#last = undefined
      return value
    }
    const last = this.#last
    this.#last = histogram
    return { ...value, histogram: withHint(histogram, storedHint(last, histogram)) }
  }
}

function storedHint(last: FloatHistogram | undefined, next: FloatHistogram): CounterResetHint {
  if (next.counterResetHint === 'gauge') return 'gauge'
  if (last === undefined || last.counterResetHint === 'gauge') return 'unknown'
  const sameLayout =
    last.schema === next.schema &&
    last.zeroThreshold === next.zeroThreshold &&
    JSON.stringify(last.customBounds) === JSON.stringify(next.customBounds)
  const reset = next.counterResetHint === 'reset' || isCounterReset(last, withHint(next, 'unknown'))
  return sameLayout && !reset ? 'not_reset' : 'unknown'
}
