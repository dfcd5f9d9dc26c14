import { type FloatHistogram, Labels, Matcher, SampleColumns, type SeriesSet } from '@promontory/model'
import { crc32c, type TsdbReader } from '@promontory/tsdb'
import { ChunkEncoder, ChunkEncoding } from '@promontory/tsdb/block'
import {
  compressSnappy,
  encodeChunkedSeries,
  encodeFrame,
  encodeReadResponse,
  type OutgoingHistogram,
  type OutgoingSeries,
  type ReadChunk,
  type ReadQuery,
} from '@promontory/wire'
import type { QueryTask } from './protocol.ts'

type ReadTask = QueryTask & { kind: 'remoteRead' }

/** What a remote read of another server is answered with: samples as one snappy message, or a stream of frames with chunks. */
export async function remoteRead(reader: TsdbReader, task: ReadTask): Promise<Uint8Array<ArrayBuffer>> {
  const external = Labels.fromSorted(task.externalLabels)
  const answer = task.streamed ? new ChunkAnswer(task.frameBytes) : new SampleAnswer(task.sampleLimit)
  for (const [index, query] of task.queries.entries()) {
    const querier = reader.querier(query)
    try {
      const [set] = await querier.select([{ ...query, matchers: matchersOf(query, external) }])
      answer.query(index)
      readSet(set!, external, (labels, columns) => answer.series(index, labels, columns))
    } finally {
      querier.close()
    }
  }
  return new Uint8Array(answer.finish())
}

/** Series carry the external labels when they leave, so a condition on one of them is met already. */
function matchersOf({ matchers }: ReadQuery, external: Labels): Matcher[] {
  return matchers
    .filter(
      ({ operator, name, value }) => !(operator === '=' && external.get(name) === value && value !== ''),
    )
    .map(({ operator, name, value }) => new Matcher(operator, name, value))
}

function readSet(
  set: SeriesSet,
  external: Labels,
  found: (labels: Labels, columns: SampleColumns) => void,
): void {
  const columns = new SampleColumns()
  for (let i = 0; i < set.length; i++) {
    set.read(i, columns)
    if (columns.length === 0) continue
    found(external.size === 0 ? set.labels(i) : Labels.from([...external, ...set.labels(i)]), columns)
  }
}

/** By the number that the protocol has for them. */
const HINTS = ['unknown', 'reset', 'not_reset', 'gauge']

class SampleAnswer {
  readonly #results: OutgoingSeries[][] = []
  readonly #limit: number
  #samples = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  query(index: number): void {
    this.#results[index] = []
  }

  series(index: number, labels: Labels, columns: SampleColumns): void {
    this.#samples += columns.length
    if (this.#samples > this.#limit) throw new Error(`exceeded sample limit (${this.#limit})`)
    const samples: OutgoingSeries['samples'][number][] = []
    const histograms: OutgoingHistogram[] = []
    for (let i = 0; i < columns.length; i++) {
      const timeMs = columns.timesMs[i]!
      const histogram = columns.histograms?.[i]
      if (histogram !== undefined) histograms.push(histogramMessage(histogram, timeMs))
      else samples.push({ timeMs, low: columns.bits[2 * i]!, high: columns.bits[2 * i + 1]! })
    }
    this.#results[index]!.push({ labels: labels.pairs, samples, histograms, exemplars: [] })
  }

  finish(): Buffer {
    return compressSnappy(encodeReadResponse(this.#results))
  }
}

function histogramMessage(histogram: FloatHistogram, timeMs: number): OutgoingHistogram {
  const { counterResetHint, ...fields } = histogram
  return { ...fields, timeMs, isInteger: false, resetHint: Math.max(0, HINTS.indexOf(counterResetHint)) }
}

class ChunkAnswer {
  readonly #encoder = new ChunkEncoder()
  readonly #frames: Buffer[] = []
  readonly #frameBytes: number

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes
  }

  query(): void {
    // Frames name their query.
  }

  series(index: number, labels: Labels, columns: SampleColumns): void {
    let chunks: ReadChunk[] = []
    let bytes = 0
    const flush = (): void => {
      const message = encodeChunkedSeries(labels.pairs, chunks, index)
      this.#frames.push(encodeFrame(message, crc32c(message)))
      chunks = []
      bytes = 0
    }
    for (const chunk of this.#encoder.encode(columns, (i) => encodingOf(columns, i))) {
      chunks.push(chunk)
      bytes += chunk.data.length
      if (bytes >= this.#frameBytes) flush()
    }
    if (chunks.length > 0) flush()
  }

  finish(): Buffer {
    return Buffer.concat(this.#frames)
  }
}

/** A stale marker is a float everywhere. */
function encodingOf(columns: SampleColumns, index: number): number {
  return columns.histograms?.[index] === undefined ? ChunkEncoding.xor : ChunkEncoding.floatHistogram
}
