import type { Labels } from '@promontory/model'
import type { SeriesEntry } from './index-reader.ts'

/** A series record as the cache keeps it: lists of chunk objects would take five times as much. */
export interface CachedSeries {
  /** The same object in all blocks whose records came into the cache together. */
  readonly labels: Labels
  /** In [from, to): reference, first and last time in ms of each chunk; shared with other series. */
  readonly numbers: Float64Array
  readonly from: number
  readonly to: number
}

/** Numbers for each chunk in {@link CachedSeries}. */
export const NUMBERS = 3

/** Numbers that are allocated at once: an array for each series would be work for the garbage collector. */
const SLAB_NUMBERS = 16_384
/** Estimated bytes of a record without its numbers, and of labels without their pairs. */
const RECORD_BYTES = 120
const LABELS_BYTES = 250

/**
 * The series records of blocks that the queries of a thread decode again and again, by a number, bounded by weight. Two generations: the
 * older one goes when the younger has half of the weight.
 */
export class SeriesCache {
  readonly #bytesMax: number
  #young = new Generation()
  #old = new Generation()

  /** @param bytes  estimated, of both generations */
  constructor(bytes: number) {
    this.#bytesMax = bytes / 2
  }

  get(key: number, decode: () => SeriesEntry): CachedSeries {
    const young = this.#young.records.get(key)
    if (young !== undefined) return young
    const old = this.#old.records.get(key)
    if (this.#young.bytes > this.#bytesMax) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    if (old !== undefined) return this.#young.add(key, old.labels, old.numbers.subarray(old.from, old.to))
    const { labels, chunks } = decode()
    const numbers = chunks.flatMap(({ ref, minTimeMs, maxTimeMs }) => [ref, minTimeMs, maxTimeMs])
    return this.#young.add(key, labels, numbers)
  }
}

class Generation {
  readonly records = new Map<number, CachedSeries>()
  readonly #labels = new Map<string, Labels>()
  #slab = new Float64Array(0)
  #used = 0
  bytes = 0

  add(key: number, labels: Labels, numbers: ArrayLike<number>): CachedSeries {
    if (this.#used + numbers.length > this.#slab.length) {
      this.#slab = new Float64Array(Math.max(SLAB_NUMBERS, numbers.length))
      this.#used = 0
    }
    const from = this.#used
    this.#slab.set(numbers, from)
    this.#used += numbers.length
    const record = { labels: this.#same(labels), numbers: this.#slab, from, to: this.#used }
    this.bytes += RECORD_BYTES + 8 * numbers.length
    this.records.set(key, record)
    return record
  }

  /** The labels that an equal record of another block has: merging then compares pointers. */
  #same(labels: Labels): Labels {
    const known = this.#labels.get(labels.key())
    if (known !== undefined) return known
    this.#labels.set(labels.key(), labels)
    this.bytes += LABELS_BYTES + 8 * labels.pairs.length + labels.key().length
    return labels
  }
}

/** Whether any chunk has samples in [startMs, endMs]. */
export function hasChunksIn({ numbers, from, to }: CachedSeries, startMs: number, endMs: number): boolean {
  for (let i = from; i < to; i += NUMBERS)
    if (numbers[i + 1]! <= endMs && numbers[i + 2]! >= startMs) return true
  return false
}

/** The chunks with samples in [startMs, endMs] that `isSkipped` does not rule out, oldest first: a part of `numbers`, or a copy. */
export function chunksIn(
  series: CachedSeries,
  startMs: number,
  endMs: number,
  isSkipped?: (minTimeMs: number, maxTimeMs: number) => boolean,
): Pick<CachedSeries, 'numbers' | 'from' | 'to'> {
  const { numbers, to } = series
  let { from } = series
  while (from < to && numbers[from + 2]! < startMs) from += NUMBERS
  let end = to
  while (end > from && numbers[end - 2]! > endMs) end -= NUMBERS
  if (isSkipped === undefined) return { numbers, from, to: end }
  const kept: number[] = []
  for (let i = from; i < end; i += NUMBERS)
    if (!isSkipped(numbers[i + 1]!, numbers[i + 2]!)) kept.push(numbers[i]!, numbers[i + 1]!, numbers[i + 2]!)
  return { numbers: Float64Array.from(kept), from: 0, to: kept.length }
}
