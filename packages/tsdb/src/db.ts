import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Logger, type Registry, silentLogger } from '@promontory/base'
import type { AppendBatch, Appender, AppendOutcome, Labels, SeriesRef } from '@promontory/model'
import { StorageError } from './errors.ts'
import { DEFAULT_RANGE_MS, Head } from './head/head.ts'
import { lockDirectory } from './lock.ts'
import type { TsdbReaderState } from './reader.ts'
import type { WalCompression } from './wal/format.ts'
import { WalMetrics } from './wal/wal-metrics.ts'
import { type ReplayProgress, type ReplayResult, WalReplay } from './wal/replay.ts'
import { WalWriter } from './wal/writer.ts'

export interface TsdbOptions {
  /** A Prometheus data directory; created when it does not exist. */
  readonly directory: string
  readonly registry: Registry
  readonly logger?: Logger
  readonly walCompression?: WalCompression
  readonly rangeMs?: number
  readonly headPages?: number
  readonly maxExemplars?: number
  /** Off only for `--storage.tsdb.no-lockfile` and tools that read. */
  readonly lock?: boolean
  readonly onReplay?: (progress: ReplayProgress) => void
}

/** How often what was logged is brought to the disk. */
const SYNC_INTERVAL_MS = 5000

/** The storage of one server: the writer's side, on the main thread. Query workers read through `TsdbReader`. */
export class Tsdb implements Appender {
  readonly directory: string
  readonly head: Head
  readonly replay: ReplayResult
  readonly #wal: WalWriter
  readonly #unlock: () => void
  readonly #syncTimer: ReturnType<typeof setInterval>
  readonly #logger: Logger
  #closed = false

  private constructor(
    directory: string,
    head: Head,
    replay: ReplayResult,
    wal: WalWriter,
    unlock: () => void,
    logger: Logger,
    metrics: WalMetrics,
  ) {
    this.directory = directory
    this.head = head
    this.replay = replay
    this.#wal = wal
    this.#unlock = unlock
    this.#logger = logger
    this.#syncTimer = setInterval(() => {
      this.#wal.sync(
        (error) => this.#logger.error('the log cannot be brought to the disk', { error }),
        (milliseconds) => metrics.fsync.observe(milliseconds / 1000),
      )
      this.head.epochs.collect()
    }, SYNC_INTERVAL_MS)
    this.#syncTimer.unref()
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
      const started = performance.now()
      const head = new Head({
        rangeMs: options.rangeMs ?? DEFAULT_RANGE_MS,
        registry: options.registry,
        logger,
        ...(options.headPages === undefined ? {} : { pages: options.headPages }),
        ...(options.maxExemplars === undefined ? {} : { maxExemplars: options.maxExemplars }),
      })
      const walDirectory = join(directory, 'wal')
      const replay = await new WalReplay(walDirectory, head, logger).run(options.onReplay ?? (() => {}))
      const seconds = (performance.now() - started) / 1000
      reportReplay(replay, seconds, logger)
      const wal = new WalWriter({ directory: walDirectory, compression: options.walCompression ?? 'snappy' })
      head.attachWal(wal)
      head.flushSeries()
      const metrics = new WalMetrics(options.registry, wal, walDirectory)
      metrics.replayed(replay, seconds)
      return new Tsdb(directory, head, replay, wal, unlock, logger, metrics)
    } catch (error) {
      unlock()
      throw error
    }
  }

  seriesRef(labels: Labels): SeriesRef {
    return this.head.seriesRef(labels)
  }

  append(batch: AppendBatch): AppendOutcome {
    if (this.#closed) throw new StorageError(`the storage ${this.directory} is closed`)
    return this.head.append(batch)
  }

  /** What a reader in another thread needs: can be posted to a worker. */
  readerState(): TsdbReaderState {
    return { memory: this.head.memory.memory }
  }

  /** Brings everything to the disk and gives the lock back. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#syncTimer)
    this.head.flushSeries()
    this.#wal.close()
    this.#unlock()
  }
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
