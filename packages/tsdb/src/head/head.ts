import { silentLogger, type Logger, type Registry } from '@promontory/base'
import {
  H_BUMP,
  H_BYTES_IN_USE,
  H_CHUNKS,
  H_MAX_TIME_F64,
  H_MIN_TIME_F64,
  H_RETIRED,
  H_SEQUENCE,
  H_SERIES_TOP,
  SERIES_BYTES,
  instantiateKernels,
  type Kernels,
} from '@promontory/kernels'
import { loadKernelModule } from '@promontory/kernels/node'
import {
  type AppendBatch,
  type Appender,
  type AppendOutcome,
  AppendStatus,
  type Labels,
  type SeriesRef,
  STALE_HISTOGRAM,
} from '@promontory/model'
import type { ChunkMover } from './chunk-mover.ts'
import { EpochWriter } from './epochs.ts'
import {
  createHeadMemory,
  DEFAULT_HEAD_PAGES,
  type HeadMemory,
  I_ARENA,
  I_LIVE_SERIES,
  I_PAIR_COUNT,
  I_SYMBOL_COUNT,
  PAIR_BYTES,
  SYMBOL_BYTES,
} from './memory.ts'
import { countOf, LateBatch, NO_HISTOGRAMS, NOTHING_LATE, type PendingHistogram, type PendingHistograms } from './pending.ts' // prettier-ignore
import type { PostingsWriter } from './postings.ts'
import { type SeriesWriter, slotOf } from './series.ts'
import { SeriesIndex } from './series-index.ts'
import type { SymbolWriter } from './symbols.ts'
import { RecordType } from '../wal/format.ts'
import { decodeHistogramRecord, encodeHistograms, type HistogramRecord } from '../wal/histogram-records.ts'
import {
  decodeSamples,
  encodeExemplars,
  encodeMetadata,
  encodeTombstones,
  type TombstoneRecord,
} from '../wal/records.ts'
import type { WalWriter } from '../wal/writer.ts'
import { HeadMetrics } from './head-metrics.ts'
import { BatchScratch } from './batch-scratch.ts'
import { HeadDeleter } from './delete.ts'
import { ExemplarRing } from './exemplars.ts'
import { HeadHistograms } from './histograms.ts'
import { LateSamples } from './late-samples.ts'

export interface HeadOptions {
  /** Length of a block in ms; chunks never cross its multiples. */
  readonly rangeMs: number
  readonly registry: Registry
  readonly logger?: Logger
  /** Address space in pages of 64 KiB. */
  readonly pages?: number
  readonly maxExemplars?: number
}

/** Block range of Prometheus: two hours. */
export const DEFAULT_RANGE_MS: number = 2 * 3600 * 1000

/** Retired blocks that are worth a collection. */
const RETIRED_MANY = 256

/** The kernels' status of a stale marker behind histograms: it becomes one of them. */
const STALE_MARKER = 8

/**
 * The newest data: one writer on the main thread, readers in any thread (see `HeadReader`). The steps of an append:
 * judge each sample, log what passed, then apply it as one step for readers.
 */
export class Head implements Appender {
  readonly memory: HeadMemory
  readonly kernels: Kernels
  readonly index: SeriesIndex
  readonly epochs: EpochWriter
  readonly exemplars: ExemplarRing
  readonly histograms: HeadHistograms
  readonly late: LateSamples
  readonly metrics: HeadMetrics
  readonly rangeMs: number
  #wal: WalWriter | undefined
  #lateLog: WalWriter | undefined
  #mover: ChunkMover | undefined
  #scratch: BatchScratch
  /** Samples before this are refused: they belong to blocks that are written. */
  minValidMs: number = -Infinity
  /** Refs of the log that stand for a series which the head has under another one: ref in the log → ref in the head. */
  readonly aliases: Map<number, number> = new Map()

  constructor(options: HeadOptions) {
    this.memory = createHeadMemory({ pages: options.pages ?? DEFAULT_HEAD_PAGES })
    this.kernels = instantiateKernels(loadKernelModule(), this.memory.memory).kernels
    this.epochs = new EpochWriter(this.memory, this.kernels)
    this.exemplars = new ExemplarRing(options.maxExemplars ?? 100_000)
    this.metrics = new HeadMetrics(options.registry, this)
    this.index = new SeriesIndex(
      this.memory,
      this.kernels,
      this.epochs,
      this.metrics,
      options.logger ?? silentLogger,
    )
    this.rangeMs = options.rangeMs
    this.histograms = new HeadHistograms(this.memory, this.kernels, options.rangeMs)
    this.late = new LateSamples(this.memory, this.kernels, options.rangeMs)
    this.#scratch = new BatchScratch(this.memory, this.kernels, 4096)
  }

  /** Full chunks go to files when the memory runs short. */
  attachMover(mover: ChunkMover): void {
    this.#mover = mover
  }

  get mover(): ChunkMover | undefined {
    return this.#mover
  }

  /**
   * Late samples go to a log of their own. Deletions are noted there too, so that a replay knows which of the samples came after them: Prometheus,
   * which knows them from the other log only, hides those.
   * @param deletions  of samples that are in this log already
   */
  attachLateLog(log: WalWriter, deletions: readonly TombstoneRecord[] = []): void {
    this.#lateLog = log
    log.log(encodeTombstones(deletions))
  }

  /** Begins another segment of the late log, one that says by itself that deletions are noted. @returns its number */
  nextLateSegment(): number | undefined {
    const number = this.#lateLog?.nextSegment()
    this.#lateLog?.log(encodeTombstones([]))
    return number
  }

  get lateLog(): WalWriter | undefined {
    return this.#lateLog
  }

  /** From now on appends are logged. During replay there is no log. */
  attachWal(wal: WalWriter): void {
    this.#wal = wal
  }

  get minTimeMs(): number {
    return this.memory.f64[H_MIN_TIME_F64]!
  }
  set minTimeMs(timeMs: number) {
    this.memory.f64[H_MIN_TIME_F64] = timeMs
  }
  get maxTimeMs(): number {
    return this.memory.f64[H_MAX_TIME_F64]!
  }
  get seriesCount(): number {
    return this.memory.u32[I_LIVE_SERIES]!
  }
  get chunkCount(): number {
    return this.memory.u32[H_CHUNKS]!
  }
  /** What the allocator has handed out, and the records of series, symbols and label pairs. */
  get bytesInUse(): number {
    const { series, symbols, postings } = this
    const records = series.count * SERIES_BYTES + symbols.count * SYMBOL_BYTES + postings.living * PAIR_BYTES
    return this.memory.u32[H_BYTES_IN_USE]! + records
  }
  /** Bytes of the memory that were ever in use: no more of it can be resident. */
  get bytesReached(): number {
    const { u32 } = this.memory
    const records = u32[H_SERIES_TOP]! * SERIES_BYTES + u32[I_SYMBOL_COUNT]! * SYMBOL_BYTES + u32[I_PAIR_COUNT]! * PAIR_BYTES // prettier-ignore
    return records + u32[H_BUMP]! - u32[I_ARENA]!
  }

  get symbols(): SymbolWriter {
    return this.index.symbols
  }
  get postings(): PostingsWriter {
    return this.index.postings
  }
  get series(): SeriesWriter {
    return this.index.series
  }

  seriesRef(labels: Labels): SeriesRef {
    return this.index.refOf(labels)
  }

  /** Replay of a record of series, as {@link SeriesIndex.replay}. */
  replaySeries(record: Uint8Array, found: (logged: number, ref: number) => void): void {
    this.index.replay(record, found)
  }

  takesInOrder(ref: SeriesRef, timeMs: number): boolean {
    if (!this.#isLiving(ref)) return false
    return timeMs >= this.#minValid() && this.histograms.isNewer(slotOf(ref), timeMs)
  }

  append(batch: AppendBatch): AppendOutcome {
    const scratch = this.#fill(batch)
    const minValidMs = this.#minValid()
    const { kernels } = this
    const { refs, times, values, statuses } = scratch
    const accepted = kernels.headCheck(
      refs,
      times,
      values,
      statuses,
      batch.count,
      minValidMs,
      Number.MAX_SAFE_INTEGER,
    )
    const pending = this.#judgeHistograms(batch, scratch, minValidMs)
    const late = this.#takeLate(batch, scratch, pending.all)
    const { metadata, exemplars } = batch
    const news = (this.index.unlogged.isEmpty ? 0 : 1) + exemplars.length + metadata.length
    if (accepted + pending.accepted.length + news > 0) this.#log(batch, scratch, pending.accepted)
    if (late.size > 0) this.#lateLog?.log(...late.records())
    // One step for readers: floats and histograms of a batch become visible together.
    const isMixed = pending.accepted.length > 0 || late.size > 0
    if (isMixed) Atomics.add(this.memory.i32, H_SEQUENCE, 1)
    const max = Number.MAX_SAFE_INTEGER
    const appended =
      accepted === 0
        ? 0
        : kernels.headApply(refs, times, values, statuses, batch.count, minValidMs, max, this.rangeMs)
    for (const each of pending.accepted) this.#applyHistogram(each, minValidMs)
    if (late.size > 0) this.#applyLate(late, scratch)
    if (isMixed) Atomics.add(this.memory.i32, H_SEQUENCE, 1)
    const overtaken = this.#takeOvertaken(batch, scratch, pending.all)
    const lateExemplars = this.#storeExemplars(batch)
    if (this.memory.u32[H_RETIRED]! > RETIRED_MANY) this.epochs.collect()
    const seen = this.memory.u8.subarray(statuses, statuses + batch.count)
    for (const { marker, status } of pending.all) if (marker >= 0) seen[marker] = status
    const stored = appended + late.floats.length + overtaken
    this.#count(seen, stored, pending.all)
    const histogramStatuses = pending.all.filter(({ marker }) => marker < 0).map(({ status }) => status)
    const markers = countOf(pending.all, (each) => each.marker >= 0)
    return {
      appended: appended + late.floats.length + overtaken + markers,
      statuses: seen,
      histogramStatuses,
      lateExemplars,
    }
  }

  /** The histograms of a batch, and its stale markers for series whose newest sample is one, each with its status. */
  #judgeHistograms(batch: AppendBatch, scratch: BatchScratch, minValidMs: number): PendingHistograms {
    if (batch.histograms.length === 0 && this.histograms.series === 0) return NO_HISTOGRAMS
    const all: PendingHistogram[] = batch.histograms.map(({ ref, timeMs, histogram, isInteger = false }) => ({
      record: { ref, timeMs, isInteger, histogram: histogram === STALE_HISTOGRAM ? undefined : histogram },
      marker: -1,
      status: AppendStatus.unknownSeries,
    }))
    const statuses = this.memory.u8.subarray(scratch.statuses, scratch.statuses + batch.count)
    for (let i = statuses.indexOf(STALE_MARKER); i >= 0; i = statuses.indexOf(STALE_MARKER, i + 1)) {
      const ref = batch.refs[i]!
      const record = { ref, timeMs: batch.timesMs[i]!, isInteger: this.histograms.isInteger(slotOf(ref)), histogram: undefined } // prettier-ignore
      all.push({ record, marker: i, status: AppendStatus.unknownSeries })
    }
    for (const each of all)
      if (this.#isLiving(each.record.ref))
        each.status = this.histograms.judge(slotOf(each.record.ref), each.record, minValidMs)
    return { all, accepted: all.filter(({ status }) => status === AppendStatus.appended) }
  }

  /** Chooses from what is not in order that which may still come; nothing is stored yet. */
  #takeLate(batch: AppendBatch, scratch: BatchScratch, histograms: readonly PendingHistogram[]): LateBatch {
    const { late } = this
    if (late.windowMs === 0) return NOTHING_LATE
    const taken = new LateBatch()
    const newestMs = this.maxTimeMs
    const base = scratch.statuses
    for (let i = 0; i < batch.count; i++) {
      const status = this.memory.u8[base + i]!
      if (status !== AppendStatus.outOfOrder && status !== AppendStatus.tooOld) continue
      const timeMs = batch.timesMs[i]!
      if (!late.takes(timeMs, newestMs)) this.memory.u8[base + i] = AppendStatus.tooOld
      else taken.floats.push({ index: i, ref: batch.refs[i]!, timeMs, low: batch.bits[2 * i]!, high: batch.bits[2 * i + 1]! }) // prettier-ignore
    }
    for (const each of histograms) {
      if (each.status !== AppendStatus.outOfOrder && each.status !== AppendStatus.tooOld) continue
      if (late.takes(each.record.timeMs, newestMs)) taken.histograms.push(each)
      else each.status = AppendStatus.tooOld
    }
    return taken
  }

  /** What another sample of the same series in the same batch has made late. @returns floats taken */
  #takeOvertaken(batch: AppendBatch, scratch: BatchScratch, histograms: readonly PendingHistogram[]): number {
    const late = this.#takeLate(batch, scratch, histograms)
    if (late.size === 0) return 0
    this.#lateLog?.log(...late.records())
    this.step(() => this.#applyLate(late, scratch))
    return late.floats.length
  }

  #applyLate(taken: LateBatch, scratch: BatchScratch): void {
    const { u8 } = this.memory
    for (const sample of taken.floats) {
      const added = this.late.addFloat(slotOf(sample.ref), sample)
      u8[scratch.statuses + sample.index] = added ? AppendStatus.appended : AppendStatus.duplicateSame
      if (added) this.metrics.lateAppended.inc('float')
    }
    for (const each of taken.histograms) {
      const added = this.late.addHistogram(slotOf(each.record.ref), each.record)
      each.status = added ? AppendStatus.appended : AppendStatus.duplicateSame
      if (added) this.metrics.lateAppended.inc('histogram')
    }
  }

  /** Replay of the log of late samples. @returns samples taken */
  replayLate(record: Uint8Array, mapRef: (ref: number) => number): number {
    let taken = 0
    const floats = record[0] === RecordType.samples ? decodeSamples(record) : []
    const histograms = record[0] === RecordType.samples ? [] : decodeHistogramRecord(record)
    Atomics.add(this.memory.i32, H_SEQUENCE, 1)
    for (const sample of floats) {
      const ref = mapRef(sample.ref)
      if (this.#isLiving(ref) && this.late.addFloat(slotOf(ref), sample)) taken++
    }
    for (const each of histograms) {
      const ref = mapRef(each.ref)
      if (this.#isLiving(ref) && this.late.addHistogram(slotOf(ref), each)) taken++
    }
    Atomics.add(this.memory.i32, H_SEQUENCE, 1)
    if (this.memory.u32[H_RETIRED]! > RETIRED_MANY) this.epochs.collect()
    return taken
  }

  /** Deletes samples of series, after the log has it. @throws StorageError */
  deleteRange(slots: Iterable<number>, startMs: number, endMs: number): void {
    const deleter = new HeadDeleter(this)
    const stones: { slot: number; ref: number; minTimeMs: number; maxTimeMs: number }[] = []
    for (const slot of slots) {
      const extent = deleter.extent(slot)
      if (extent === undefined || extent.minTimeMs > endMs || extent.maxTimeMs < startMs) continue
      // No further than there are samples, as Prometheus: those that come later stay.
      const minTimeMs = Math.max(startMs, extent.minTimeMs)
      const maxTimeMs = Math.min(endMs, extent.maxTimeMs)
      stones.push({ slot, ref: this.series.refOfSlot(slot), minTimeMs, maxTimeMs })
    }
    if (stones.length === 0) return
    this.#wal?.log(encodeTombstones(stones))
    this.#lateLog?.log(encodeTombstones(stones))
    for (const { slot, ...range } of stones) deleter.delete(slot, range)
  }

  /** Replay of deletions. */
  replayTombstones(stones: readonly TombstoneRecord[]): void {
    const deleter = new HeadDeleter(this)
    for (const stone of stones) if (this.#isLiving(stone.ref)) deleter.delete(slotOf(stone.ref), stone)
  }

  /** One step for readers. */
  step<T>(work: () => T): T {
    Atomics.add(this.memory.i32, H_SEQUENCE, 1)
    try {
      return work()
    } finally {
      Atomics.add(this.memory.i32, H_SEQUENCE, 1)
    }
  }

  /** Judged once more, since a batch may hold a series twice. */
  #applyHistogram(pending: PendingHistogram, minValidMs: number): void {
    const slot = slotOf(pending.record.ref)
    pending.status = this.histograms.judge(slot, pending.record, minValidMs)
    if (pending.status !== AppendStatus.appended) return
    pending.status = this.histograms.append(slot, pending.record)
    if (pending.status !== AppendStatus.appended) return
    const { f64 } = this.memory
    const { timeMs } = pending.record
    f64[H_MIN_TIME_F64] = Math.min(f64[H_MIN_TIME_F64]!, timeMs)
    f64[H_MAX_TIME_F64] = Math.max(f64[H_MAX_TIME_F64]!, timeMs)
  }

  #isLiving(ref: number): boolean {
    const slot = slotOf(ref)
    return (
      slot > 0 && slot < this.series.top && this.series.isAlive(slot) && this.series.refOfSlot(slot) === ref
    )
  }

  /** Replay: histograms of one record, not logged. @returns how many were applied */
  replayHistograms(records: readonly HistogramRecord[], mapRef: (ref: number) => number): number {
    let applied = 0
    for (const record of records) {
      const ref = mapRef(record.ref)
      if (!this.#isLiving(ref)) continue
      const pending = { record: { ...record, ref }, marker: -1, status: AppendStatus.appended }
      Atomics.add(this.memory.i32, H_SEQUENCE, 1)
      this.#applyHistogram(pending, this.minValidMs)
      Atomics.add(this.memory.i32, H_SEQUENCE, 1)
      if (pending.status === AppendStatus.appended) applied++
    }
    if (this.memory.u32[H_RETIRED]! > RETIRED_MANY) this.epochs.collect()
    return applied
  }

  /** Replay: columns that the log decoder left in the scratch are applied without being logged. */
  replaySamples(record: Uint8Array, mapRef: ((ref: number) => number) | undefined): number {
    const { memory, kernels } = this
    const samplesMax = Math.max(1, Math.floor((record.length - 17) / 10) + 1)
    const scratch = this.#reserve(Math.max(samplesMax, Math.ceil(record.length / 28)))
    memory.u8.set(record, scratch.record)
    const count = kernels.walDecodeSamples(
      scratch.record,
      record.length,
      scratch.refs,
      scratch.times,
      scratch.values,
    )
    if (count >>> 0 === 0xffffffff) throw new RangeError('a samples record ends inside a sample')
    if (mapRef !== undefined) {
      const first = scratch.refs / 8
      for (let i = first; i < first + count; i++) memory.f64[i] = mapRef(memory.f64[i]!)
    }
    memory.u8.fill(0, scratch.statuses, scratch.statuses + count)
    const { refs, times, values, statuses } = scratch
    const applied = kernels.headApply(
      refs,
      times,
      values,
      statuses,
      count,
      this.minValidMs,
      Number.MAX_SAFE_INTEGER,
      this.rangeMs,
    )
    if (memory.u32[H_RETIRED]! > RETIRED_MANY) this.epochs.collect()
    return applied
  }

  /** Logs series that were created but had no sample yet. */
  flushSeries(): void {
    if (this.index.unlogged.isEmpty || this.#wal === undefined) return
    this.#wal.log(this.index.unlogged.record())
    this.index.unlogged.clear()
  }

  #minValid(): number {
    return Math.max(this.minValidMs, this.maxTimeMs - this.rangeMs / 2)
  }

  #fill(batch: AppendBatch): BatchScratch {
    const scratch = this.#reserve(batch.count)
    const { u8, f64 } = this.memory
    f64.set(batch.refs.subarray(0, batch.count), scratch.refs / 8)
    f64.set(batch.timesMs.subarray(0, batch.count), scratch.times / 8)
    u8.set(new Uint8Array(batch.values.buffer, batch.values.byteOffset, 8 * batch.count), scratch.values)
    return scratch
  }

  #reserve(count: number): BatchScratch {
    if (count > this.#scratch.capacity) {
      const larger = new BatchScratch(this.memory, this.kernels, Math.max(count, 2 * this.#scratch.capacity))
      this.#scratch.release()
      this.#scratch = larger
    }
    return this.#scratch
  }

  #log(batch: AppendBatch, scratch: BatchScratch, histograms: readonly PendingHistogram[]): void {
    if (this.#wal === undefined) return
    const records: Uint8Array[] = []
    const { unlogged } = this.index
    if (!unlogged.isEmpty) records.push(unlogged.record())
    if (batch.metadata.length > 0) records.push(encodeMetadata(batch.metadata))
    const { refs, times, values, statuses, record } = scratch
    const bytes = this.kernels.walEncodeSamples(refs, times, values, statuses, batch.count, record)
    if (bytes > 0) records.push(this.memory.u8.subarray(record, record + bytes))
    if (histograms.length > 0) records.push(...encodeHistograms(histograms.map((each) => each.record)))
    if (batch.exemplars.length > 0) records.push(encodeExemplars(batch.exemplars))
    this.#wal.log(...records)
    unlogged.clear()
  }

  /** @returns how many were older than the newest of their series */
  #storeExemplars(batch: AppendBatch): number {
    const before = this.exemplars.outOfOrder
    for (const { ref, exemplar } of batch.exemplars) {
      const slot = slotOf(ref)
      if (this.#isLiving(ref)) this.exemplars.add(ref, this.series.labels(slot), exemplar)
    }
    return this.exemplars.outOfOrder - before
  }

  #count(statuses: Uint8Array, stored: number, histograms: readonly PendingHistogram[]): void {
    const { metrics } = this
    metrics.samplesAppended.add(stored, 'float')
    for (const { marker, status } of histograms) {
      if (status === AppendStatus.appended) metrics.samplesAppended.inc('histogram')
      else if (marker < 0) metrics.refused(status, 'histogram', this.late.windowMs > 0)
    }
    if (stored === statuses.length) return
    for (const status of statuses)
      if (status !== AppendStatus.appended) metrics.refused(status, 'float', this.late.windowMs > 0)
  }
}
