import type { OtlpBuckets, OtlpMetric, OtlpPoint } from '@promontory/wire'

/** Series whose sums are kept; beyond that the ones longest unheard of go. */
const STATES_MAX = 500_000

/**
 * Adds up deltas: SDKs that send what happened since the last time become counters that only rise. After a restart of ours the
 * sums begin anew, which `rate` takes for a counter reset.
 */
export class DeltaSums {
  readonly #states = new Map<string, OtlpPoint>()

  /** @returns the sum so far, undefined when the point is older than what was added already */
  add(key: string, kind: OtlpMetric['kind'], point: OtlpPoint): OtlpPoint | undefined {
    const before = this.#states.get(key)
    if (before !== undefined && point.timeMs <= before.timeMs) return undefined
    const sum =
      before === undefined || !isSummable(kind, before, point) ? point : addPoints(kind, before, point)
    // Anew at the end: the first of the map is the one longest unheard of.
    this.#states.delete(key)
    this.#states.set(key, sum)
    if (this.#states.size > STATES_MAX) this.#states.delete(this.#states.keys().next().value!)
    return sum
  }
}

/** Other bounds begin a new sum, as a reset does. */
function isSummable(kind: OtlpMetric['kind'], a: OtlpPoint, b: OtlpPoint): boolean {
  if (kind === 'histogram')
    return a.bounds.length === b.bounds.length && a.bounds.every((bound, i) => bound === b.bounds[i])
  return kind !== 'exponential' || a.zeroThreshold === b.zeroThreshold
}

function addPoints(kind: OtlpMetric['kind'], a: OtlpPoint, b: OtlpPoint): OtlpPoint {
  const sum = a.sum === undefined || b.sum === undefined ? undefined : a.sum + b.sum
  const common = { ...b, startMs: a.startMs, value: a.value + b.value, count: a.count + b.count, sum }
  if (kind === 'histogram')
    return { ...common, bucketCounts: b.bucketCounts.map((count, i) => count + (a.bucketCounts[i] ?? 0)) }
  if (kind !== 'exponential') return common
  const scale = Math.min(a.scale, b.scale)
  return {
    ...common,
    scale,
    zeroCount: a.zeroCount + b.zeroCount,
    positive: addBuckets(coarser(a.positive, a.scale - scale), coarser(b.positive, b.scale - scale)),
    negative: addBuckets(coarser(a.negative, a.scale - scale), coarser(b.negative, b.scale - scale)),
  }
}

function coarser({ offset, counts }: OtlpBuckets, by: number): OtlpBuckets {
  if (by === 0 || counts.length === 0) return { offset, counts }
  const width = 2 ** by
  const first = Math.floor(offset / width)
  const merged: number[] = []
  counts.forEach((count, i) => {
    const at = Math.floor((offset + i) / width) - first
    merged[at] = (merged[at] ?? 0) + count
  })
  return { offset: first, counts: merged }
}

/** Buckets between the two of them; a message with far apart offsets cannot make this long. */
const SPREAD_MAX = 20_000

function addBuckets(a: OtlpBuckets, b: OtlpBuckets): OtlpBuckets {
  if (a.counts.length === 0) return b
  if (b.counts.length === 0) return a
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  if (end - offset > SPREAD_MAX) return b
  const counts = Array.from({ length: end - offset }, (_, i) => {
    const index = offset + i
    return (a.counts[index - a.offset] ?? 0) + (b.counts[index - b.offset] ?? 0)
  })
  return { offset, counts }
}
