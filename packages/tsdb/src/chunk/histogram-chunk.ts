import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram, STALE_HIGH, STALE_LOW } from '@promontory/model'
import { ChunkEncoding } from '../block/format.ts'
import { BitWriter, wordsOf } from './bits.ts'
import {
  bucketsOf,
  fitSide,
  type HistogramLayout,
  layoutOf,
  spansOf,
  spread,
  writeLayout,
} from './histogram-layout.ts'
import { decodeHistograms } from './histogram-decoder.ts'
import { XorColumn } from './xor-column.ts'

/** A native histogram, or `undefined` for the stale marker of a series of such. */
export type HistogramOrStale = FloatHistogram | undefined

export type HistogramEncoding = typeof ChunkEncoding.histogram | typeof ChunkEncoding.floatHistogram

/** The two highest bits of a histogram chunk's third byte: what happened between the chunk before and this one. */
export const ResetHeader = { unknown: 0, notReset: 0x40, reset: 0x80, gauge: 0xc0 } as const

/** Bytes before the bits: 2 of count, 1 of {@link ResetHeader}. */
export const HISTOGRAM_HEADER_BYTES = 3

/** Whether a histogram can go into a chunk; `reset` is the header for a new chunk if it cannot. */
type Fit =
  | { readonly fits: true; readonly histogram: HistogramOrStale; readonly widened: boolean }
  | { readonly fits: false; readonly reset: number }

/** Where {@link appendHistogram} put a histogram. `recoded`: the chunk was written anew with more buckets. */
export interface Placed {
  readonly chunk: HistogramChunk
  readonly how: 'added' | 'recoded' | 'new'
}

/**
 * Appends to a chunk, or opens a new one where the chunk cannot take the histogram: another schema or zero bucket, a
 * counter reset, a gauge behind a counter.
 * @param chunk  the open chunk; undefined to open one
 * @param previous  the chunk before a new one, of the same encoding: it decides the reset header
 */
export function appendHistogram(
  encoding: HistogramEncoding,
  chunk: HistogramChunk | undefined,
  previous: HistogramChunk | undefined,
  timeMs: number,
  histogram: HistogramOrStale,
): Placed {
  if (chunk === undefined) {
    const started = new HistogramChunk(encoding, headerOfStart(previous, histogram))
    started.write(timeMs, histogram)
    return { chunk: started, how: 'new' }
  }
  const fit = chunk.fit(histogram)
  if (!fit.fits) {
    const gauge = histogram?.counterResetHint === 'gauge'
    const started = new HistogramChunk(encoding, gauge ? ResetHeader.gauge : fit.reset)
    started.write(timeMs, histogram)
    return { chunk: started, how: 'new' }
  }
  if (!fit.widened) {
    chunk.write(timeMs, fit.histogram)
    return { chunk, how: 'added' }
  }
  const recoded = chunk.withLayout(layoutOf(fit.histogram))
  recoded.write(timeMs, fit.histogram)
  return { chunk: recoded, how: 'recoded' }
}

function headerOfStart(previous: HistogramChunk | undefined, histogram: HistogramOrStale): number {
  if (histogram?.counterResetHint === 'gauge') return ResetHeader.gauge
  if (histogram?.counterResetHint === 'reset') return ResetHeader.reset
  if (previous === undefined) return ResetHeader.unknown
  const fit = previous.fit(histogram, false)
  if (fit.fits) return ResetHeader.notReset
  // Upstream's float chunks do not tell "unknown" from "not reset" here.
  const isFloat = previous.encoding === ChunkEncoding.floatHistogram
  return isFloat && fit.reset === ResetHeader.unknown ? ResetHeader.notReset : fit.reset
}

const COUNT = 0
const ZERO_COUNT = 1
const SUM = 2

/**
 * A histogram chunk while it is written: layout first, then per sample time, count, zero count, sum, buckets. Integers are
 * deltas of deltas (buckets: of the differences between neighbours), floats XOR.
 */
export class HistogramChunk {
  readonly encoding: HistogramEncoding
  samples = 0
  /** Whether the head has predicted when this chunk should end. */
  endComputed = false
  last: HistogramOrStale
  readonly #header: number
  readonly #out = new BitWriter(HISTOGRAM_HEADER_BYTES)
  #layout!: HistogramLayout
  #body!: IntegerBody | FloatBody
  #timeMs = 0
  #delta = 0

  constructor(encoding: HistogramEncoding, header: number) {
    this.encoding = encoding
    this.#header = header
    this.#out.set(2, header)
  }

  /** Bits written, the three bytes of the header included. */
  get bits(): number {
    return this.#out.length
  }
  /** The chunk as a block has it. A view. */
  get bytes(): Uint8Array {
    return this.#out.bytes
  }

  /** @param gauge  whether a gauge is to be judged as one */
  fit(histogram: HistogramOrStale, gauge: boolean = histogram?.counterResetHint === 'gauge'): Fit {
    const isFloat = this.encoding === ChunkEncoding.floatHistogram
    const unknown = { fits: false, reset: ResetHeader.unknown } as const
    const reset = { fits: false, reset: ResetHeader.reset } as const
    if ((this.#header === ResetHeader.gauge) !== gauge)
      return isFloat || gauge ? unknown : { fits: false, reset: ResetHeader.notReset }
    if (!gauge && histogram?.counterResetHint === 'reset') return reset
    if (histogram === undefined) return { fits: true, histogram, widened: false }
    const { last } = this
    if (last === undefined) return unknown
    if (!gauge && histogram.count < last.count) return reset
    const layout = this.#layout
    if (histogram.schema !== layout.schema || histogram.zeroThreshold !== layout.zeroThreshold) return unknown
    if (layout.schema === CUSTOM_BUCKETS_SCHEMA && !sameBounds(layout, histogram)) return reset
    if (!gauge && histogram.zeroCount < last.zeroCount) return reset
    return this.#fitBuckets(histogram, last, gauge) ?? reset
  }

  /** @returns undefined when a bucket of a counter went down */
  #fitBuckets(histogram: FloatHistogram, last: FloatHistogram, gauge: boolean): Fit | undefined {
    const { positiveSpans, negativeSpans } = this.#layout
    const positive = fitSide(positiveSpans, last.positiveBuckets, histogram.positiveSpans, histogram.positiveBuckets) // prettier-ignore
    const negative = fitSide(negativeSpans, last.negativeBuckets, histogram.negativeSpans, histogram.negativeBuckets) // prettier-ignore
    if (!gauge && (positive.decreased || negative.decreased)) return undefined
    const widened = positive.widensChunk || negative.widensChunk
    if (!positive.lacks && !negative.lacks) return { fits: true, histogram, widened }
    const joined = (side: typeof positive, own: FloatHistogram['positiveSpans']): typeof own =>
      gauge || side.lacks ? spansOf(side.union) : own
    const spans =
      widened || gauge
        ? { positiveSpans: joined(positive, histogram.positiveSpans), negativeSpans: joined(negative, histogram.negativeSpans) } // prettier-ignore
        : { positiveSpans, negativeSpans }
    return { fits: true, histogram: relaidOut(histogram, spans), widened }
  }

  /** The same samples with more (empty) buckets. */
  withLayout(layout: HistogramLayout): HistogramChunk {
    const wider = new HistogramChunk(this.encoding, this.#header)
    wider.endComputed = this.endComputed
    decodeHistograms(this.encoding, this.bytes, this.samples, (timeMs, histogram) =>
      wider.write(timeMs, histogram === undefined ? undefined : relaidOut(histogram, layout)),
    )
    return wider
  }

  /** Appends what {@link fit} has let through. */
  write(timeMs: number, histogram: HistogramOrStale): void {
    const out = this.#out
    if (this.samples === 0) {
      this.#layout = layoutOf(histogram)
      const [positive, negative] = [this.#layout.positiveSpans, this.#layout.negativeSpans].map(bucketsOf)
      this.#body =
        this.encoding === ChunkEncoding.histogram
          ? new IntegerBody(positive!, negative!)
          : new FloatBody(positive! + negative!)
      writeLayout(out, this.#layout)
      out.varint(timeMs)
      this.#body.writeFirst(out, histogram)
    } else {
      const delta = timeMs - this.#timeMs
      out.varint(delta - this.#delta)
      this.#delta = delta
      this.#body.write(out, histogram)
    }
    this.#timeMs = timeMs
    this.last = histogram
    this.samples++
    out.set(0, this.samples >>> 8)
    out.set(1, this.samples & 255)
  }
}

const NO_BUCKETS: readonly number[] = []

function sumWords(histogram: HistogramOrStale): readonly [number, number] {
  return histogram === undefined ? [STALE_HIGH, STALE_LOW] : wordsOf(histogram.sum)
}

/** Integers: deltas of deltas. */
class IntegerBody {
  readonly #positive: number
  readonly #sum = new XorColumn(1)
  /** Count, zero count, then buckets: last value and last delta. */
  readonly #values: Float64Array
  readonly #deltas: Float64Array

  constructor(positive: number, negative: number) {
    this.#positive = positive
    this.#values = new Float64Array(2 + positive + negative)
    this.#deltas = new Float64Array(2 + positive + negative)
  }

  writeFirst(out: BitWriter, histogram: HistogramOrStale): void {
    const { count = 0, zeroCount = 0 } = histogram ?? {}
    out.uvarint(count)
    out.uvarint(zeroCount)
    this.#values[COUNT] = count
    this.#values[ZERO_COUNT] = zeroCount
    this.#sum.writeFirst(out, 0, ...sumWords(histogram))
    this.#eachBucket(histogram, (i, difference) => {
      out.varint(difference)
      this.#values[i] = difference
    })
  }

  write(out: BitWriter, histogram: HistogramOrStale): void {
    const { count = 0, zeroCount = 0 } = histogram ?? {}
    for (const [i, value] of [count, zeroCount].entries()) {
      const delta = value - this.#values[i]!
      // A marker has no counts: nothing is written, though the deltas move on.
      out.varint(histogram === undefined ? 0 : delta - this.#deltas[i]!)
      this.#values[i] = value
      this.#deltas[i] = delta
    }
    this.#sum.write(out, 0, ...sumWords(histogram))
    this.#eachBucket(histogram, (i, difference) => {
      const delta = difference - this.#values[i]!
      out.varint(delta - this.#deltas[i]!)
      this.#values[i] = difference
      this.#deltas[i] = delta
    })
  }

  /** Hands out the differences between neighbouring buckets, which is what is written. */
  #eachBucket(histogram: HistogramOrStale, found: (index: number, difference: number) => void): void {
    let before = 0
    const side = (counts: readonly number[], at: number): void => {
      before = 0
      counts.forEach((count, i) => {
        found(at + i, count - before)
        before = count
      })
    }
    side(histogram?.positiveBuckets ?? NO_BUCKETS, 2)
    side(histogram?.negativeBuckets ?? NO_BUCKETS, 2 + this.#positive)
  }
}

/** Floats: XOR with the last value. */
class FloatBody {
  readonly #columns: XorColumn

  constructor(buckets: number) {
    this.#columns = new XorColumn(3 + buckets)
  }

  writeFirst(out: BitWriter, histogram: HistogramOrStale): void {
    this.#each(histogram, (i, high, low) => this.#columns.writeFirst(out, i, high, low))
  }

  write(out: BitWriter, histogram: HistogramOrStale): void {
    this.#each(histogram, (i, high, low) => this.#columns.write(out, i, high, low))
  }

  #each(histogram: HistogramOrStale, found: (index: number, high: number, low: number) => void): void {
    found(COUNT, ...wordsOf(histogram?.count ?? 0))
    found(ZERO_COUNT, ...wordsOf(histogram?.zeroCount ?? 0))
    found(SUM, ...sumWords(histogram))
    let at = 3
    for (const side of [histogram?.positiveBuckets ?? NO_BUCKETS, histogram?.negativeBuckets ?? NO_BUCKETS])
      for (const count of side) found(at++, ...wordsOf(count))
  }
}

function sameBounds(a: HistogramLayout, b: HistogramLayout): boolean {
  return (
    a.customBounds.length === b.customBounds.length &&
    a.customBounds.every((bound, i) => bound === b.customBounds[i])
  )
}

/** The histogram with an empty bucket wherever `spans` have one that it lacks. */
function relaidOut(
  histogram: FloatHistogram,
  { positiveSpans, negativeSpans }: Pick<HistogramLayout, 'positiveSpans' | 'negativeSpans'>,
): FloatHistogram {
  return new FloatHistogram({
    schema: histogram.schema,
    zeroThreshold: histogram.zeroThreshold,
    zeroCount: histogram.zeroCount,
    count: histogram.count,
    sum: histogram.sum,
    positiveSpans,
    positiveBuckets: spread(histogram.positiveBuckets, histogram.positiveSpans, positiveSpans),
    negativeSpans,
    negativeBuckets: spread(histogram.negativeBuckets, histogram.negativeSpans, negativeSpans),
    customBounds: histogram.customBounds,
    counterResetHint: histogram.counterResetHint,
  })
}
