import type { Expr } from '../parser/ast.ts'
import type { ParserOptions } from '../parser/options.ts'
import { parseExpr } from '../parser/parse.ts'
import type { Column } from './column.ts'
import { statsOnlySelectors } from './histogram-stats.ts'
import type { QueryTimes } from './prepare.ts'
import { prepare } from './prepare.ts'
import type { PartResult } from './shared-parts.ts'
import { visitParts } from './shared-parts.ts'

/** What the results that a batch keeps may take, and one of them. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024
const PART_BYTES_MAX = KEPT_BYTES_MAX / 2
/** A value and its kind. */
const POINT_BYTES = 9
const HISTOGRAM_BYTES = 500

/**
 * Range queries that are asked together, as those of a dashboard: parts that stand in several of them, letter for letter,
 * are selected, decoded and evaluated once. Holds results: forget it when the queries are answered.
 */
export class QueryBatch {
  readonly #queries: readonly string[]
  readonly #parserOptions: ParserOptions
  readonly #byTimes = new Map<string, BatchParts>()

  constructor(queries: readonly string[], parserOptions: ParserOptions) {
    this.#queries = queries
    this.#parserOptions = parserOptions
  }

  /** The parts over these steps. A cache that knows some of the steps asks for the others only. */
  partsOver(times: QueryTimes, lookbackMs: number): BatchParts {
    const key = `${times.startMs} ${times.endMs} ${times.stepMs} ${lookbackMs}`
    let parts = this.#byTimes.get(key)
    if (parts === undefined) {
      parts = new BatchParts(this.#queries, times, this.#parserOptions)
      this.#byTimes.set(key, parts)
    }
    return parts
  }
}

/** Parts of several queries over the same steps, with what those that occur more than once evaluated to. */
export class BatchParts {
  readonly #uses = new Map<string, number>()
  readonly #results = new Map<string, PartResult>()
  readonly #steps: number
  #bytes = 0

  constructor(queries: readonly string[], times: QueryTimes, options: ParserOptions) {
    this.#steps = times.stepMs > 0 ? Math.floor((times.endMs - times.startMs) / times.stepMs) + 1 : 1
    for (const query of queries) {
      const expr = prepared(query, times, options)
      if (expr === undefined) continue
      visitParts(query, expr, statsOnlySelectors(expr), (node, key, order) => {
        if (isTalkative(node)) return true
        const uses = (this.#uses.get(`${order}${key}`) ?? 0) + 1
        this.#uses.set(`${order}${key}`, uses)
        // Inside of a part that has been seen, everything is evaluated with it.
        return uses === 1
      })
    }
  }

  /** How often a part is evaluated by the queries together. */
  usesOf(key: string): number {
    return this.#uses.get(key) ?? 0
  }

  /** Whether what a part of so many series evaluates to is small enough to be kept. */
  isWorth(series: number): boolean {
    return series * this.#steps * POINT_BYTES <= PART_BYTES_MAX
  }

  get(key: string): PartResult | undefined {
    return this.#results.get(key)
  }

  set(key: string, result: PartResult): void {
    const bytes = bytesOf(result.columns)
    if (this.#bytes + bytes > KEPT_BYTES_MAX) return
    this.#bytes += bytes
    this.#results.set(key, result)
  }

  delete(key: string): void {
    const result = this.#results.get(key)
    if (result === undefined) return
    this.#bytes -= bytesOf(result.columns)
    this.#results.delete(key)
  }
}

/** Calls that may tell how often they had to mend something: each query is told anew, so that only what is inside is shared. */
function isTalkative(node: Expr): boolean {
  return node.type === 'call' && /^histogram_(quantiles?|fraction)$/.test(node.func.name)
}

/** Undefined for a query with a fault: it is told to who asks it. */
function prepared(query: string, times: QueryTimes, options: ParserOptions): Expr | undefined {
  try {
    return prepare(parseExpr(query, options), times)
  } catch {
    return undefined
  }
}

function bytesOf(columns: readonly Column[]): number {
  return columns.reduce(
    (sum, { values, histograms }) =>
      sum + values.length * POINT_BYTES + (histograms?.length ?? 0) * HISTOGRAM_BYTES,
    0,
  )
}
