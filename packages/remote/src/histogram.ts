import {
  CUSTOM_BUCKETS_SCHEMA,
  type CounterResetHint,
  FloatHistogram,
  STALE_HIGH,
  STALE_LOW,
} from '@promontory/model'
import type { HistogramMessage } from '@promontory/wire'

/** By the number that the protocol has for them. */
const HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not_reset', 'gauge']

/** Whether the message is a stale marker: its sum says so. */
export function isStaleSum({ sum }: HistogramMessage): boolean {
  return sum.readUInt32LE(4) === STALE_HIGH && sum.readUInt32LE(0) === STALE_LOW
}

export function toHistogram(message: HistogramMessage): FloatHistogram {
  const { isFloat } = message
  return new FloatHistogram({
    schema: message.schema,
    zeroThreshold: message.zeroThreshold,
    zeroCount: message.zeroCount,
    count: message.count,
    sum: message.sum.readDoubleLE(0),
    positiveSpans: message.positiveSpans,
    positiveBuckets: isFloat ? message.positiveCounts : absolute(message.positiveDeltas),
    negativeSpans: message.negativeSpans,
    negativeBuckets: isFloat ? message.negativeCounts : absolute(message.negativeDeltas),
    customBounds: message.customBounds,
    counterResetHint: HINTS[message.resetHint] ?? 'unknown',
  })
}

function absolute(deltas: readonly number[]): number[] {
  let count = 0
  return deltas.map((delta) => (count += delta))
}

/**
 * What is wrong with a histogram, undefined when nothing is: a schema that is not known, spans and buckets that do not
 * fit, negative counts, buckets with more observations than the whole, bounds that do not ascend.
 */
export function histogramFault(histogram: FloatHistogram): string | undefined {
  const { schema, count, sum, zeroCount, positiveBuckets, negativeBuckets, customBounds } = histogram
  const isCustom = schema === CUSTOM_BUCKETS_SCHEMA
  if (!isCustom && !(schema >= -4 && schema <= 8)) return `schema ${schema} is not one of -53, -4 … 8`
  for (const side of ['positive', 'negative'] as const) {
    const spans = histogram[`${side}Spans`]
    const wanted = spans.reduce((total, { length }) => total + length, 0)
    const { length } = histogram[`${side}Buckets`]
    if (wanted !== length) return `${side} side: spans need ${wanted} buckets, have ${length}`
    if (spans.some(({ offset }, i) => i > 0 && offset < 0))
      return `${side} side: a span with a negative offset`
  }
  const buckets = [...positiveBuckets, ...negativeBuckets, zeroCount]
  if (buckets.some((bucket) => bucket < 0) || count < 0) return 'a negative count'
  const total = buckets.reduce((a, b) => a + b, 0)
  const tooMany = Number.isNaN(sum) ? total > count : total !== count
  if (tooMany && Math.abs(total - count) > 1e-9 * Math.max(total, count))
    return `${total} observations in the buckets, ${count} in all`
  if (!isCustom) return customBounds.length > 0 ? 'custom bounds with an exponential schema' : undefined
  if (customBounds.some((bound, i) => !(bound > (customBounds[i - 1] ?? -Infinity)) || bound === Infinity))
    return 'custom bounds do not ascend'
  if (positiveBuckets.length > customBounds.length + 1 || negativeBuckets.length > 0 || zeroCount !== 0)
    return 'buckets without a custom bound'
  return undefined
}
