import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '@promontory/base'
import { deleteBlock, removeLeftovers, supersededBlocks } from '../block/block-directories.ts'
import { type BlockOnDisk, listBlocks, resolutionOf } from '../block/meta.ts'
import type { CompactionResult, CompactionTask } from '../compact/task.ts'
import { BUILD_MS, type Tier, type TierRetention, TIERS } from './resolution.ts'

export interface TierKeeperOptions {
  /** Holds a folder of blocks for each tier. */
  readonly directory: string
  readonly retention: TierRetention
  readonly logger: Logger
  readonly runTask: (task: CompactionTask) => Promise<CompactionResult>
}

/** What of the samples is final, at one moment. */
export interface Settled {
  /** Blocks of samples, oldest first. */
  readonly blocks: readonly BlockOnDisk[]
  /** Nothing older will come any more; exclusive. */
  readonly untilMs: number
}

/** Keeps the tiers: aggregates each day once it is settled, merges the blocks of days, and lets old ones go. */
export class TierKeeper {
  readonly #options: TierKeeperOptions
  retention: TierRetention
  blocks: readonly BlockOnDisk[] = []
  /** Days that were aggregated since the start: one that gave nothing is not tried again. */
  readonly #done = new Set<number>()

  constructor(options: TierKeeperOptions) {
    this.#options = options
    this.retention = options.retention
    for (const tier of TIERS)
      if (existsSync(this.#directoryOf(tier))) removeLeftovers(this.#directoryOf(tier))
    this.reload()
  }

  /** Whether any tier is kept. */
  get enabled(): boolean {
    return TIERS.some(({ name }) => this.retention[name] > 0)
  }

  /** One round. @throws what a task throws; what was written before stays */
  async run(settled: Settled): Promise<void> {
    this.#letGo(settled)
    const failures: unknown[] = []
    for (const [dayMs, tiers] of this.#missingDays(settled))
      // A damaged block costs the days that it holds, not the others.
      await this.#build(dayMs, tiers, settled.blocks).catch((error: unknown) => failures.push(error))
    for (const tier of TIERS) await this.#merge(tier)
    if (failures.length > 0) throw failures[0]
  }

  /** Keeps the tiers for other times from now on. */
  retain(retention: TierRetention): void {
    this.retention = retention
    this.#done.clear()
  }

  /** Whether all that a block of samples holds is in the tiers, so that it may go. */
  hasAll(block: BlockOnDisk, untilMs: number): boolean {
    return this.#missingDays({ blocks: [block], untilMs: Infinity }, untilMs).length === 0
  }

  /** The days that are settled and not aggregated yet, oldest first, each with the tiers that lack it. */
  #missingDays({ blocks, untilMs }: Settled, nowMs = untilMs): [dayMs: number, tiers: Tier[]][] {
    const days = new Set<number>()
    for (const { meta } of blocks)
      for (let dayMs = dayOf(meta.minTime); dayMs < meta.maxTime; dayMs += BUILD_MS)
        if (dayMs + BUILD_MS <= untilMs && !this.#done.has(dayMs)) days.add(dayMs)
    return [...days]
      .sort((a, b) => a - b)
      .map((dayMs): [number, Tier[]] => [dayMs, this.#lacking(dayMs, nowMs)])
      .filter(([, tiers]) => tiers.length > 0)
  }

  #lacking(dayMs: number, nowMs: number): Tier[] {
    const endMs = dayMs + BUILD_MS
    return TIERS.filter(
      (tier) =>
        endMs > nowMs - this.retention[tier.name] &&
        this.retention[tier.name] > 0 &&
        !this.#blocksOf(tier).some(({ meta }) => meta.minTime <= dayMs && meta.maxTime >= endMs),
    )
  }

  async #build(dayMs: number, tiers: readonly Tier[], blocks: readonly BlockOnDisk[]): Promise<void> {
    const { logger, runTask } = this.#options
    const toMs = dayMs + BUILD_MS
    const started = performance.now()
    for (const tier of tiers) mkdirSync(this.#directoryOf(tier), { recursive: true })
    const sources = blocks.filter(({ meta }) => meta.minTime < toMs && meta.maxTime > dayMs)
    const outputs = tiers.map((tier) => ({
      parent: this.#directoryOf(tier),
      resolutionMs: tier.resolutionMs,
    }))
    await runTask({ kind: 'tiers', blocks: sources.map(({ directory }) => directory), fromMs: dayMs, toMs, outputs }) // prettier-ignore
    this.#done.add(dayMs)
    this.reload()
    const duration = `${((performance.now() - started) / 1000).toFixed(3)}s`
    logger.info('a day was aggregated', { day: new Date(dayMs).toISOString().slice(0, 10), duration })
  }

  /** Blocks inside of one aligned stretch become one when it is full. */
  async #merge(tier: Tier): Promise<void> {
    const newestMs = Math.max(...this.blocks.map(({ meta }) => meta.maxTime))
    for (const group of groupsOf(this.#blocksOf(tier), tier.blockMs)) {
      const endMs = (Math.floor(group[0]!.meta.minTime / tier.blockMs) + 1) * tier.blockMs
      if (group.length < 2 || endMs > newestMs) continue
      await this.#rewrite(tier, group)
    }
  }

  async #rewrite(tier: Tier, group: readonly BlockOnDisk[]): Promise<void> {
    await this.#options.runTask({
      kind: 'merge-tier',
      blocks: group.map(({ directory }) => directory),
      output: { parent: this.#directoryOf(tier), resolutionMs: tier.resolutionMs },
    })
    this.reload()
    // Nothing is left of blocks in which all was deleted.
    for (const block of group) if (this.blocks.includes(block)) deleteBlock(block.directory)
    this.reload()
  }

  /** Writes the blocks with deletions anew, without what they delete. */
  async clean(hasDeletions: (block: BlockOnDisk) => boolean): Promise<void> {
    for (const tier of TIERS)
      for (const block of this.#blocksOf(tier).filter(hasDeletions)) await this.#rewrite(tier, [block])
  }

  #letGo({ untilMs }: Settled): void {
    let changed = false
    for (const tier of TIERS) {
      const keepMs = this.retention[tier.name]
      for (const block of this.#blocksOf(tier)) {
        if (keepMs > 0 && block.meta.maxTime >= untilMs - keepMs) continue
        // Without tiers nothing is thrown away: they may have been switched off by mistake.
        if (keepMs === 0 && !this.enabled) continue
        deleteBlock(block.directory)
        this.#options.logger.info('Deleting obsolete block', { block: block.meta.ulid, tier: tier.name })
        changed = true
      }
    }
    if (changed) this.reload()
  }

  /** Reads the lists of blocks anew. @returns whether they changed */
  reload(): boolean {
    const before = this.blocks
    const found: BlockOnDisk[] = []
    for (const tier of TIERS) {
      if (!existsSync(this.#directoryOf(tier))) continue
      const { blocks, damaged } = listBlocks(this.#directoryOf(tier))
      for (const error of damaged)
        this.#options.logger.error('a block cannot be read and is left out', { error })
      const obsolete = supersededBlocks(blocks)
      for (const block of obsolete) deleteBlock(block.directory)
      for (const block of blocks) {
        if (obsolete.includes(block)) continue
        found.push(before.find(({ directory }) => directory === block.directory) ?? block)
      }
    }
    this.blocks = found.sort((a, b) => a.meta.minTime - b.meta.minTime)
    return this.blocks.length !== before.length || this.blocks.some((block, i) => block !== before[i])
  }

  #blocksOf(tier: Tier): BlockOnDisk[] {
    return this.blocks.filter(({ meta }) => resolutionOf(meta) === tier.resolutionMs)
  }

  #directoryOf({ name }: Tier): string {
    return join(this.#options.directory, name)
  }
}

function dayOf(timeMs: number): number {
  return Math.floor(timeMs / BUILD_MS) * BUILD_MS
}

/** Blocks by the aligned stretch that they lie in. */
function groupsOf(blocks: readonly BlockOnDisk[], stretchMs: number): BlockOnDisk[][] {
  const groups = new Map<number, BlockOnDisk[]>()
  for (const block of blocks) {
    const at = Math.floor(block.meta.minTime / stretchMs)
    if (block.meta.maxTime > (at + 1) * stretchMs) continue
    const group = groups.get(at)
    if (group === undefined) groups.set(at, [block])
    else group.push(block)
  }
  return [...groups.values()]
}
