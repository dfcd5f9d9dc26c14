import {
  type CounterResetHint,
  FloatHistogram,
  reduceResolution,
  STALE_HIGH,
  STALE_LOW,
} from '@promontory/model'
import { ChunkEncoding } from '../block/format.ts'
import { BitReader } from './bits.ts'
import { bucketsOf, type HistogramLayout, readLayout } from './histogram-layout.ts'
import { XorColumn } from './xor-column.ts'

const HEADER_BYTES = 3
const GAUGE = 0xc0
const FINEST_SCHEMA = 8

/**
 * Decodes the first `count` samples of a histogram chunk (encoding 2 or 3).
 * @param found  gets each sample; `undefined` is a stale marker
 * @throws RangeError when the bytes end early or contradict themselves
 */
export function decodeHistograms(
  encoding: number,
  data: Uint8Array,
  count: number,
  found: (timeMs: number, histogram: FloatHistogram | undefined) => void,
): void {
  if (count === 0) return
  if (data.length < HEADER_BYTES) throw new RangeError(`a histogram chunk of ${data.length} bytes`)
  const input = new BitReader(data, HEADER_BYTES)
  const layout = readLayout(input)
  const isGauge = (data[2]! & GAUGE) === GAUGE
  const body = encoding === ChunkEncoding.histogram ? new IntegerReader(layout) : new FloatReader(layout)
  let timeMs = 0
  let delta = 0
  for (let n = 0; n < count; n++) {
    if (n === 0) {
      timeMs = input.varint()
      body.readFirst(input)
    } else {
      delta += input.varint()
      timeMs += delta
      body.read(input)
    }
    // Within a chunk of a counter there is no reset; at its start nobody can say.
    const hint = isGauge ? 'gauge' : n === 0 ? 'unknown' : 'not_reset'
    found(timeMs, body.isStale ? undefined : limited(body.histogram(hint)))
  }
}

/** Schemas up to 52 are reserved for finer resolutions than this version computes with. */
function limited(histogram: FloatHistogram): FloatHistogram {
  return histogram.schema > FINEST_SCHEMA ? reduceResolution(histogram, FINEST_SCHEMA) : histogram
}

class IntegerReader {
  readonly #layout: HistogramLayout
  readonly #positive: number
  readonly #sum = new XorColumn(1)
  readonly #values: Float64Array
  readonly #deltas: Float64Array

  constructor(layout: HistogramLayout) {
    this.#layout = layout
    this.#positive = bucketsOf(layout.positiveSpans)
    const words = 2 + this.#positive + bucketsOf(layout.negativeSpans)
    this.#values = new Float64Array(words)
    this.#deltas = new Float64Array(words)
  }

  get isStale(): boolean {
    return this.#sum.high(0) === STALE_HIGH && this.#sum.low(0) === STALE_LOW
  }

  readFirst(input: BitReader): void {
    this.#values[0] = input.uvarint()
    this.#values[1] = input.uvarint()
    this.#sum.readFirst(input, 0)
    for (let i = 2; i < this.#values.length; i++) this.#values[i] = input.varint()
  }

  read(input: BitReader): void {
    this.#advance(input, 0)
    this.#advance(input, 1)
    this.#sum.read(input, 0)
    // A stale marker has no buckets.
    if (!this.isStale) for (let i = 2; i < this.#values.length; i++) this.#advance(input, i)
  }

  #advance(input: BitReader, i: number): void {
    this.#deltas[i]! += input.varint()
    this.#values[i]! += this.#deltas[i]!
  }

  histogram(counterResetHint: CounterResetHint): FloatHistogram {
    return new FloatHistogram({
      ...this.#layout,
      count: this.#values[0]!,
      zeroCount: this.#values[1]!,
      sum: this.#sum.value(0),
      positiveBuckets: absolute(this.#values.subarray(2, 2 + this.#positive)),
      negativeBuckets: absolute(this.#values.subarray(2 + this.#positive)),
      counterResetHint,
    })
  }
}

class FloatReader {
  readonly #layout: HistogramLayout
  readonly #positive: number
  readonly #count: number
  readonly #columns: XorColumn

  constructor(layout: HistogramLayout) {
    this.#layout = layout
    this.#positive = bucketsOf(layout.positiveSpans)
    this.#count = 3 + this.#positive + bucketsOf(layout.negativeSpans)
    this.#columns = new XorColumn(this.#count)
  }

  get isStale(): boolean {
    return this.#columns.high(2) === STALE_HIGH && this.#columns.low(2) === STALE_LOW
  }

  readFirst(input: BitReader): void {
    for (let i = 0; i < this.#count; i++) this.#columns.readFirst(input, i)
  }

  read(input: BitReader): void {
    for (let i = 0; i < 3; i++) this.#columns.read(input, i)
    if (!this.isStale) for (let i = 3; i < this.#count; i++) this.#columns.read(input, i)
  }

  histogram(counterResetHint: CounterResetHint): FloatHistogram {
    const values = (from: number, to: number): number[] =>
      Array.from({ length: to - from }, (_, i) => this.#columns.value(from + i))
    return new FloatHistogram({
      ...this.#layout,
      count: this.#columns.value(0),
      zeroCount: this.#columns.value(1),
      sum: this.#columns.value(2),
      positiveBuckets: values(3, 3 + this.#positive),
      negativeBuckets: values(3 + this.#positive, this.#count),
      counterResetHint,
    })
  }
}

function absolute(differences: Float64Array): number[] {
  let count = 0
  return Array.from(differences, (difference) => (count += difference))
}
