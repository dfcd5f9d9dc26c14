import { instantiateKernels } from '@promontory/kernels'
import { loadKernelModule } from '@promontory/kernels/node'
import type { SampleColumns } from '@promontory/model'
import type { ChunkToWrite } from '../block/block-writer.ts'
import { ChunkEncoding, JOINED_SAMPLES_MAX } from '../block/format.ts'
import { appendHistogram, type HistogramChunk, type HistogramEncoding } from './histogram-chunk.ts'

const SAMPLES_PER_CHUNK = 120
/** Prometheus cuts at twice what it aims at, and merged blocks of ours have as many. */
const SAMPLES_PER_CHUNK_MAX: number = JOINED_SAMPLES_MAX
const STATE_AT = 65536
const TIMES_AT = 131072
const VALUES_AT: number = TIMES_AT + 8 * SAMPLES_PER_CHUNK_MAX
const CHUNK_AT: number = VALUES_AT + 8 * SAMPLES_PER_CHUNK_MAX
const CHUNK_BYTES_MAX: number = columnBytesMax(SAMPLES_PER_CHUNK_MAX)

/** Bytes to keep free for a chunk of so many floats: the first takes 20 at most, each further one 19, and the encoder stores whole words. */
export function columnBytesMax(samples: number): number {
  return 64 + 19 * samples
}

/** Encodes columns as chunks of at most 120 samples, each of one encoding. */
export class ChunkEncoder {
  readonly #kernels
  readonly #u8: Uint8Array
  readonly #samplesPerChunk: number
  /** @param samplesPerChunk  at most {@link SAMPLES_PER_CHUNK_MAX}; another number than 120 is for those that compare */
  constructor(samplesPerChunk: number = SAMPLES_PER_CHUNK) {
    this.#samplesPerChunk = Math.min(samplesPerChunk, SAMPLES_PER_CHUNK_MAX)
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true })
    this.#kernels = instantiateKernels(loadKernelModule(), memory).kernels
    this.#u8 = new Uint8Array(memory.buffer)
  }

  /**
   * @param encodingOf  {@link ChunkEncoding} of each sample; floats when absent
   * @param rangeMs  chunks do not cross its multiples
   */
  encode(
    columns: SampleColumns,
    encodingOf: (index: number) => number = () => ChunkEncoding.xor,
    rangeMs: number = Infinity,
  ): ChunkToWrite[] {
    const chunks: ChunkToWrite[] = []
    for (let from = 0; from < columns.length;) {
      const encoding = encodingOf(from)
      const endMs =
        rangeMs === Infinity ? Infinity : (Math.floor(columns.timesMs[from]! / rangeMs) + 1) * rangeMs
      let to = from + 1
      while (to < columns.length && encodingOf(to) === encoding && columns.timesMs[to]! < endMs) to++
      if (encoding === ChunkEncoding.xor) this.#encodeFloats(columns, from, to, chunks)
      else encodeHistograms(encoding as HistogramEncoding, columns, from, to, chunks)
      from = to
    }
    return chunks
  }

  #encodeFloats(columns: SampleColumns, from: number, to: number, chunks: ChunkToWrite[]): void {
    for (let at = from; at < to; at += this.#samplesPerChunk) {
      const count = Math.min(this.#samplesPerChunk, to - at)
      this.#u8.fill(0, STATE_AT, STATE_AT + 64)
      this.#u8.fill(0, CHUNK_AT, CHUNK_AT + CHUNK_BYTES_MAX)
      this.#u8.set(bytesOf(columns.timesMs, at, count), TIMES_AT)
      this.#u8.set(bytesOf(columns.values, at, count), VALUES_AT)
      const length = this.#kernels.xorEncode(STATE_AT, CHUNK_AT, TIMES_AT, VALUES_AT, count)
      chunks.push({
        encoding: ChunkEncoding.xor,
        data: this.#u8.slice(CHUNK_AT, CHUNK_AT + length),
        samples: count,
        minTimeMs: columns.timesMs[at]!,
        maxTimeMs: columns.timesMs[at + count - 1]!,
      })
    }
  }
}

function encodeHistograms(
  encoding: HistogramEncoding,
  columns: SampleColumns,
  from: number,
  to: number,
  chunks: ChunkToWrite[],
): void {
  let chunk: HistogramChunk | undefined
  let startMs = 0
  const finish = (endMs: number): void => {
    if (chunk !== undefined)
      chunks.push({
        encoding,
        data: chunk.bytes.slice(),
        samples: chunk.samples,
        minTimeMs: startMs,
        maxTimeMs: endMs,
      })
  }
  for (let i = from; i < to; i++) {
    const timeMs = columns.timesMs[i]!
    const open = chunk === undefined || chunk.samples >= SAMPLES_PER_CHUNK ? undefined : chunk
    const placed = appendHistogram(encoding, open, chunk, timeMs, columns.histograms?.[i])
    if (placed.how === 'new') {
      finish(columns.timesMs[i - 1]!)
      startMs = timeMs
    }
    chunk = placed.chunk
  }
  finish(columns.timesMs[to - 1]!)
}

function bytesOf(column: Float64Array, at: number, count: number): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset + 8 * at, 8 * count)
}
