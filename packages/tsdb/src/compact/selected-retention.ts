import type { Matcher } from '@promontory/model'
import type { BlockOnDisk } from '../block/meta.ts'
import type { PostedMatcher } from './delete.ts'
import type { CompactionResult, CompactionTask } from './task.ts'

/** Series that go earlier than the others. */
export interface RetentionRule {
  readonly matchers: readonly Matcher[]
  readonly keepMs: number
}

/** How often blocks are looked through. */
const INTERVAL_MS = 3600_000

/**
 * Deletes series that are kept for a shorter time than the others from blocks that are older as a whole: they stay a little longer than asked for, never shorter.
 */
export class SelectedRetention {
  readonly #runTask: (task: CompactionTask) => Promise<CompactionResult>
  #rules: readonly RetentionRule[] = []
  /** Head time of the last look. */
  #lookedMs = -Infinity
  /** Blocks in which nothing more of a rule can be: rule and directory. */
  readonly #clean = new Set<string>()

  constructor({ runTask }: { readonly runTask: (task: CompactionTask) => Promise<CompactionResult> }) {
    this.#runTask = runTask
  }

  set rules(rules: readonly RetentionRule[]) {
    this.#rules = rules
    this.#lookedMs = -Infinity
    this.#clean.clear()
  }

  /**
   * Notes what has to go from the blocks.
   * @param nowMs  time of the newest sample
   * @returns whether something was noted, so that blocks must be written anew
   */
  async run(blocks: readonly BlockOnDisk[], nowMs: number): Promise<boolean> {
    if (this.#rules.length === 0 || nowMs < this.#lookedMs + INTERVAL_MS) return false
    this.#lookedMs = nowMs
    let looked = false
    for (const [number, { matchers, keepMs }] of this.#rules.entries()) {
      const old = blocks.filter(
        ({ meta, directory }) => meta.maxTime <= nowMs - keepMs && !this.#clean.has(`${number} ${directory}`),
      )
      if (old.length === 0) continue
      await this.#runTask({
        kind: 'delete',
        blocks: old.map(({ directory }) => directory),
        matchers: matchers.map(postable),
        startMs: -8.64e15,
        endMs: 8.64e15,
      })
      for (const { directory } of old) this.#clean.add(`${number} ${directory}`)
      looked = true
    }
    return looked
  }
}

function postable({ operator, name, value }: Matcher): PostedMatcher {
  return { operator, name, value }
}
