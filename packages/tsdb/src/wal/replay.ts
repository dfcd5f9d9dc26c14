import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '@promontory/base'
import { Labels } from '@promontory/model'
import { CorruptionError } from '../errors.ts'
import type { Head } from '../head/head.ts'
import { slotOf } from '../head/series.ts'
import { RecordType, segmentName } from './format.ts'
import { decodeHistogramRecord } from './histogram-records.ts'
import { LoggedMetadata } from './logged-metadata.ts'
import { readSegment } from './reader.ts'
import {
  decodeExemplars,
  decodeMetadata,
  decodeTombstones,
  type MetadataRecord,
  type TombstoneRecord,
} from './records.ts'
import { listSegments } from './writer.ts'

export interface ReplayProgress {
  readonly min: number
  readonly max: number
  readonly current: number
}

export interface ReplayResult {
  readonly segments: number
  readonly records: number
  readonly samples: number
  /** Records of kinds that this head does not keep, by the record's type number. */
  readonly skipped: ReadonlyMap<number, number>
  /** HELP, TYPE and UNIT of series. */
  readonly metadata: LoggedMetadata
  /** Deletions, under the refs of the head. */
  readonly tombstones: readonly TombstoneRecord[]
  /** Records of deletions, those included that delete nothing. */
  readonly tombstoneRecords: number
  /** What a damaged log cost; undefined when it was whole. */
  readonly repair: WalRepair | undefined
}

export interface WalRepair {
  readonly file: string
  readonly offset: number
  readonly problem: string
  /** Bytes cut from the damaged segment, and in segments behind it that were removed. */
  readonly bytesCut: number
  readonly segmentsRemoved: number
}

/** Kinds of records that the log of late samples has samples in. */
const LATE_TYPES: ReadonlySet<number> = new Set([
  RecordType.samples,
  RecordType.histograms,
  RecordType.floatHistograms,
  RecordType.customHistograms,
  RecordType.customFloatHistograms,
])

/** How long the replay works before other things on the thread get their turn. */
const TURN_MS = 30

/**
 * Fills a head from a log directory: the newest checkpoint, then the segments behind it. A damaged record ends the log:
 * it and all behind it is cut off, counted and logged, as Prometheus does, and what came before is kept.
 */
export class WalReplay {
  readonly #directory: string
  readonly #head: Head
  readonly #logger: Logger
  readonly #isLate: boolean
  #records = 0
  #samples = 0
  readonly #metadata = new LoggedMetadata()
  readonly #tombstones: TombstoneRecord[] = []
  #tombstoneRecords = 0
  readonly #skipped = new Map<number, number>()

  /** @param isLate  the log of late samples (`wbl`) */
  constructor(directory: string, head: Head, logger: Logger, isLate = false) {
    this.#directory = directory
    this.#isLate = isLate
    this.#head = head
    this.#logger = logger
  }

  /** Replays as far as the log is whole, and leaves it as it is. */
  async look(): Promise<
    Pick<ReplayResult, 'tombstones' | 'tombstoneRecords'> & { readonly damage: CorruptionError | undefined }
  > {
    const checkpoint = lastCheckpoint(this.#directory)
    const files = [
      ...(checkpoint === undefined
        ? []
        : listSegments(checkpoint.path).map((index) => join(checkpoint.path, segmentName(index)))),
      ...listSegments(this.#directory)
        .filter((index) => index > (checkpoint?.index ?? -1))
        .map((index) => join(this.#directory, segmentName(index))),
    ]
    let damage: CorruptionError | undefined
    for (const file of files) {
      try {
        await this.#replaySegment(file)
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error
        damage = error
        break
      }
    }
    return { damage, tombstones: this.#tombstones, tombstoneRecords: this.#tombstoneRecords }
  }

  async run(progress: (state: ReplayProgress) => void): Promise<ReplayResult> {
    const checkpoint = lastCheckpoint(this.#directory)
    if (checkpoint !== undefined) {
      for (const index of listSegments(checkpoint.path))
        await this.#replaySegment(join(checkpoint.path, segmentName(index)))
    }
    const segments = listSegments(this.#directory).filter((index) => index > (checkpoint?.index ?? -1))
    let repair: WalRepair | undefined
    for (const [position, index] of segments.entries()) {
      progress({ min: segments[0]!, max: segments.at(-1)!, current: index })
      try {
        await this.#replaySegment(join(this.#directory, segmentName(index)))
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error
        repair = this.#repair(error, segments.slice(position + 1))
        break
      }
    }
    return {
      segments: segments.length,
      records: this.#records,
      samples: this.#samples,
      skipped: this.#skipped,
      metadata: this.#metadata,
      tombstones: this.#tombstones,
      tombstoneRecords: this.#tombstoneRecords,
      repair,
    }
  }

  async #replaySegment(file: string): Promise<void> {
    let turnStarted = performance.now()
    let goodUntil = 0
    for (const { data, endOffset } of readSegment(file)) {
      try {
        this.#apply(data)
      } catch (error) {
        if (error instanceof RangeError)
          throw new CorruptionError(file, goodUntil, `record does not decode: ${error.message}`)
        throw error
      }
      goodUntil = endOffset
      this.#records++
      if (this.#head.mover?.isDue === true) this.#head.mover.runAtOnce()
      if (performance.now() - turnStarted > TURN_MS) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        turnStarted = performance.now()
      }
    }
  }

  #apply(record: Uint8Array): void {
    const type = record[0] ?? 0
    if (this.#isLate && LATE_TYPES.has(type)) {
      this.#samples += this.#head.replayLate(record, this.#mapRef)
      return
    }
    switch (type) {
      case RecordType.series:
        return this.#head.replaySeries(record, this.#noteSeries)
      case RecordType.samples:
        this.#samples += this.#head.replaySamples(
          record,
          this.#head.aliases.size === 0 ? undefined : this.#mapRef,
        )
        return
      case RecordType.exemplars:
        return decodeExemplars(record, (ref, timeMs, value, pairs) =>
          this.#addExemplar(ref, timeMs, value, pairs),
        )
      case RecordType.histograms:
      case RecordType.floatHistograms:
      case RecordType.customHistograms:
      case RecordType.customFloatHistograms:
        this.#samples += this.#head.replayHistograms(decodeHistogramRecord(record), this.#mapRef)
        return
      case RecordType.tombstones: {
        const stones = decodeTombstones(record).map((stone) => ({ ...stone, ref: this.#mapRef(stone.ref) }))
        this.#tombstoneRecords++
        this.#tombstones.push(...stones)
        return this.#head.replayTombstones(stones)
      }
      case RecordType.metadata:
        return this.#addMetadata(decodeMetadata(record))
      case RecordType.mmapMarkers:
        // They say which late samples are in `chunks_head` too; the log has them all.
        return
      default: {
        this.#skipped.set(type, (this.#skipped.get(type) ?? 0) + 1)
      }
    }
  }

  readonly #mapRef = (ref: number): number => this.#head.aliases.get(ref) ?? ref

  readonly #noteSeries = (logged: number, ref: number): void => {
    // The log may name two series by one ref, one after the other.
    if (ref === logged) this.#head.aliases.delete(logged)
    else this.#head.aliases.set(logged, ref)
  }

  #addMetadata(records: readonly MetadataRecord[]): void {
    const { series } = this.#head
    for (const { ref, metadata } of records) {
      const known = this.#mapRef(ref)
      const slot = slotOf(known)
      if (series.isAlive(slot) && series.refOfSlot(slot) === known)
        this.#metadata.note(series.labels(slot), metadata)
    }
  }

  #addExemplar(ref: number, timeMs: number, value: number, pairs: readonly string[]): void {
    const { series, exemplars } = this.#head
    const known = this.#mapRef(ref)
    const slot = slotOf(known)
    if (!series.isAlive(slot) || series.refOfSlot(slot) !== known) return
    exemplars.add(known, series.labels(slot), { labels: Labels.fromSorted(pairs), value, timeMs })
  }

  #repair(error: CorruptionError, behind: readonly number[]): WalRepair {
    const size = statSync(error.file).size
    truncateSync(error.file, error.offset)
    let bytesCut = size - error.offset
    for (const index of behind) {
      const file = join(this.#directory, segmentName(index))
      bytesCut += statSync(file).size
      rmSync(file)
    }
    const repair = {
      file: error.file,
      offset: error.offset,
      problem: error.message,
      bytesCut,
      segmentsRemoved: behind.length,
    }
    this.#logger.warn('the write-ahead log was damaged: what lay behind the last whole record is cut off', {
      ...repair,
    })
    return repair
  }
}

/** The newest `checkpoint.N` directory: it stands for the segments up to N. */
export function lastCheckpoint(directory: string): { index: number; path: string } | undefined {
  if (!existsSync(directory)) return undefined
  const indexes = readdirSync(directory)
    .map((name) => /^checkpoint\.(\d+)$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
  if (indexes.length === 0) return undefined
  const index = Math.max(...indexes)
  const name = readdirSync(directory).find(
    (entry) => /^checkpoint\.\d+$/.test(entry) && Number(entry.slice(11)) === index,
  )!
  return { index, path: join(directory, name) }
}
