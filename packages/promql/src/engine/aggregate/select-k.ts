import type { AggregateExpr } from '../../parser/ast.ts'
import { executionError } from '../../errors.ts'
import { formatShortest } from '../../parser/go-number.ts'
import type { Evaluation } from '../evaluation.ts'
import { ABSENT, Column, FLOAT, HISTOGRAM } from '../column.ts'
import type { Grid } from '../grid.ts'
import { Grouping } from './groups.ts'
import { sampleOffset } from './label-hash.ts'
import { paramRange } from './param-range.ts'

const LARGEST_INT64 = 9223372036854774784
const SMALLEST_INT64 = -9223372036854775808

/** `topk`, `bottomk`, `limitk`, `limit_ratio`: some of the series of each group, as they are. */
export function selectSeries(evaluation: Evaluation, expr: AggregateExpr, grid: Grid): Column[] {
  const params = evaluation.scalar(expr.param!, grid)
  const mark = evaluation.ledger.current
  const columns = evaluation.vector(expr.expr, grid)
  // Only now: what the inner part has to say comes first, even when none of its series is wanted.
  if (expr.op === 'limit_ratio') checkRatios(params, expr, evaluation)
  else if (!checkCounts(params)) {
    evaluation.ledger.settle(mark, 0)
    return []
  }
  const grouping = new Grouping(expr)
  const groups: Column[][] = []
  for (const column of columns) (groups[grouping.indexOf(column.labels)] ??= []).push(column)
  const picked = groups.flatMap((group) => pick(evaluation, expr, group, params, grid))
  evaluation.ledger.settle(
    mark,
    picked.reduce((sum, column) => sum + column.samples(), 0),
  )
  return picked
}

/** False when no step asks for any series. */
function checkCounts(params: Float64Array): boolean {
  const { least, most, hasNaN } = paramRange(params)
  if (most < 1) return false
  if (hasNaN) throw executionError('Parameter value is NaN')
  if (least <= SMALLEST_INT64) throw executionError(`Scalar value ${formatShortest(least)} underflows int64`)
  if (most >= LARGEST_INT64) throw executionError(`Scalar value ${formatShortest(most)} overflows int64`)
  return true
}

function checkRatios(params: Float64Array, expr: AggregateExpr, { annotations }: Evaluation): void {
  const { least, most, hasNaN } = paramRange(params)
  if (hasNaN) throw executionError('Ratio value is NaN')
  if (most > 1) annotations.invalidRatio(most, 1, expr.param!.position)
  if (least < -1) annotations.invalidRatio(least, -1, expr.param!.position)
}

function pick(
  { annotations, ledger }: Evaluation,
  expr: AggregateExpr,
  group: readonly Column[],
  params: Float64Array,
  grid: Grid,
): Column[] {
  const { op } = expr
  const out = new Map<Column, Column>()
  const ordered = op === 'topk' || op === 'bottomk'
  if (ordered && group.some(({ kinds }) => kinds.includes(HISTOGRAM)))
    annotations.ignoredHistogramInAggregation(op, expr.position)
  const offsets = op === 'limit_ratio' ? group.map(({ labels }) => sampleOffset(labels)) : []
  for (let step = 0; step < grid.count; step++) {
    ledger.worked(group.length)
    const param = params[step]!
    let picked: readonly Column[]
    if (ordered) picked = best(group, step, Math.trunc(param), op === 'topk' ? 1 : -1)
    else if (op === 'limitk') picked = firstOf(group, step, Math.trunc(param))
    else picked = group.filter(({ kinds }, i) => kinds[step] !== ABSENT && inRatio(param, offsets[i]!))
    for (const column of picked) {
      let copy = out.get(column)
      if (copy === undefined) {
        copy = new Column(grid.count, column.labels, column.dropName)
        out.set(column, copy)
      }
      copy.copyPoint(column, step)
    }
  }
  return [...out.values()]
}

/** The first `k` that are there. */
function firstOf(columns: readonly Column[], step: number, k: number): Column[] {
  const found: Column[] = []
  for (const column of columns) {
    if (found.length >= k) break
    if (column.kinds[step] !== ABSENT) found.push(column)
  }
  return found
}

/**
 * The `k` floats that are largest (or smallest with `sign` −1) in order, NaN last. Which of several equals stay follows
 * from the binary heap that Prometheus keeps them in, so it is done alike here.
 */
function best(columns: readonly Column[], step: number, k: number, sign: 1 | -1): Column[] {
  if (k < 1) return []
  const heap: Ranked[] = []
  for (const column of columns) {
    if (column.kinds[step] !== FLOAT) continue
    const rank = sign * column.values[step]!
    if (heap.length < k) {
      heap.push({ column, rank })
      siftUp(heap)
    } else if (heap[0]!.rank < rank || (Number.isNaN(heap[0]!.rank) && !Number.isNaN(rank))) {
      heap[0] = { column, rank }
      siftDown(heap)
    }
  }
  return heap.sort((a, b) => byRank(b.rank, a.rank)).map(({ column }) => column)
}

interface Ranked {
  readonly column: Column
  readonly rank: number
}

/** NaN is below everything, itself included. */
function isBelow(a: Ranked, b: Ranked): boolean {
  return Number.isNaN(a.rank) || a.rank < b.rank
}

function byRank(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a))
  return a < b ? -1 : Number(a > b)
}

/** Moves the last element to its place. */
function siftUp(heap: Ranked[]): void {
  for (let at = heap.length - 1; at > 0;) {
    const parent = (at - 1) >> 1
    if (!isBelow(heap[at]!, heap[parent]!)) return
    swap(heap, at, parent)
    at = parent
  }
}

/** Moves the first element to its place. */
function siftDown(heap: Ranked[]): void {
  for (let at = 0; ;) {
    let child = 2 * at + 1
    if (child >= heap.length) return
    if (child + 1 < heap.length && isBelow(heap[child + 1]!, heap[child]!)) child++
    if (!isBelow(heap[child]!, heap[at]!)) return
    swap(heap, at, child)
    at = child
  }
}

function swap(heap: Ranked[], a: number, b: number): void {
  const moved = heap[a]!
  heap[a] = heap[b]!
  heap[b] = moved
}

/** A positive ratio takes the series below it, a negative one those that the positive one leaves. */
function inRatio(ratio: number, offset: number): boolean {
  if (ratio === 0) return false
  return ratio > 0 ? offset < Math.min(ratio, 1) : offset >= 1 + Math.max(ratio, -1)
}
