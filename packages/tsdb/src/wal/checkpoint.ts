import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { instantiateKernels, type Kernels } from '@promontory/kernels'
import { loadKernelModule } from '@promontory/kernels/node'
import { Labels } from '@promontory/model'
import { RecordType, segmentName, type WalCompression } from './format.ts'
import { decodeHistogramRecord, encodeHistograms } from './histogram-records.ts'
import { readSegment } from './reader.ts'
import {
  decodeExemplars,
  decodeMetadata,
  decodeSeries,
  decodeTombstones,
  encodeExemplars,
  encodeMetadata,
  encodeSeries,
  encodeTombstones,
  type ExemplarRecord,
  type MetadataRecord,
  type SeriesRecord,
} from './records.ts'
import { lastCheckpoint } from './replay.ts'
import { listSegments, WalWriter } from './writer.ts'

export interface CheckpointOptions {
  readonly walDirectory: string
  /** Last segment that the checkpoint stands for. */
  readonly lastSegment: number
  /** Samples before this are in blocks. */
  readonly minTimeMs: number
  readonly compression: WalCompression
  /** Whether a series is still in the head. */
  readonly keepSeries: (ref: number) => boolean
}

/**
 * Writes what is still needed of the older segments (and of the last checkpoint) into `checkpoint.N`, then removes them:
 * series that the head has, samples and exemplars that no block has. It stands under a temporary name until complete.
 */
export function writeCheckpoint(options: CheckpointOptions): void {
  const { walDirectory, lastSegment } = options
  const previous = lastCheckpoint(walDirectory)
  const segments = listSegments(walDirectory).filter(
    (index) => index > (previous?.index ?? -1) && index <= lastSegment,
  )
  if (segments.length === 0) return
  const name = `checkpoint.${String(lastSegment).padStart(8, '0')}`
  const temporary = join(walDirectory, `${name}.tmp`)
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  const out = new WalWriter({ directory: temporary, compression: options.compression })
  const filter = new RecordFilter(options)
  const files = [
    ...(previous === undefined
      ? []
      : listSegments(previous.path).map((index) => join(previous.path, segmentName(index)))),
    ...segments.map((index) => join(walDirectory, segmentName(index))),
  ]
  for (const file of files)
    for (const { data } of readSegment(file)) {
      const kept = filter.keep(data)
      if (kept !== undefined) out.log(kept)
    }
  for (const record of filter.metadata()) out.log(record)
  out.close()
  renameSync(temporary, join(walDirectory, name))
  removeSuperseded(walDirectory, lastSegment, name)
}

function removeSuperseded(walDirectory: string, lastSegment: number, keep: string): void {
  for (const index of listSegments(walDirectory))
    if (index <= lastSegment) rmSync(join(walDirectory, segmentName(index)))
  for (const entry of readdirSync(walDirectory))
    if (/^checkpoint\.\d+$/.test(entry) && entry !== keep)
      rmSync(join(walDirectory, entry), { recursive: true })
}

/** Removes what an interrupted checkpoint left. */
export function removeTemporaryCheckpoints(walDirectory: string): void {
  if (!existsSync(walDirectory)) return
  for (const entry of readdirSync(walDirectory))
    if (/^checkpoint\.\d+\.tmp$/.test(entry)) rmSync(join(walDirectory, entry), { recursive: true })
}

const RECORD_AT = 65536
const PAGES_MAX = 16384
const METADATA_PER_RECORD = 1000

/** Cuts from a record what a checkpoint does not need. */
class RecordFilter {
  readonly #options: CheckpointOptions
  readonly #memory = new WebAssembly.Memory({ initial: 64, maximum: PAGES_MAX, shared: true })
  readonly #kernels: Kernels = instantiateKernels(loadKernelModule(), this.#memory).kernels
  readonly #kept = new Map<number, boolean>()
  /** The newest of each series: they come behind everything else. */
  readonly #metadata = new Map<number, MetadataRecord>()

  constructor(options: CheckpointOptions) {
    this.#options = options
  }

  /** @returns the record that is left, undefined for none */
  keep(record: Uint8Array): Uint8Array | undefined {
    switch (record[0]) {
      case RecordType.series:
        return this.#series(record)
      case RecordType.samples:
        return this.#samples(record)
      case RecordType.exemplars:
        return this.#exemplars(record)
      case RecordType.histograms:
      case RecordType.floatHistograms:
      case RecordType.customHistograms:
      case RecordType.customFloatHistograms:
        return this.#histograms(record)
      case RecordType.tombstones: {
        const kept = decodeTombstones(record).filter(
          ({ ref, maxTimeMs }) => maxTimeMs >= this.#options.minTimeMs && this.#keepSeries(ref),
        )
        return kept.length === 0 ? undefined : encodeTombstones(kept)
      }
      case RecordType.metadata:
        for (const each of decodeMetadata(record))
          if (this.#keepSeries(each.ref)) this.#metadata.set(each.ref, each)
        return undefined
      case RecordType.mmapMarkers:
        return undefined
      default:
        // Kinds that we do not read are for those that do: they stay as they are.
        return record.slice()
    }
  }

  *metadata(): IterableIterator<Uint8Array> {
    const all = [...this.#metadata.values()]
    for (let from = 0; from < all.length; from += METADATA_PER_RECORD)
      yield encodeMetadata(all.slice(from, from + METADATA_PER_RECORD))
  }

  #keepSeries(ref: number): boolean {
    let kept = this.#kept.get(ref)
    if (kept === undefined) this.#kept.set(ref, (kept = this.#options.keepSeries(ref)))
    return kept
  }

  #series(record: Uint8Array): Uint8Array | undefined {
    const kept: SeriesRecord[] = []
    decodeSeries(record, (ref, pairs) => {
      if (this.#keepSeries(ref)) kept.push({ ref, labels: Labels.fromSorted(pairs) })
    })
    return kept.length === 0 ? undefined : encodeSeries(kept)
  }

  #exemplars(record: Uint8Array): Uint8Array | undefined {
    const kept: ExemplarRecord[] = []
    decodeExemplars(record, (ref, timeMs, value, pairs) => {
      if (timeMs >= this.#options.minTimeMs && this.#keepSeries(ref))
        kept.push({ ref, exemplar: { labels: Labels.fromSorted(pairs), value, timeMs } })
    })
    return kept.length === 0 ? undefined : encodeExemplars(kept)
  }

  #histograms(record: Uint8Array): Uint8Array | undefined {
    const kept = decodeHistogramRecord(record).filter(
      ({ ref, timeMs }) => timeMs >= this.#options.minTimeMs && this.#keepSeries(ref),
    )
    return encodeHistograms(kept)[0]
  }

  #samples(record: Uint8Array): Uint8Array | undefined {
    const room = Math.max(16, Math.ceil(record.length / 10) + 1)
    const refs = alignUp(RECORD_AT + record.length + 16)
    const times = refs + 8 * room
    const values = times + 8 * room
    const statuses = values + 8 * room
    const out = alignUp(statuses + room)
    this.#reserve(out + 17 + 28 * room)
    const u8 = new Uint8Array(this.#memory.buffer)
    const f64 = new Float64Array(this.#memory.buffer)
    u8.set(record, RECORD_AT)
    const count = this.#kernels.walDecodeSamples(RECORD_AT, record.length, refs, times, values)
    if (count >>> 0 === 0xffffffff) throw new RangeError('a samples record ends inside a sample')
    for (let i = 0; i < count; i++) {
      const keep = f64[times / 8 + i]! >= this.#options.minTimeMs && this.#keepSeries(f64[refs / 8 + i]!)
      u8[statuses + i] = keep ? 0 : 1
    }
    const bytes = this.#kernels.walEncodeSamples(refs, times, values, statuses, count, out)
    return bytes === 0 ? undefined : u8.slice(out, out + bytes)
  }

  #reserve(bytes: number): void {
    const pages = Math.ceil(bytes / 65536)
    const now = this.#memory.buffer.byteLength / 65536
    if (pages > now) this.#memory.grow(pages - now)
  }
}

function alignUp(address: number): number {
  return Math.ceil(address / 16) * 16
}
