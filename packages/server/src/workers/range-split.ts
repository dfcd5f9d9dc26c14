import { type CacheUse, isCacheable, type ParserOptions, parseExpr } from '@promontory/promql'
import type { PartTask, RangeTask } from './protocol.ts'

/** Parts that save less than this are not worth it. */
const WORTH_MS = 1
/** What the messages cost that parts are asked for and answered by. */
const MESSAGES_MS = 1
/** Points of parts are posted and joined: about a millisecond for so many bytes of the answer. */
const JOINED_BYTES_PER_MS = 300_000
/** Parts decode the chunks at their borders once each, and windows reach back: half an hour at 15 s. */
const BORDER_MS = 30 * 60_000
const STEPS_PER_PART_MIN = 8
/** A query that another worker would save so much makes it worth starting the threads that are not there yet. */
const DESERVES_ALL_MS = 10
const QUERIES_REMEMBERED = 2000
/** A query that nobody has asked before is taken for heavy from this range and number of steps on. */
const UNKNOWN_HEAVY_RANGE_MS = 6 * 3600_000
const UNKNOWN_HEAVY_STEPS = 240

interface Known {
  /** Milliseconds of work per step, as last measured. */
  msPerStep: number
  /** Length of the answer per step. */
  bytesPerStep: number
  /** Whether the steps can be evaluated apart; undefined until somebody had to know. */
  separable: boolean | undefined
  /** The steps that a result cache was given last. */
  kept: { readonly startMs: number; readonly endMs: number } | undefined
}

/**
 * Decides which range queries are worth several workers, by what the same query took before, and cuts their steps into
 * parts. Only queries whose steps do not depend on each other are cut.
 */
export class RangeSplitter {
  readonly #parserOptions: ParserOptions
  /** In order of use. */
  readonly #known = new Map<string, Known>()

  constructor(parserOptions: ParserOptions) {
    this.#parserOptions = parserOptions
  }

  /** Remembers what a query took, over all workers that were on it, and what of it is in a result cache since. */
  note(task: RangeTask, workMs: number, bytes: number, cacheUse: CacheUse | undefined): void {
    const known = this.#of(task)
    if (cacheUse !== 'hit' && cacheUse !== 'partial') known.msPerStep = workMs / stepsOf(task)
    known.bytesPerStep = bytes / stepsOf(task)
    if (cacheUse !== undefined && cacheUse !== 'bypass')
      known.kept = { startMs: task.startMs, endMs: task.endMs }
  }

  /** Whether the query takes so long that all workers should be there the next time it is asked. */
  deservesAll(task: RangeTask): boolean {
    return this.#savedMs(task, 2) >= DESERVES_ALL_MS && !this.#isMostlyKept(task) && this.#isSeparable(task)
  }

  /** The result caches have forgotten something. */
  forgetKept(): void {
    for (const known of this.#known.values()) known.kept = undefined
  }

  /**
   * The task of the worker that answers, and those of its helpers.
   * @param workers  how many are idle, the one that answers included
   * @returns undefined when the query shall stay in one piece
   */
  split(
    task: RangeTask,
    workers: number,
    maxSamples: number,
  ): { lead: RangeTask; parts: PartTask[] } | undefined {
    const steps = stepsOf(task)
    const pieces = Math.min(workers, Math.floor(steps / STEPS_PER_PART_MIN))
    if (pieces < 2 || task.stats !== 'none' || this.#isMostlyKept(task)) return undefined
    if (!this.#isHeavy(task, pieces) || !this.#isSeparable(task)) return undefined
    const { expr, startMs, stepMs, lookbackMs } = task
    const stepAt = (piece: number): number => startMs + Math.floor((steps * piece) / pieces) * stepMs
    const parts = Array.from({ length: pieces - 1 }, (_, i): PartTask => {
      const endMs = i + 2 === pieces ? task.endMs : stepAt(i + 2) - stepMs
      return {
        kind: 'part', expr, startMs: stepAt(i + 1), endMs, stepMs, maxSamples: Math.ceil(maxSamples / pieces),
        ...(lookbackMs === undefined ? {} : { lookbackMs }),
      } // prettier-ignore
    })
    return { lead: { ...task, split: { ownEndMs: stepAt(1) - stepMs, parts: parts.length } }, parts }
  }

  /** Whether a cache is likely to know more than half of the answer. */
  #isMostlyKept(task: RangeTask): boolean {
    const { kept } = this.#of(task)
    if (!task.cached || kept === undefined) return false
    const shared = Math.min(kept.endMs, task.endMs) - Math.max(kept.startMs, task.startMs)
    return 2 * shared > task.endMs - task.startMs
  }

  #isHeavy(task: RangeTask, pieces: number): boolean {
    const savedMs = this.#savedMs(task, pieces)
    if (!Number.isNaN(savedMs)) return savedMs >= WORTH_MS
    return task.endMs - task.startMs >= UNKNOWN_HEAVY_RANGE_MS && stepsOf(task) >= UNKNOWN_HEAVY_STEPS
  }

  /** How much sooner the answer is there when its steps are in so many parts; NaN when nobody has asked it before. */
  #savedMs(task: RangeTask, pieces: number): number {
    const { msPerStep, bytesPerStep } = this.#of(task)
    const steps = stepsOf(task)
    const rangeMs = task.endMs - task.startMs
    const share = (rangeMs / pieces + BORDER_MS) / (rangeMs + BORDER_MS)
    return msPerStep * steps * (1 - share) - MESSAGES_MS - (bytesPerStep * steps) / JOINED_BYTES_PER_MS
  }

  #isSeparable(task: RangeTask): boolean {
    const known = this.#of(task)
    known.separable ??= this.#canSeparate(task.expr)
    return known.separable
  }

  #canSeparate(query: string): boolean {
    try {
      return isCacheable(parseExpr(query, this.#parserOptions))
    } catch {
      // The worker will say what is wrong.
      return false
    }
  }

  #of({ expr, stepMs }: RangeTask): Known {
    const key = `${stepMs} ${expr}`
    const known = this.#known.get(key) ?? {
      msPerStep: NaN,
      bytesPerStep: 0,
      separable: undefined,
      kept: undefined,
    }
    this.#known.delete(key)
    this.#known.set(key, known)
    if (this.#known.size > QUERIES_REMEMBERED) this.#known.delete(this.#known.keys().next().value!)
    return known
  }
}

function stepsOf({ startMs, endMs, stepMs }: RangeTask): number {
  return Math.floor((endMs - startMs) / stepMs) + 1
}
