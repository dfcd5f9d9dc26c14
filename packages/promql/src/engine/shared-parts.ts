import type { Expr } from '../parser/ast.ts'
import { children, typeOf } from '../parser/ast.ts'
import { ByteOffsets } from '../parser/position.ts'
import type { Annotations, Recorded } from './annotations.ts'
import type { Column } from './column.ts'
import type { Grid } from './grid.ts'

interface Result {
  readonly columns: readonly Column[]
  /** Samples looked at per step. */
  readonly samplesAtStep: Float64Array | undefined
  readonly recorded: readonly Recorded[]
  /** Start of the part that was evaluated, in the query. */
  readonly startByte: number
  usesLeft: number
}

/**
 * Parts that stand in a query more than once, letter for letter: they are selected, decoded and evaluated once. Of
 * nested parts only the outermost count.
 */
export class SharedParts {
  /** How often the part occurs; only of those that occur more than once. */
  readonly #uses = new Map<Expr, { readonly key: string; readonly count: number }>()
  readonly #results = new Map<string, Result>()

  /** @param statsOnly  selectors that are read without buckets: they are not the same as those that are read with */
  constructor(query: string, expr: Expr, statsOnly: ReadonlySet<Expr>) {
    const offsets = new ByteOffsets(query)
    const nodes = new Map<string, Expr[]>()
    const visit = (node: Expr, context: string): void => {
      if (isShareable(node)) {
        const { start, end } = node.position
        const reading = selectorsBelow(node).some((selector) => statsOnly.has(selector)) ? 'stats' : 'all'
        const key = `${context}|${reading}|${query.slice(offsets.indexAt(start), offsets.indexAt(end))}`
        const same = nodes.get(key)
        if (same !== undefined) {
          same.push(node)
          return
        }
        nodes.set(key, [node])
      }
      // Inside a subquery the same text is evaluated at other times.
      const inner = node.type === 'subquery' ? `${context}[${node.position.start}` : context
      // The selector of a range is read by the function around it.
      if (node.type !== 'matrixSelector') for (const child of children(node)) visit(child, inner)
    }
    visit(expr, '')
    for (const [key, same] of nodes)
      if (same.length > 1) for (const node of same) this.#uses.set(node, { key, count: same.length })
  }

  has(expr: Expr): boolean {
    return this.#uses.has(expr)
  }

  /** The columns of a shared part, which the caller owns; evaluated by `compute` when it is asked for first. */
  columnsOf(expr: Expr, grid: Grid, annotations: Annotations, compute: () => Column[]): Column[] {
    const { key, count } = this.#uses.get(expr)!
    const known = this.#results.get(key)
    if (known !== undefined) return this.#reuse(key, known, expr, grid, annotations)
    const before = grid.samplesAtStep?.slice()
    const { result, recorded } = annotations.record(compute)
    // Annotations that count their occurrences would be told once for all.
    if (recorded === undefined) return result
    const samplesAtStep =
      before === undefined ? undefined : grid.samplesAtStep!.map((sum, step) => sum - before[step]!)
    this.#results.set(key, {
      columns: result,
      samplesAtStep,
      recorded,
      startByte: expr.position.start,
      usesLeft: count - 1,
    })
    return result.map((column) => column.copy())
  }

  #reuse(key: string, result: Result, expr: Expr, grid: Grid, annotations: Annotations): Column[] {
    annotations.replay(result.recorded, expr.position.start - result.startByte)
    const { samplesAtStep } = result
    if (samplesAtStep !== undefined)
      for (let step = 0; step < grid.count; step++) grid.samplesAtStep![step]! += samplesAtStep[step]!
    if (--result.usesLeft > 0) return result.columns.map((column) => column.copy())
    this.#results.delete(key)
    return [...result.columns]
  }
}

function selectorsBelow(node: Expr): Expr[] {
  return node.type === 'vectorSelector' ? [node] : children(node).flatMap(selectorsBelow)
}

function isShareable(node: Expr): boolean {
  if (node.type !== 'vectorSelector' && node.type !== 'call' && node.type !== 'aggregate') return false
  return typeOf(node) === 'vector'
}
