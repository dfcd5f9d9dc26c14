import { SampleColumns } from '@promontory/model'
import { Cursor } from '../block/cursor.ts'
import { Section } from '../block/file-writer.ts'
import { ChunkEncoding } from '../block/format.ts'
import type { ChunkToWrite } from '../block/block-writer.ts'
import type { ChunkDecoder } from '../chunk-decoder.ts'
import type { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { AggregateRows } from './aggregates.ts'

/** Rows of a chunk: its counter has two samples more, and an XOR chunk of ours 120 at most. */
const ROWS_PER_CHUNK = 118

/** The chunks inside of an aggregate chunk, in the order of Thanos's format. */
const AGGREGATES = ['count', 'sum', 'min', 'max', 'counter'] as const
export type Aggregate = (typeof AGGREGATES)[number]

/**
 * Encodes rows as Thanos's aggregate chunks: five XOR chunks each, for each its length, encoding and data; a length of 0 for one that is absent. The
 * counter's has the first sample before its rows and behind them, at the time of the last one, what the counter really read last: so a reset
 * between two chunks is seen.
 */
export function encodeAggregates(rows: AggregateRows, encoder: ChunkEncoder): ChunkToWrite[] {
  const chunks: ChunkToWrite[] = []
  for (let from = 0; from < rows.length; from += ROWS_PER_CHUNK) {
    const to = Math.min(rows.length, from + ROWS_PER_CHUNK)
    const section = new Section()
    for (const column of [rows.counts, rows.sums, rows.mins, rows.maxs])
      writePart(section, encoder, rows.timesMs.slice(from, to), column.slice(from, to))
    writePart(section, encoder, ...counterSamples(rows, from, to))
    chunks.push({
      encoding: ChunkEncoding.aggregates,
      data: Uint8Array.from(section.data),
      samples: to - from,
      minTimeMs: rows.timesMs[from]!,
      maxTimeMs: rows.timesMs[to - 1]!,
    })
  }
  return chunks
}

/** The counter in the rows [from, to), with what stands before and behind them. Inside of a series one chunk goes on where the last one ended. */
function counterSamples(rows: AggregateRows, from: number, to: number): [number[], number[]] {
  const { timesMs, counters } = rows
  const times = timesMs.slice(from, to)
  const values = counters.slice(from, to)
  const opening = from === 0 ? [rows.firstTimeMs, rows.first] : [timesMs[from - 1]! + 1, counters[from - 1]!]
  const closing = to === rows.length ? rows.last : counters[to - 1]!
  return [
    [opening[0]!, ...times, timesMs[to - 1]!],
    [opening[1]!, ...values, closing],
  ]
}

function writePart(
  section: Section,
  encoder: ChunkEncoder,
  times: readonly number[],
  values: readonly number[],
): void {
  const columns = new SampleColumns()
  columns.setArrays(Float64Array.from(times), Float64Array.from(values))
  columns.length = times.length
  const { data } = encoder.encode(columns)[0]!
  section.uvarint(data.length)
  section.bytes(Uint8Array.of(ChunkEncoding.xor))
  section.bytes(data)
}

/** Reads the chunks of one series, one behind the other. */
export class AggregateReader {
  readonly rows: AggregateRows = new AggregateRows()
  readonly #decoder: ChunkDecoder
  readonly #columns = new SampleColumns()

  /** @param decoder  for the chunks inside: not one that is being filled */
  constructor(decoder: ChunkDecoder) {
    this.#decoder = decoder
  }

  /**
   * @param data  of an aggregate chunk
   * @throws RangeError when it does not decode
   */
  add(data: Uint8Array): void {
    const parts = splitParts(data)
    const first = this.rows.length
    this.#column(parts.count, (timeMs, value) => {
      this.rows.timesMs.push(timeMs)
      this.rows.counts.push(value)
    })
    this.#column(parts.sum, (_, value) => this.rows.sums.push(value))
    this.#column(parts.min, (_, value) => this.rows.mins.push(value))
    this.#column(parts.max, (_, value) => this.rows.maxs.push(value))
    this.#counter(parts.counter, first)
    for (const column of [this.rows.sums, this.rows.mins, this.rows.maxs, this.rows.counters])
      if (column.length !== this.rows.length) throw new RangeError('aggregates of different lengths')
  }

  #column(part: Uint8Array, use: (timeMs: number, value: number) => void): void {
    const samples = new DataView(part.buffer, part.byteOffset, 2).getUint16(0)
    this.#decoder.begin()
    if (this.#decoder.addXor(part, samples) !== samples) throw new RangeError('an aggregate ends early')
    const columns = this.#columns
    this.#decoder.finish(columns, -Infinity, Infinity)
    for (let i = 0; i < columns.length; i++) use(columns.timesMs[i]!, columns.values[i]!)
  }

  /** Undoes the resets between chunks; those inside are undone in what they hold. */
  #counter(part: Uint8Array, firstRow: number): void {
    const { rows } = this
    const { timesMs, counters } = rows
    let row = firstRow
    let total = counters.at(-1) ?? NaN
    let lastMs = -Infinity
    let last = rows.last
    this.#column(part, (timeMs, value) => {
      if (timeMs === lastMs) {
        last = value
        return
      }
      if (Number.isNaN(total)) {
        total = value
        rows.firstTimeMs = timeMs
        rows.first = value
      } else total += value < last ? value : value - last
      lastMs = timeMs
      last = value
      if (timesMs[row] === timeMs) {
        counters.push(total)
        row++
      }
    })
    rows.last = last
  }
}

function splitParts(data: Uint8Array): Record<Aggregate, Uint8Array> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
  const cursor = new Cursor(bytes)
  const parts: Partial<Record<Aggregate, Uint8Array>> = {}
  for (const name of AGGREGATES) {
    const length = cursor.uvarint()
    if (length < 2) throw new RangeError(`an aggregate chunk without its ${name}`)
    const encoding = bytes[cursor.at]
    if (encoding !== ChunkEncoding.xor) throw new RangeError(`encoding ${encoding} of the ${name}`)
    const end = cursor.at + 1 + length
    if (end > bytes.length) throw new RangeError('an aggregate chunk ends early')
    parts[name] = data.subarray(cursor.at + 1, end)
    cursor.at = end
  }
  return parts as Record<Aggregate, Uint8Array>
}
