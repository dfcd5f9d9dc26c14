import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Logger, type Registry, silentLogger } from '@promontory/base'
import type { AppendBatch, Appender, AppendOutcome, Labels, Matcher, SeriesRef } from '@promontory/model'
import { listBlocks } from './block/meta.ts'
import { FROM_LATE } from './compact/late-block.ts'
import { Maintenance } from './compact/maintenance.ts'
import type { Retention } from './compact/retention.ts'
import { type CompactionResult, type CompactionTask, Compactor } from './compact/task.ts'
import { StorageError } from './errors.ts'
import { DEFAULT_RANGE_MS, Head } from './head/head.ts'
import { ChunkMover } from './head/chunk-mover.ts'
import { HeadReader } from './head/head-reader.ts'
import type { TierRetention } from './tier/resolution.ts'
import { lockDirectory } from './lock.ts'
import type { TsdbReaderState } from './reader.ts'
import { removeTemporaryCheckpoints } from './wal/checkpoint.ts'
import type { WalCompression } from './wal/format.ts'
import { LATE_LOG_PREFIX, WalMetrics } from './wal/wal-metrics.ts'
import { type ReplayProgress, type ReplayResult, WalReplay } from './wal/replay.ts'
import { listSegments, WalWriter } from './wal/writer.ts'

export interface TsdbOptions {
  /** A Prometheus data directory; created when it does not exist. */
  readonly directory: string
  readonly registry: Registry
  readonly logger?: Logger
  readonly walCompression?: WalCompression
  /** Length of the blocks that the head becomes; default two hours. */
  readonly rangeMs?: number
  /** Longest block that others are merged into; default by the retention, as Prometheus. */
  readonly maxRangeMs?: number
  readonly headPages?: number
  readonly maxExemplars?: number
  /** Off only for `--storage.tsdb.no-lockfile` and tools that read. */
  readonly lock?: boolean
  readonly onReplay?: (progress: ReplayProgress) => void
  readonly retention?: Retention
  /** Memory of the head in bytes, above which full chunks go to `chunks_head`. Default {@link DEFAULT_HEAD_BYTES}. */
  readonly headBytes?: number
  /** Aggregates for the time that is beyond the retention. */
  readonly tiers?: { readonly directory: string; readonly retention: TierRetention }
  /** Unix milliseconds of the machine; default its clock. */
  readonly nowMs?: () => number
  /** Does a compaction task; without it they run on this thread, which suits tools and tests. */
  readonly runTask?: (task: CompactionTask, memory: WebAssembly.Memory) => Promise<CompactionResult>
}

/** 15 days, as Prometheus. */
export const DEFAULT_RETENTION: Retention = { timeMs: 15 * 24 * 3600 * 1000, bytes: 0 }

/** A hundred thousand series with all that an hour or two has brought stay below. */
export const DEFAULT_HEAD_BYTES: number = 96 * 1024 * 1024

/** How often the storage looks whether there is something to compact. */
const MAINTENANCE_INTERVAL_MS = 60_000
/** Reader number of compactions on the writer's own thread. */
const OWN_READER = 63
/** Reader number of deletions. */
const DELETING_READER = 62

/** How often what was logged is brought to the disk. */
const SYNC_INTERVAL_MS = 5000

/** Samples that are older when they come are late: nobody counts on them any more. */
export const SETTLED_AGE_MS = 600_000

/** The storage of one server: the writer's side, on the main thread. Query workers read through `TsdbReader`. */
export class Tsdb implements Appender {
  readonly directory: string
  readonly head: Head
  readonly replay: ReplayResult
  readonly maintenance: Maintenance
  readonly #wal: WalWriter
  readonly #options: TsdbOptions
  readonly #unlock: () => void
  readonly #timers: ReturnType<typeof setInterval>[]
  readonly #blockListeners: ((blocks: readonly string[]) => void)[] = []
  readonly #settledListeners: ((fromMs: number) => void)[] = []
  #lateMetrics: WalMetrics | undefined
  #closed = false

  private constructor(opened: OpenedParts, options: TsdbOptions, logger: Logger) {
    this.directory = opened.directory
    this.head = opened.head
    this.replay = opened.replay
    this.#wal = opened.wal
    this.#options = options
    this.#lateMetrics = opened.lateMetrics
    this.#unlock = opened.unlock
    const { memory } = this.head.memory
    const runTask = options.runTask ?? (async (task, shared) => new Compactor(shared, OWN_READER).run(task))
    this.maintenance = new Maintenance({
      directory: this.directory,
      head: this.head,
      wal: this.#wal,
      walCompression: options.walCompression ?? 'snappy',
      retention: options.retention ?? DEFAULT_RETENTION,
      ...(options.maxRangeMs === undefined ? {} : { maxRangeMs: options.maxRangeMs }),
      ...(options.tiers === undefined ? {} : { tiers: options.tiers }),
      nowMs: options.nowMs ?? Date.now,
      logger,
      registry: options.registry,
      runTask: (task) => runTask(task, memory),
      onBlocks: (blocks) => this.#tellBlocks(blocks.map((block) => block.directory)),
    })
    const sync = (): void => {
      this.#wal.sync(
        (error) => logger.error('the log cannot be brought to the disk', { error }),
        (milliseconds) => opened.metrics.fsync.observe(milliseconds / 1000),
      )
      this.head.lateLog?.sync(
        (error) => logger.error('the log of late samples cannot be brought to the disk', { error }),
        (milliseconds) => this.#lateMetrics?.fsync.observe(milliseconds / 1000),
      )
      this.head.epochs.collect()
      if (this.head.mover?.isDue === true) void this.head.mover.run()
    }
    this.#timers = [
      setInterval(sync, SYNC_INTERVAL_MS),
      setInterval(() => void this.maintenance.run(), MAINTENANCE_INTERVAL_MS),
    ]
    for (const timer of this.#timers) timer.unref()
  }

  /**
   * Opens a data directory: takes its lock, replays its log, starts a new log segment.
   * @throws StorageError when the directory cannot be used
   */
  static async open(options: TsdbOptions): Promise<Tsdb> {
    const logger = options.logger ?? silentLogger
    const directory = resolve(options.directory)
    makeDirectory(join(directory, 'wal'))
    const unlock = options.lock === false ? () => {} : lockDirectory(directory, logger)
    try {
      return new Tsdb(await openParts(directory, unlock, options, logger), options, logger)
    } catch (error) {
      unlock()
      throw error
    }
  }

  seriesRef(labels: Labels): SeriesRef {
    return this.head.seriesRef(labels)
  }

  takesInOrder(ref: SeriesRef, timeMs: number): boolean {
    return this.head.takesInOrder(ref, timeMs)
  }

  append(batch: AppendBatch): AppendOutcome {
    if (this.#closed) throw new StorageError(`the storage ${this.directory} is closed`)
    const outcome = this.head.append(batch)
    const oldestMs = oldestOf(batch)
    if (oldestMs < Date.now() - SETTLED_AGE_MS) this.#tellSettledChange(oldestMs)
    return outcome
  }

  /**
   * Calls back when something older than {@link SETTLED_AGE_MS} changes, with the time from which on: what was computed from such samples
   * may be wrong from there on.
   */
  onSettledChange(listener: (fromMs: number) => void): void {
    this.#settledListeners.push(listener)
  }

  /** What a reader in another thread needs: can be posted to a worker. */
  readerState(): TsdbReaderState {
    return {
      memory: this.head.memory.memory,
      blocks: this.maintenance.allBlocks.map((block) => block.directory),
    }
  }

  /**
   * Deletes the samples of matching series in a range, both ends included: out of memory at once, in blocks by
   * tombstones, which queries honour and compactions carry out.
   * @throws StorageError when the disk refuses
   */
  async deleteSeries(matchers: readonly Matcher[], startMs: number, endMs: number): Promise<void> {
    await this.maintenance.deleteFromBlocks(matchers, startMs, endMs, () => {
      const reader = new HeadReader(this.head.memory.memory, DELETING_READER)
      reader.enter()
      try {
        this.head.deleteRange(reader.select(matchers), startMs, endMs)
      } finally {
        reader.leave()
      }
    })
    this.#tellSettledChange(startMs)
  }

  /** Writes blocks that have tombstones anew, without what they delete. */
  cleanTombstones(): Promise<void> {
    return this.maintenance.cleanTombstones()
  }

  /** How far behind the newest sample late ones are taken, in ms; 0 takes none. @throws StorageError */
  setLateWindow(windowMs: number): void {
    if (windowMs > 0 && this.head.lateLog === undefined)
      this.#lateMetrics = attachLateLog(this.head, this.directory, this.#options)
    this.head.late.windowMs = windowMs
  }

  /** Calls back with the directories of the blocks whenever their list changes: readers must be told. */
  onBlocks(listener: (blocks: readonly string[]) => void): void {
    this.#blockListeners.push(listener)
  }

  /** Brings everything to the disk and gives the lock back. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.head.flushSeries()
    this.#wal.close()
    this.head.lateLog?.close()
    this.head.mover?.close()
    this.#unlock()
  }

  #tellSettledChange(fromMs: number): void {
    for (const listener of this.#settledListeners) listener(fromMs)
  }

  #tellBlocks(blocks: readonly string[]): void {
    for (const listener of this.#blockListeners) listener(blocks)
  }
}

function oldestOf({ timesMs, count, histograms }: AppendBatch): number {
  let oldest = Infinity
  for (let i = 0; i < count; i++) if (timesMs[i]! < oldest) oldest = timesMs[i]!
  for (const { timeMs } of histograms) if (timeMs < oldest) oldest = timeMs
  return oldest
}

interface OpenedParts {
  readonly directory: string
  readonly head: Head
  readonly replay: ReplayResult
  readonly wal: WalWriter
  readonly metrics: WalMetrics
  readonly lateMetrics: WalMetrics | undefined
  readonly unlock: () => void
}

async function openParts(
  directory: string,
  unlock: () => void,
  options: TsdbOptions,
  logger: Logger,
): Promise<OpenedParts> {
  const started = performance.now()
  const head = new Head({
    rangeMs: options.rangeMs ?? DEFAULT_RANGE_MS,
    registry: options.registry,
    logger,
    ...(options.headPages === undefined ? {} : { pages: options.headPages }),
    ...(options.maxExemplars === undefined ? {} : { maxExemplars: options.maxExemplars }),
  })
  removeMappedChunks(directory)
  const { headBytes = DEFAULT_HEAD_BYTES } = options
  head.attachMover(new ChunkMover(head, join(directory, 'chunks_head'), headBytes, logger))
  // What blocks have must not come into the head again.
  for (const { meta } of listBlocks(directory).blocks)
    if (!meta.compaction.hints?.includes(FROM_LATE)) head.minValidMs = Math.max(head.minValidMs, meta.maxTime)
  const walDirectory = join(directory, 'wal')
  removeTemporaryCheckpoints(walDirectory)
  const replay = await new WalReplay(walDirectory, head, logger).run(options.onReplay ?? (() => {}))
  const lateDirectory = join(directory, 'wbl')
  const hasLate = listSegments(lateDirectory).length > 0
  const late = hasLate ? await new WalReplay(lateDirectory, head, logger, true).run(() => {}) : undefined
  if (late !== undefined) reportReplay(late, 0, logger)
  // A log of late samples that knows of no deletions is Prometheus's: there they reach all late samples.
  const deletions = late?.tombstoneRecords === 0 ? replay.tombstones : []
  head.replayTombstones(deletions)
  const seconds = (performance.now() - started) / 1000
  reportReplay(replay, seconds, logger)
  const wal = new WalWriter({ directory: walDirectory, compression: options.walCompression ?? 'snappy' })
  head.attachWal(wal)
  head.flushSeries()
  const lateMetrics = hasLate ? attachLateLog(head, directory, options, deletions) : undefined
  const metrics = new WalMetrics(options.registry, wal, walDirectory)
  metrics.replayed(replay, seconds)
  return { directory, head, replay, wal, metrics, lateMetrics, unlock }
}

function attachLateLog(
  head: Head,
  directory: string,
  options: TsdbOptions,
  deletions: ReplayResult['tombstones'] = [],
): WalMetrics {
  const place = join(directory, 'wbl')
  const log = new WalWriter({ directory: place, compression: options.walCompression ?? 'snappy' })
  head.attachLateLog(log, deletions)
  return new WalMetrics(options.registry, log, place, LATE_LOG_PREFIX)
}

/**
 * Chunks of the head in `chunks_head`, from Prometheus or from us: the log has their samples too. They would stand beside those of the new head, and a
 * Prometheus that follows us would believe them.
 */
function removeMappedChunks(directory: string): void {
  rmSync(join(directory, 'chunks_head'), { recursive: true, force: true })
  // So do snapshots of its memory, which count on those chunks.
  for (const name of readdirSync(directory))
    if (/^chunk_snapshot\.\d+\.\d+$/.test(name))
      rmSync(join(directory, name), { recursive: true, force: true })
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw new StorageError(`cannot create ${path}: ${(error as Error).message}`, { cause: error })
  }
}

function reportReplay(replay: ReplayResult, seconds: number, logger: Logger): void {
  for (const [type, count] of replay.skipped)
    logger.warn('records of a kind that this version does not keep were skipped in the log', { type, count })
  if (replay.segments > 0)
    logger.info('WAL replay completed', {
      segments: replay.segments,
      records: replay.records,
      samples: replay.samples,
      duration: `${seconds.toFixed(3)}s`,
    })
}
