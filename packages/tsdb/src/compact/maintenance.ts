import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Counter, Gauge, Histogram, Logger, Registry } from '@promontory/base'
import type { Matcher } from '@promontory/model'
import { deleteBlock, removeLeftovers, supersededBlocks } from '../block/block-directories.ts'
import { type BlockOnDisk, listBlocks, newUlid } from '../block/meta.ts'
import { readTombstones } from '../block/tombstones.ts'
import type { Head } from '../head/head.ts'
import { truncateHead } from '../head/truncate.ts'
import { listSegments, walBytes, type WalWriter } from '../wal/writer.ts'
import { segmentName, type WalCompression } from '../wal/format.ts'
import { blockRanges, maxBlockRange, planCompaction } from './plan.ts'
import { beyondRetention, directoryBytes, type Retention } from './retention.ts'
import { type RetentionRule, SelectedRetention } from './selected-retention.ts'
import type { TierRetention } from '../tier/resolution.ts'
import { TierKeeper } from '../tier/tier-keeper.ts'
import { snapshotBlocks, snapshotName } from './snapshot.ts'
import type { CompactionResult, CompactionTask } from './task.ts'

/** How much longer samples are kept whose day could not be aggregated yet. */
const TIER_PATIENCE_MS = 24 * 3600_000

export interface MaintenanceOptions {
  readonly directory: string
  readonly head: Head
  readonly wal: WalWriter
  readonly walCompression: WalCompression
  readonly retention: Retention
  readonly maxRangeMs?: number
  readonly logger: Logger
  readonly registry: Registry
  readonly nowMs: () => number
  /** Does a task, in another thread when there is one. */
  readonly runTask: (task: CompactionTask) => Promise<CompactionResult>
  /** Is told of all blocks, those of tiers included. */
  readonly onBlocks: (blocks: readonly BlockOnDisk[]) => void
  /** Where the tiers are, and how long each is kept; without it there are none. */
  readonly tiers?: { readonly directory: string; readonly retention: TierRetention }
}

/**
 * What the storage does about once a minute:
 * 1. while the head spans more than one and a half block ranges, its oldest range becomes a block, the head forgets it,
 *    and the older log becomes a checkpoint;
 * 2. blocks that somebody put into the directory are taken in;
 * 3. blocks are merged into longer ones;
 * 4. days that are settled are aggregated into the tiers;
 * 5. blocks beyond the retention go, and from the others what is kept for a shorter time.
 * A step that fails is logged and counted, and tried again the next time; what was written before stays valid.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #metrics: MaintenanceMetrics
  readonly tiers: TierKeeper | undefined
  readonly #selected: SelectedRetention
  retention: Retention
  /** The first segment of the log that somebody has yet to read: it and those behind it stay. */
  keepLogFrom: () => number = () => Infinity
  /** Blocks of samples, oldest first. */
  blocks: readonly BlockOnDisk[] = []
  #running: Promise<void> | undefined

  constructor(options: MaintenanceOptions) {
    this.#options = options
    this.retention = options.retention
    this.#metrics = new MaintenanceMetrics(options.registry, this)
    this.#selected = new SelectedRetention(options)
    removeLeftovers(options.directory)
    const { tiers, logger, runTask } = options
    this.tiers = tiers === undefined ? undefined : new TierKeeper({ ...tiers, logger, runTask })
    this.reloadBlocks()
  }

  /** Of samples and of tiers. */
  get allBlocks(): readonly BlockOnDisk[] {
    return this.tiers === undefined ? this.blocks : [...this.tiers.blocks, ...this.blocks]
  }

  /** Series that are kept for a shorter time than the others. */
  set shorterRetention(rules: readonly RetentionRule[]) {
    this.#selected.rules = rules
  }

  /** One round; a call during a round waits for that one. */
  run(): Promise<void> {
    this.#running ??= this.#round().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #round(): Promise<void> {
    const { logger } = this.#options
    try {
      await this.compactHead()
      this.reloadBlocks()
      await this.#mergeBlocks()
      try {
        await this.#keepTiers()
      } finally {
        // A day that cannot be aggregated must not fill the disk.
        this.#applyRetention()
      }
      await this.#applySelected()
    } catch (error) {
      this.#metrics.failed.inc()
      logger.error('compaction failed', { error })
    }
  }

  /** Turns ranges of the head into blocks while it is long enough. */
  async compactHead(): Promise<void> {
    const { head } = this.#options
    let compacted = false
    while (head.maxTimeMs - head.minTimeMs > head.rangeMs * 1.5) {
      const minTimeMs = Math.floor(head.minTimeMs / head.rangeMs) * head.rangeMs
      await this.#compactRange(minTimeMs, minTimeMs + head.rangeMs)
      compacted = true
    }
    if (compacted || head.late.windowMs === 0) await this.compactLate()
  }

  /** Turns the late samples of the head into blocks, one per range that they fall into, and forgets their log. */
  async compactLate(): Promise<void> {
    const { directory, head } = this.#options
    if (head.late.series === 0) return
    const keptFrom = head.nextLateSegment()
    const { minTimeMs, maxTimeMs } = head.late
    const sealed = head.late.sealAll((work) => head.step(work))
    await this.#writeLate(directory, minTimeMs, maxTimeMs)
    this.reloadBlocks()
    head.late.drop(sealed, (work) => head.step(work))
    head.epochs.collect()
    const log = join(directory, 'wbl')
    if (keptFrom !== undefined)
      for (const index of listSegments(log)) if (index < keptFrom) rmSync(join(log, segmentName(index)))
  }

  async #writeLate(parent: string, minTimeMs: number, maxTimeMs: number): Promise<void> {
    const { head, logger, runTask } = this.#options
    for (
      let from = Math.floor(minTimeMs / head.rangeMs) * head.rangeMs;
      from <= maxTimeMs;
      from += head.rangeMs
    ) {
      const ulid = newUlid(Date.now())
      const written = await runTask({ kind: 'late-block', parent, ulid, minTimeMs: from, maxTimeMs: from + head.rangeMs }) // prettier-ignore
      if (written !== undefined) logger.info('write block of late samples', { mint: from, maxt: from + head.rangeMs, ulid }) // prettier-ignore
    }
  }

  async #compactRange(minTimeMs: number, maxTimeMs: number): Promise<void> {
    const { directory, head, logger, runTask } = this.#options
    this.#metrics.triggered.inc()
    const started = performance.now()
    head.minValidMs = Math.max(head.minValidMs, maxTimeMs)
    const written = await runTask({
      kind: 'head-block',
      parent: directory,
      ulid: newUlid(Date.now()),
      minTimeMs,
      maxTimeMs,
    })
    const seconds = (performance.now() - started) / 1000
    this.#metrics.compacted(seconds)
    if (written !== undefined)
      logger.info('write block', {
        mint: minTimeMs,
        maxt: maxTimeMs,
        ulid: basename(written),
        duration: `${seconds.toFixed(3)}s`,
      })
    this.reloadBlocks()
    const removed = await truncateHead(head, maxTimeMs)
    logger.info('Head GC completed', { removed_series: removed })
    await this.#truncateWal(maxTimeMs)
  }

  /** The older two thirds of the log become a checkpoint, as in Prometheus. */
  async #truncateWal(minTimeMs: number): Promise<void> {
    const { directory, wal, walCompression, runTask, head } = this.#options
    const walDirectory = join(directory, 'wal')
    const segments = listSegments(walDirectory)
    wal.nextSegment()
    head.flushSeries()
    if (segments.length < 2) return
    const first = segments[0]!
    const twoThirds = first + Math.floor(((segments.at(-1)! - first) * 2) / 3)
    const lastSegment = Math.min(twoThirds, this.keepLogFrom() - 1)
    if (lastSegment <= first) return
    await runTask({
      kind: 'checkpoint',
      walDirectory,
      lastSegment,
      minTimeMs,
      compression: walCompression,
      aliases: [...head.aliases],
    })
  }

  /**
   * Writes `snapshots/<name>` below the data directory: the blocks, and the head as one more block. What it holds can be
   * copied anywhere and opened by Prometheus and by us.
   * @returns the name
   */
  async snapshot(skipHead: boolean): Promise<string> {
    await this.run()
    const { directory, head, runTask } = this.#options
    const name = snapshotName(Date.now())
    const target = join(directory, 'snapshots', name)
    snapshotBlocks(this.blocks, target)
    const { minTimeMs, maxTimeMs } = head
    if (!skipHead && maxTimeMs >= minTimeMs)
      await runTask({
        kind: 'head-block',
        parent: target,
        ulid: newUlid(Date.now()),
        minTimeMs,
        maxTimeMs: maxTimeMs + 1,
      })
    if (!skipHead && head.late.series > 0) {
      head.late.sealAll((work) => head.step(work))
      await this.#writeLate(target, head.late.minTimeMs, head.late.maxTimeMs)
    }
    return name
  }

  /** Notes deletions in the blocks that overlap [startMs, endMs]; readers are told. Then the head's turn comes: no compaction runs meanwhile. */
  async deleteFromBlocks(
    matchers: readonly Matcher[],
    startMs: number,
    endMs: number,
    deleteFromHead: () => void,
  ): Promise<void> {
    await this.#alone(async () => {
      const blocks = this.allBlocks
        .filter(({ meta }) => meta.minTime <= endMs && meta.maxTime > startMs)
        .map(({ directory }) => directory)
      const posted = matchers.map(({ operator, name, value }) => ({ operator, name, value }))
      if (blocks.length > 0)
        await this.#options.runTask({ kind: 'delete', blocks, matchers: posted, startMs, endMs })
      this.#options.onBlocks(this.allBlocks)
      deleteFromHead()
    })
  }

  /** Writes every block that has tombstones anew, without what they delete. */
  async cleanTombstones(): Promise<void> {
    await this.#alone(() => this.#writeWithoutDeleted())
  }

  async #writeWithoutDeleted(): Promise<void> {
    const { directory, logger, runTask } = this.#options
    for (const block of this.blocks.filter(hasTombstones)) {
      const ulid = newUlid(Date.now())
      const { level } = block.meta.compaction
      const written = await runTask({
        kind: 'merge',
        parent: directory,
        ulid,
        blocks: [block.directory],
        level,
      })
      logger.info('block written without what was deleted', { block: block.meta.ulid, ulid })
      if (written === undefined) deleteBlock(block.directory)
    }
    this.reloadBlocks()
    if (this.tiers === undefined) return
    await this.tiers.clean(hasTombstones)
    this.#options.onBlocks(this.allBlocks)
  }

  /** Not beside a round. */
  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => {})
    this.#running = work().finally(() => (this.#running = undefined))
    await this.#running
  }

  /** Reads the list of blocks anew; tells it on when it changed. */
  reloadBlocks(): void {
    const { blocks, damaged } = listBlocks(this.#options.directory)
    for (const error of damaged)
      this.#options.logger.error('a block cannot be read and is left out', { error })
    const obsolete = supersededBlocks(blocks)
    for (const block of obsolete) deleteBlock(block.directory)
    const left = blocks.filter((block) => !obsolete.includes(block))
    this.#metrics.reloads.inc()
    const changed =
      left.length !== this.blocks.length ||
      left.some((block, i) => block.directory !== this.blocks[i]!.directory)
    if (!changed) return
    this.blocks = left
    this.#options.onBlocks(this.allBlocks)
  }

  /**
   * Late samples may come for as long as their window says; what is older than that, and in blocks, is final. A sample of the future does not make it so:
   * when its log is lost, those before it are taken again.
   */
  get #settledUntilMs(): number {
    const { head } = this.#options
    const outOfHead = Math.floor(head.minTimeMs / head.rangeMs) * head.rangeMs
    const oldestLateMs = head.late.series > 0 ? head.late.minTimeMs : Infinity
    const newestMs = Math.min(head.maxTimeMs, this.#options.nowMs())
    return Math.min(outOfHead, newestMs - head.late.windowMs, oldestLateMs)
  }

  async #keepTiers(): Promise<void> {
    if (this.tiers === undefined || this.#options.head.maxTimeMs === -Infinity) return
    const before = this.tiers.blocks
    try {
      await this.tiers.run({ blocks: this.blocks, untilMs: this.#settledUntilMs })
    } finally {
      if (this.tiers.blocks !== before) this.#options.onBlocks(this.allBlocks)
    }
  }

  async #applySelected(): Promise<void> {
    const { head } = this.#options
    const changed = await this.#selected.run(this.allBlocks, head.maxTimeMs)
    if (changed) await this.#writeWithoutDeleted()
  }

  async #mergeBlocks(): Promise<void> {
    const { directory, head, logger, runTask, maxRangeMs } = this.#options
    const ranges = blockRanges(head.rangeMs, maxRangeMs ?? maxBlockRange(this.retention.timeMs))
    for (;;) {
      // Blocks of late samples may lie where the head still is. Merged with others they would pass for what the head has written, and a replay would
      // leave out what it has not.
      const written = this.blocks.filter(({ meta }) => meta.maxTime <= head.minValidMs)
      const group = planCompaction(written, ranges)
      if (group.length === 0) return
      const started = performance.now()
      const merged = await runTask({
        kind: 'merge',
        parent: directory,
        ulid: newUlid(Date.now()),
        blocks: group.map((block) => block.directory),
      })
      const seconds = (performance.now() - started) / 1000
      this.#metrics.compacted(seconds)
      logger.info('compact blocks', {
        count: group.length,
        ulid: merged === undefined ? '' : basename(merged),
        sources: group.map((block) => block.meta.ulid).join(','),
        duration: `${seconds.toFixed(3)}s`,
      })
      if (merged === undefined) for (const block of group) deleteBlock(block.directory)
      this.reloadBlocks()
    }
  }

  #applyRetention(): void {
    const { directory, logger } = this.#options
    const { timeMs } = this.retention
    const beyond = (limitMs: number): Set<BlockOnDisk> =>
      new Set(limitMs === 0 ? [] : beyondRetention(this.blocks, { timeMs: limitMs, bytes: 0 }, 0))
    const [old, overdue] = [beyond(timeMs), beyond(timeMs === 0 ? 0 : timeMs + TIER_PATIENCE_MS)]
    const gone = beyondRetention(this.blocks, this.retention, walBytes(join(directory, 'wal'))).filter(
      // Samples wait for their aggregates, but not for ever; and the bound of bytes counts.
      (block) =>
        !old.has(block) || overdue.has(block) || this.tiers?.hasAll(block, this.#settledUntilMs) !== false,
    )
    if (gone.length === 0) return
    for (const block of gone) {
      deleteBlock(block.directory)
      logger.info('Deleting obsolete block', { block: block.meta.ulid })
    }
    this.reloadBlocks()
  }
}

function hasTombstones({ directory }: BlockOnDisk): boolean {
  return readTombstones(join(directory, 'tombstones')).size > 0
}

/** Metrics of blocks and compactions under Prometheus's names and HELP. */
class MaintenanceMetrics {
  readonly triggered: Counter
  readonly failed: Counter
  readonly reloads: Counter
  readonly #compactions: Counter
  readonly #duration: Histogram
  readonly #loaded: Gauge
  readonly #bytes: Gauge

  constructor(registry: Registry, maintenance: Maintenance) {
    const counter = (name: string, help: string): Counter => {
      const metric = registry.counter({ name, help })
      metric.add(0)
      return metric
    }
    this.triggered = counter(
      'prometheus_tsdb_compactions_triggered_total',
      'Total number of triggered compactions for the partition.',
    )
    this.failed = counter(
      'prometheus_tsdb_compactions_failed_total',
      'Total number of compactions that failed for the partition.',
    )
    this.#compactions = counter(
      'prometheus_tsdb_compactions_total',
      'Total number of compactions that were executed for the partition.',
    )
    this.reloads = counter(
      'prometheus_tsdb_reloads_total',
      'Number of times the database reloaded block data from disk.',
    )
    this.#duration = registry.histogram({
      name: 'prometheus_tsdb_compaction_duration_seconds',
      help: 'Duration of compaction runs',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
    })
    this.#loaded = registry.gauge({
      name: 'prometheus_tsdb_blocks_loaded',
      help: 'Number of currently loaded data blocks',
    })
    this.#bytes = registry.gauge({
      name: 'prometheus_tsdb_storage_blocks_bytes',
      help: 'The number of bytes that are currently used for local storage by all blocks.',
    })
    const retention = registry.gauge({
      name: 'prometheus_tsdb_retention_limit_seconds',
      help: 'How long to retain samples in storage.',
    })
    const limit = registry.gauge({
      name: 'prometheus_tsdb_retention_limit_bytes',
      help: 'Max number of bytes to be retained in the tsdb blocks, configured 0 means disabled',
    })
    registry.onCollect(() => {
      this.#loaded.set(maintenance.blocks.length)
      this.#bytes.set(maintenance.blocks.reduce((sum, block) => sum + directoryBytes(block.directory), 0))
      retention.set(maintenance.retention.timeMs / 1000)
      limit.set(maintenance.retention.bytes)
    })
  }

  compacted(seconds: number): void {
    this.#compactions.inc()
    this.#duration.observe(seconds)
  }
}
