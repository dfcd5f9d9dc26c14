import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Exemplar, type FloatHistogram, Labels } from '@promontory/model'
import { CorruptionError } from '../errors.ts'
import { RecordType, segmentName } from './format.ts'
import { decodeHistogramRecord } from './histogram-records.ts'
import { readSegment } from './reader.ts'
import { decodeExemplars, decodeSamples, decodeSeries } from './records.ts'
import { lastCheckpoint } from './replay.ts'
import { type WalPosition, WalTail } from './tail.ts'
import { listSegments } from './writer.ts'

/** Takes what the log holds, in its order. */
export interface WalSink {
  series(ref: number, labels: Labels): void
  sample(ref: number, timeMs: number, low: number, high: number): void
  /** Undefined is a stale marker. */
  histogram(ref: number, timeMs: number, histogram: FloatHistogram | undefined, isInteger: boolean): void
  exemplar(ref: number, exemplar: Exemplar): void
  /** Of the series that were told up to the segment, only those of `alive` can come again. */
  checkpoint(segment: number, alive: ReadonlySet<number>): void
}

/** Where a log ends now: the start of the segment that is written. */
export function endOfWal(directory: string): WalPosition {
  return { segment: Math.max(0, ...listSegments(directory)), offset: 0 }
}

/** The segments of a log, oldest first, with their sizes. */
export function segmentsOfWal(directory: string): { readonly segment: number; readonly bytes: number }[] {
  return listSegments(directory).map((segment) => {
    const stats = statSync(join(directory, segmentName(segment)), { throwIfNoEntry: false })
    return { segment, bytes: stats?.size ?? 0 }
  })
}

/**
 * Follows the write-ahead log with its records decoded: for those who pass samples on. Reads files only, so that it does
 * not hold up the writer.
 */
export class WalFeed {
  readonly #directory: string
  #tail: WalTail
  #checkpoint = -1

  private constructor(directory: string, from: WalPosition) {
    this.#directory = directory
    this.#tail = new WalTail(directory, from)
  }

  /**
   * Opens the log of `directory` (`wal/`) at a position; the series of all that lies before it go to `sink` first. When the
   * position is gone, the feed starts with the oldest segment that is there.
   */
  static async open(directory: string, from: WalPosition, sink: WalSink): Promise<WalFeed> {
    const segments = listSegments(directory)
    const first = segments[0] ?? 0
    const start = from.segment < first ? { segment: first, offset: 0 } : from
    const feed = new WalFeed(directory, start)
    const checkpoint = lastCheckpoint(directory)
    feed.#checkpoint = checkpoint?.index ?? -1
    const files = [
      ...(checkpoint === undefined
        ? []
        : listSegments(checkpoint.path).map((index) => join(checkpoint.path, segmentName(index)))),
      ...segments
        .filter((index) => index <= start.segment && index > feed.#checkpoint)
        .map((index) => join(directory, segmentName(index))),
    ]
    for (const file of files) {
      const isLast = file === join(directory, segmentName(start.segment))
      await eachSeries(file, isLast ? start.offset : Infinity, (ref, pairs) =>
        sink.series(ref, Labels.fromSorted(pairs)),
      )
    }
    return feed
  }

  /** Behind the last record that was read. */
  get position(): WalPosition {
    return this.#tail.position
  }

  /**
   * Hands one record to the sink. @returns false when there is none yet
   * @throws CorruptionError for a damaged record; the next call goes on with the next segment
   */
  read(sink: WalSink): boolean {
    const before = this.position.segment
    let record: Uint8Array | undefined
    try {
      record = this.#tail.next()
    } catch (error) {
      if (error instanceof CorruptionError) this.#skipSegment()
      throw error
    }
    if (this.position.segment !== before) this.#lookForCheckpoint(sink)
    if (record === undefined) return false
    deliver(record, sink)
    return true
  }

  close(): void {
    this.#tail.close()
  }

  #skipSegment(): void {
    const { segment } = this.position
    this.#tail.close()
    const next = listSegments(this.#directory).find((index) => index > segment) ?? segment + 1
    this.#tail = new WalTail(this.#directory, { segment: next, offset: 0 })
  }

  #lookForCheckpoint(sink: WalSink): void {
    const checkpoint = lastCheckpoint(this.#directory)
    if (checkpoint === undefined || checkpoint.index <= this.#checkpoint) return
    this.#checkpoint = checkpoint.index
    const alive = new Set<number>()
    for (const index of listSegments(checkpoint.path))
      for (const { data } of readSegment(join(checkpoint.path, segmentName(index))))
        if (data[0] === RecordType.series) decodeSeries(data, (ref) => alive.add(ref))
    sink.checkpoint(checkpoint.index, alive)
  }
}

async function eachSeries(
  file: string,
  untilOffset: number,
  found: (ref: number, pairs: string[]) => void,
): Promise<void> {
  if (!existsSync(file)) return
  let count = 0
  try {
    for (const { data, endOffset } of readSegment(file)) {
      if (endOffset > untilOffset) return
      if (data[0] === RecordType.series) decodeSeries(data, found)
      if (++count % 500 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
  } catch (error) {
    // The end of a segment that a crash cut off; what came before it was read.
    if (!(error instanceof CorruptionError)) throw error
  }
}

function deliver(record: Uint8Array, sink: WalSink): void {
  switch (record[0]) {
    case RecordType.series:
      decodeSeries(record, (ref, pairs) => sink.series(ref, Labels.fromSorted(pairs)))
      return
    case RecordType.samples:
      for (const { ref, timeMs, low, high } of decodeSamples(record)) sink.sample(ref, timeMs, low, high)
      return
    case RecordType.histograms:
    case RecordType.floatHistograms:
    case RecordType.customHistograms:
    case RecordType.customFloatHistograms:
      for (const { ref, timeMs, histogram, isInteger } of decodeHistogramRecord(record))
        sink.histogram(ref, timeMs, histogram, isInteger)
      return
    case RecordType.exemplars:
      decodeExemplars(record, (ref, timeMs, value, pairs) =>
        sink.exemplar(ref, { labels: Labels.fromSorted(pairs), value, timeMs }),
      )
  }
}
