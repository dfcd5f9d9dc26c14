import type { Expr } from '../parser/ast.ts'
import { children, typeOf } from '../parser/ast.ts'
import { ByteOffsets } from '../parser/position.ts'
import type { Annotations, Recorded } from './annotations.ts'
import type { Column } from './column.ts'
import type { Grid } from './grid.ts'
import type { BatchParts } from './query-batch.ts'
import { isOrderless } from './select.ts'

/** What a part evaluated to. */
export interface PartResult {
  readonly columns: readonly Column[]
  /** Samples looked at per step. */
  readonly samplesAtStep: Float64Array | undefined
  readonly recorded: readonly Recorded[]
  readonly grid: Grid
  /** Start of the part that was evaluated, in the query. */
  readonly startByte: number
  usesLeft: number
}

/** Where results are kept until they were used for the last time. */
type Results = Pick<Map<string, PartResult>, 'get'> & {
  set: (key: string, result: PartResult) => unknown
  delete: (key: string) => unknown
}

/** What is known of the selectors of a query. */
export interface SelectedSeries {
  /** Selectors that are read without buckets: they are not the same as those that are read with. */
  readonly statsOnly: ReadonlySet<Expr>
  /** How many series a selector has. */
  seriesOf(selector: Expr): number
}

/**
 * Parts that stand in a query, or in the queries of a batch, more than once, letter for letter: they are selected, decoded and
 * evaluated once. Of nested parts only the outermost count.
 */
export class SharedParts {
  /** How often the part occurs; only of those that occur more than once. */
  readonly #uses = new Map<Expr, { readonly key: string; readonly count: number }>()
  readonly #results: Results

  /** @param batch  the parts of the queries that are asked together with this one */
  constructor(query: string, expr: Expr, selected: SelectedSeries, batch?: BatchParts) {
    this.#results = batch ?? new Map<string, PartResult>()
    if (batch === undefined) this.#findOwn(query, expr, selected.statsOnly)
    else this.#findBatch(query, expr, selected, batch)
  }

  #findOwn(query: string, expr: Expr, statsOnly: ReadonlySet<Expr>): void {
    const nodes = new Map<string, Expr[]>()
    visitParts(query, expr, statsOnly, (node, key) => {
      const same = nodes.get(key)
      if (same === undefined) nodes.set(key, [node])
      else same.push(node)
      return same === undefined
    })
    for (const [key, same] of nodes)
      if (same.length > 1) for (const node of same) this.#uses.set(node, { key, count: same.length })
  }

  #findBatch(query: string, expr: Expr, selected: SelectedSeries, batch: BatchParts): void {
    visitParts(query, expr, selected.statsOnly, (node, key, order) => {
      const count = batch.usesOf(`${order}${key}`)
      if (count > 1 && batch.isWorth(seriesBelow(node, selected)))
        this.#uses.set(node, { key: `${order}${key}`, count })
      return true
    })
  }

  has(expr: Expr): boolean {
    return this.#uses.has(expr)
  }

  /** The columns of a shared part, which the caller owns; evaluated by `compute` when it is asked for first. */
  columnsOf(expr: Expr, grid: Grid, annotations: Annotations, compute: () => Column[]): Column[] {
    const { key, count } = this.#uses.get(expr)!
    const known = this.#results.get(key)
    if (known !== undefined && isSameGrid(known.grid, grid))
      return this.#reuse(key, known, expr, grid, annotations)
    const before = grid.samplesAtStep?.slice()
    const { result, recorded } = annotations.record(compute)
    // Annotations that count their occurrences would be told once for all.
    if (recorded === undefined || known !== undefined) return result
    const samplesAtStep =
      before === undefined ? undefined : grid.samplesAtStep!.map((sum, step) => sum - before[step]!)
    this.#results.set(key, {
      columns: result,
      samplesAtStep,
      recorded,
      grid,
      startByte: expr.position.start,
      usesLeft: count - 1,
    })
    return result.map((column) => column.copy())
  }

  #reuse(key: string, result: PartResult, expr: Expr, grid: Grid, annotations: Annotations): Column[] {
    annotations.replay(result.recorded, expr.position.start - result.startByte)
    const { samplesAtStep } = result
    if (samplesAtStep !== undefined)
      for (let step = 0; step < grid.count; step++) grid.samplesAtStep![step]! += samplesAtStep[step]!
    if (--result.usesLeft > 0) return result.columns.map((column) => column.copy())
    this.#results.delete(key)
    return [...result.columns]
  }
}

/**
 * Visits the parts of a query that can be shared, outermost first.
 * @param visit  is given what tells the part apart from others, and whether the order of its series is free; returns whether to go
 *   on inside of it
 */
export function visitParts(
  query: string,
  expr: Expr,
  statsOnly: ReadonlySet<Expr>,
  visit: (node: Expr, key: string, order: 'free ' | '') => boolean,
): void {
  const offsets = new ByteOffsets(query)
  const textOf = (startByte: number, endByte: number): string =>
    query.slice(offsets.indexAt(startByte), offsets.indexAt(endByte))
  const descend = (node: Expr, context: string, ancestors: readonly Expr[]): void => {
    const { start, end } = node.position
    if (isShareable(node)) {
      const reading = selectorsBelow(node).some((selector) => statsOnly.has(selector)) ? 'stats' : 'all'
      const key = `${context}|${reading}|${textOf(start, end)}`
      if (!visit(node, key, node.type !== 'aggregate' && isOrderless(ancestors) ? 'free ' : '')) return
    }
    // Inside a subquery the same text is evaluated at other times: those that its brackets and modifiers tell.
    const inner = node.type === 'subquery' ? `${context}${textOf(node.expr.position.end, end)} of ` : context
    // The selector of a range is read by the function around it.
    if (node.type === 'matrixSelector') return
    const around = [...ancestors, node]
    for (const child of children(node)) descend(child, inner, around)
  }
  descend(expr, '', [])
}

function isSameGrid(a: Grid, b: Grid): boolean {
  return a.startMs === b.startMs && a.stepMs === b.stepMs && a.count === b.count
}

/** Series that a part evaluates to at most, as far as its selectors tell; what is aggregated counts as none. */
function seriesBelow(node: Expr, selected: SelectedSeries): number {
  if (node.type === 'aggregate') return 0
  if (node.type === 'vectorSelector') return selected.seriesOf(node)
  return children(node).reduce((sum, child) => sum + seriesBelow(child, selected), 0)
}

function selectorsBelow(node: Expr): Expr[] {
  return node.type === 'vectorSelector' ? [node] : children(node).flatMap(selectorsBelow)
}

function isShareable(node: Expr): boolean {
  if (node.type !== 'vectorSelector' && node.type !== 'call' && node.type !== 'aggregate') return false
  return typeOf(node) === 'vector'
}
