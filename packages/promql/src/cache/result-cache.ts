import type { Queryable } from '@promontory/model'
import type { Engine, QueryOptions, TimeSteps } from '../engine/engine.ts'
import { parseExpr } from '../parser/parse.ts'
import { printExpr } from '../parser/printer.ts'
import type { QueryResult } from '../result.ts'
import { isCacheable } from './cacheable.ts'
import { bytesOf, bytesOfVector, type Extent, joinExtents, ownExtent, sliceExtent } from './extent.ts'

export interface ResultCacheOptions {
  /** Estimated bytes that the cache may keep; the extents used longest ago go first. */
  readonly bytesMax: number
  /** Steps younger than this are not kept: samples may still come for them. */
  readonly freshMs: number
  readonly nowMs: () => number
}

/** How much of an answer came from the cache. */
export type CacheUse = 'hit' | 'partial' | 'miss' | 'bypass'

export interface CachedResult {
  readonly result: QueryResult
  readonly use: CacheUse
}

/** Of a range query its steps, of an instant query its whole result. */
type Entry =
  | { readonly bytes: number; readonly extent: Extent; readonly stepMs: number }
  | { readonly bytes: number; readonly result: QueryResult; readonly timeMs: number }

/** An extent that takes more than this share of the cache is not kept. */
const LARGEST_SHARE = 1 / 4
/** An extent of more steps is cut to what was asked for last. */
const STEPS_MAX = 22_000

/**
 * Keeps what range queries evaluated to, by query, step and phase (start modulo step), and evaluates only the steps that are missing. What
 * could change is not kept: steps younger than `freshMs`, queries whose value depends on their borders, and answers with warnings or with infos about samples,
 * which belong to the whole range. Instant queries of settled times are kept whole. Whoever changes older samples calls {@link forget}. Answers are the same as without it.
 */
export class ResultCache {
  readonly #engine: Engine
  readonly #options: ResultCacheOptions
  /** In order of use. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(engine: Engine, options: ResultCacheOptions) {
    this.#engine = engine
    this.#options = options
  }

  /** Estimated bytes kept. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * As {@link Engine.range}; statistics are of the steps that were evaluated.
   * @throws ParseError, QueryError
   */
  async range(
    queryable: Queryable,
    query: string,
    steps: TimeSteps,
    options: QueryOptions = {},
  ): Promise<CachedResult> {
    const key = this.#keyOf(query, steps, options)
    if (key === undefined)
      return { result: await this.#engine.range(queryable, query, steps, options), use: 'bypass' }
    const wanted = { startMs: steps.startMs, endMs: lastStep(steps) }
    const entry = this.#take(key)
    if (entry === undefined || !('extent' in entry) || !touches(entry.extent, wanted, steps.stepMs))
      return await this.#evaluateAll(key, queryable, query, steps, options)
    return await this.#complete(key, entry.extent, queryable, query, steps, options)
  }

  /**
   * As {@link Engine.instant}.
   * @throws ParseError, QueryError
   */
  async instant(
    queryable: Queryable,
    query: string,
    timeMs: number,
    options: QueryOptions = {},
  ): Promise<CachedResult> {
    const expr = parseExpr(query, this.#engine.parserOptions)
    const settled = timeMs <= this.#options.nowMs() - this.#options.freshMs
    if (!settled || options.perStepStats === true || !isCacheable(expr))
      return { result: await this.#engine.instant(queryable, query, timeMs, options), use: 'bypass' }
    const key = `@ ${timeMs} ${options.lookbackMs ?? ''} ${printExpr(expr)}`
    const entry = this.#take(key)
    if (entry !== undefined && 'result' in entry) return { result: entry.result, use: 'hit' }
    const result = await this.#engine.instant(queryable, query, timeMs, options)
    const { value, warnings, infos } = result
    if (value.type === 'vector' && warnings.length === 0 && infos.length === 0)
      this.#insert(key, { bytes: bytesOfVector(value) + 2 * key.length, result, timeMs })
    return { result, use: 'miss' }
  }

  /** Takes over what a range query evaluated to elsewhere. */
  keep(query: string, steps: TimeSteps, options: QueryOptions, result: QueryResult): void {
    const key = this.#keyOf(query, steps, options)
    const extent = extentOf(result, steps.startMs, lastStep(steps))
    if (key !== undefined && extent !== undefined) this.#keepSettled(key, extent, steps)
  }

  /** Drops what samples at `timeMs` or later may have changed. */
  forget(timeMs: number): void {
    for (const [key, entry] of this.#entries) {
      const endMs = 'extent' in entry ? entry.extent.endMs : entry.timeMs
      if (endMs < timeMs) continue
      this.#drop(key, entry)
      if (!('extent' in entry) || entry.extent.startMs >= timeMs) continue
      const { extent, stepMs } = entry
      this.#keep(
        key,
        sliceExtent(extent, extent.startMs, lastStepBefore(extent.startMs, stepMs, timeMs - 1)),
        stepMs,
      )
    }
  }

  async #evaluateAll(
    key: string,
    queryable: Queryable,
    query: string,
    steps: TimeSteps,
    options: QueryOptions,
  ): Promise<CachedResult> {
    const result = await this.#engine.range(queryable, query, steps, options)
    const extent = extentOf(result, steps.startMs, lastStep(steps))
    if (extent !== undefined) this.#keepSettled(key, extent, steps)
    return { result, use: 'miss' }
  }

  /** Evaluates what is missing on either side of a known extent. */
  async #complete(
    key: string,
    known: Extent,
    queryable: Queryable,
    query: string,
    steps: TimeSteps,
    options: QueryOptions,
  ): Promise<CachedResult> {
    const { startMs, stepMs } = steps
    const endMs = lastStep(steps)
    const evaluated: QueryResult[] = []
    const parts: Extent[] = [known]
    const missing = [
      { startMs, endMs: Math.min(endMs, known.startMs - stepMs) },
      { startMs: Math.max(startMs, known.endMs + stepMs), endMs },
    ]
    for (const [side, range] of missing.entries()) {
      if (range.startMs > range.endMs) continue
      const result = await this.#engine.range(queryable, query, { ...range, stepMs }, options)
      const extent = extentOf(result, range.startMs, range.endMs)
      if (extent === undefined) return await this.#evaluateAll(key, queryable, query, steps, options)
      evaluated.push(result)
      if (side === 0) parts.unshift(extent)
      else parts.push(extent)
    }
    const joined = joinExtents(parts)
    this.#keepSettled(key, joined, steps)
    const { series, infos } = sliceExtent(joined, startMs, endMs)
    return {
      result: {
        value: { type: 'matrix', series },
        warnings: [],
        infos,
        stats: {
          totalQueryableSamples: evaluated.reduce((sum, { stats }) => sum + stats.totalQueryableSamples, 0),
          peakSamples: evaluated.reduce((most, { stats }) => Math.max(most, stats.peakSamples), 0),
          totalQueryableSamplesPerStep: undefined,
        },
      },
      use: evaluated.length === 0 ? 'hit' : 'partial',
    }
  }

  /** Keeps the steps of an extent that no sample can change any more. */
  #keepSettled(key: string, extent: Extent, steps: TimeSteps): void {
    const { startMs, stepMs } = steps
    const settledMs = this.#options.nowMs() - this.#options.freshMs
    const tooLong = (extent.endMs - extent.startMs) / stepMs > STEPS_MAX
    const from = tooLong ? startMs : extent.startMs
    const to = Math.min(tooLong ? lastStep(steps) : extent.endMs, lastStepBefore(from, stepMs, settledMs))
    if (to >= from) this.#keep(key, sliceExtent(extent, from, to), stepMs)
  }

  #keep(key: string, extent: Extent, stepMs: number): void {
    this.#insert(key, { bytes: bytesOf(extent) + 2 * key.length, extent: ownExtent(extent), stepMs })
  }

  #insert(key: string, entry: Entry): void {
    const { bytesMax } = this.#options
    const before = this.#entries.get(key)
    if (before !== undefined) this.#drop(key, before)
    if (entry.bytes > bytesMax * LARGEST_SHARE) return
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    for (const [oldest, other] of this.#entries) {
      if (this.#bytes <= bytesMax) break
      this.#drop(oldest, other)
    }
  }

  #drop(key: string, { bytes }: Entry): void {
    this.#entries.delete(key)
    this.#bytes -= bytes
  }

  #take(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  /** Undefined for a query that goes past the cache. */
  #keyOf(
    query: string,
    { startMs, stepMs }: TimeSteps,
    { perStepStats, lookbackMs }: QueryOptions,
  ): string | undefined {
    if (perStepStats === true || !(stepMs > 0)) return undefined
    if (!Number.isInteger(stepMs) || !Number.isInteger(startMs)) return undefined
    const expr = parseExpr(query, this.#engine.parserOptions)
    if (!isCacheable(expr)) return undefined
    const phase = ((startMs % stepMs) + stepMs) % stepMs
    return `${stepMs} ${phase} ${lookbackMs ?? ''} ${printExpr(expr)}`
  }
}

/** Infos that hold wherever there are series: they are about what a metric is called. */
function isAboutNames(info: string): boolean {
  return info.startsWith('PromQL info: metric might not be a counter')
}

/** An extent of what a query evaluated to; undefined when it must not be used for another range. */
function extentOf(
  { value, warnings, infos }: QueryResult,
  startMs: number,
  endMs: number,
): Extent | undefined {
  if (value.type !== 'matrix' || warnings.length > 0 || !infos.every(isAboutNames)) return undefined
  return { startMs, endMs, series: value.series, infos }
}

function lastStep({ startMs, endMs, stepMs }: TimeSteps): number {
  return lastStepBefore(startMs, stepMs, endMs)
}

/** Time of the last step that is not after `endMs`. */
function lastStepBefore(startMs: number, stepMs: number, endMs: number): number {
  return startMs + Math.floor((endMs - startMs) / stepMs) * stepMs
}

/** Whether two ranges of steps overlap or follow each other. */
function touches(
  a: { readonly startMs: number; readonly endMs: number },
  b: { readonly startMs: number; readonly endMs: number },
  stepMs: number,
): boolean {
  return a.startMs <= b.endMs + stepMs && b.startMs <= a.endMs + stepMs
}
