import { FloatHistogram, Labels, SampleColumns, STALE_HIGH, STALE_LOW } from '@promontory/model'
import { histogramFault, isStaleSum, toHistogram } from '@promontory/remote'
import { crc32c } from '@promontory/tsdb'
import { ChunkEncoder, ChunkEncoding, type ChunkSpool } from '@promontory/tsdb/block'
import {
  compressSnappy,
  decodeChunkedSeries,
  decodeReadResponse,
  encodeReadRequest,
  FrameReader,
  type ReadMatcher,
  uncompressSnappy,
  WireError,
} from '@promontory/wire'
import type { ServerClient } from './server-client.ts'

/** An answer in samples may have so many bytes, compressed and not. Where a window has more, it is asked for in parts. */
const SAMPLES_BYTES_MAX = 256 * 1024 * 1024
/** No window is cut into parts that are shorter. */
const PART_MS_MIN = 10_000

/** The server does not speak remote read. */
export class NoRemoteReadError extends Error {
  override readonly name = 'NoRemoteReadError'
}

/** The server refuses to give as much as there is in a part. */
class TooMuchError extends Error {
  override readonly name = 'TooMuchError'
}

export interface ReadWindow {
  readonly startMs: number
  /** Inclusive. */
  readonly endMs: number
  readonly matchers: readonly ReadMatcher[]
  /** Ask for chunks, which servers stream; samples otherwise. */
  readonly takesChunks: boolean
  /** Labels that series lose: a server adds its `external_labels`. */
  readonly dropped: ReadonlySet<string>
  /** Gets histograms that are not whole: Prometheus 3.5 sends custom buckets without their bounds when samples are asked for. */
  readonly leftOut: (labels: Labels, fault: string) => void
}

/**
 * Reads series by remote read into a spool: chunks as they stream in, or samples, in as many parts as the server needs.
 * @throws NoRemoteReadError, WireError, Error for what the server answers else
 */
export async function readWindow(server: ServerClient, window: ReadWindow, spool: ChunkSpool): Promise<void> {
  const { startMs, endMs } = window
  try {
    await readPart(server, window, spool)
  } catch (error) {
    if (!(error instanceof TooMuchError) || endMs - startMs < 2 * PART_MS_MIN) throw error
    const middle = Math.floor((startMs + endMs) / 2)
    await readWindow(server, { ...window, endMs: middle }, spool)
    await readWindow(server, { ...window, startMs: middle + 1 }, spool)
  }
}

async function readPart(server: ServerClient, window: ReadWindow, spool: ChunkSpool): Promise<void> {
  const { status, statusText, headers, body } = await server.stream(readPath(server), {
    body: compressSnappy(encodeReadRequest([window], window.takesChunks)),
    headers: {
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'accept-encoding': 'snappy',
      'x-prometheus-remote-read-version': '0.1.0',
    },
  })
  const type = headers['content-type'] ?? ''
  if (status < 200 || status > 299) throw refusal(server, status, statusText, await beginning(body))
  if (type.startsWith('application/x-streamed-protobuf')) return readChunks(body, window, spool)
  if (!type.startsWith('application/x-protobuf'))
    throw new NoRemoteReadError(`${server.url} answers a remote read with ${type || 'no content type'}`)
  readSamples(uncompressed(await whole(body)), window, spool)
}

function uncompressed(body: Buffer): Buffer {
  try {
    return uncompressSnappy(body, SAMPLES_BYTES_MAX)
  } catch (error) {
    const isTooLong = error instanceof WireError && /is longer than/.test(error.message)
    throw isTooLong ? new TooMuchError(error.message) : error
  }
}

function readPath({ url }: ServerClient): string {
  return url.endsWith('/read') ? '' : '/api/v1/read'
}

function refusal(server: ServerClient, status: number, statusText: string, text: string): Error {
  const message = `${server.url} answered a remote read with ${statusText}: ${text.trim()}`
  if (status === 404 || status === 405 || status === 501 || /unsupported path/i.test(text))
    return new NoRemoteReadError(message)
  return /sample limit|too (large|many)/i.test(text) || status === 413
    ? new TooMuchError(message)
    : new Error(message)
}

async function readChunks(
  body: AsyncIterable<Uint8Array>,
  window: ReadWindow,
  spool: ChunkSpool,
): Promise<void> {
  const frames = new FrameReader((bytes) => crc32c(bytes))
  for await (const piece of body)
    for (const message of frames.push(piece))
      decodeChunkedSeries(message, (pairs, chunks) => spool.add(labelsOf(pairs, window), chunks))
  frames.end()
}

function labelsOf(pairs: readonly string[], { dropped }: ReadWindow): Labels {
  const kept: [string, string][] = []
  for (let i = 0; i + 1 < pairs.length; i += 2)
    if (!dropped.has(pairs[i]!)) kept.push([pairs[i]!, pairs[i + 1]!])
  return Labels.from(kept)
}

/** Samples of one series as they came. */
class ReceivedSeries {
  readonly labels: Labels
  readonly #encoder: ChunkEncoder
  readonly #timesMs: number[] = []
  readonly #words: number[] = []
  readonly #histograms: (FloatHistogram | undefined)[] = []
  readonly #encodings: number[] = []

  constructor(labels: Labels, encoder: ChunkEncoder) {
    this.labels = labels
    this.#encoder = encoder
  }

  push(timeMs: number, low: number, high: number): void {
    this.#add(timeMs, low, high, undefined, ChunkEncoding.xor)
  }

  /** @param histogram  undefined for a stale marker */
  pushHistogram(timeMs: number, histogram: FloatHistogram | undefined, isFloat: boolean): void {
    const encoding = isFloat ? ChunkEncoding.floatHistogram : ChunkEncoding.histogram
    this.#add(timeMs, STALE_LOW, STALE_HIGH, histogram, encoding)
  }

  #add(
    timeMs: number,
    low: number,
    high: number,
    histogram: FloatHistogram | undefined,
    encoding: number,
  ): void {
    this.#timesMs.push(timeMs)
    this.#words.push(low, high)
    this.#histograms.push(histogram)
    this.#encodings.push(encoding)
  }

  /** Floats come before histograms in an answer: sorted here. */
  storeIn(spool: ChunkSpool): void {
    const order = [...this.#timesMs.keys()].sort((a, b) => this.#timesMs[a]! - this.#timesMs[b]!)
    const columns = new SampleColumns()
    columns.reserve(order.length)
    columns.length = order.length
    columns.histograms = order.map((i) => this.#histograms[i])
    for (const [to, from] of order.entries()) {
      columns.timesMs[to] = this.#timesMs[from]!
      columns.bits[2 * to] = this.#words[2 * from]!
      columns.bits[2 * to + 1] = this.#words[2 * from + 1]!
    }
    spool.add(
      this.labels,
      this.#encoder.encode(columns, (i) => this.#encodings[order[i]!]!),
    )
  }
}

function readSamples(message: Buffer, window: ReadWindow, spool: ChunkSpool): void {
  const encoder = new ChunkEncoder()
  let open: ReceivedSeries | undefined
  decodeReadResponse(message, {
    series: (_query, pairs) => {
      open?.storeIn(spool)
      open = new ReceivedSeries(labelsOf(pairs, window), encoder)
    },
    sample: (timeMs, bytes, at) => open!.push(timeMs, bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)),
    histogram: (received) => {
      const histogram = isStaleSum(received) ? undefined : toHistogram(received)
      const fault = histogram === undefined ? undefined : histogramFault(histogram)
      if (fault !== undefined) window.leftOut(open!.labels, fault)
      else open!.pushHistogram(received.timeMs, histogram, received.isFloat)
    },
  })
  open?.storeIn(spool)
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.byteLength
    if (bytes > SAMPLES_BYTES_MAX)
      throw new TooMuchError(`an answer has more than ${SAMPLES_BYTES_MAX} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** What an error says, without the rest. */
async function beginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const piece of body) return Buffer.from(piece).toString('utf8', 0, 300)
  return ''
}
