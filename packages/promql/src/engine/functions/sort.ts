import { compareUtf8 } from '@promontory/model'
import type { Call } from '../../parser/ast.ts'
import { stringLiteralValue } from '../../parser/check-types.ts'
import type { Column } from '../column.ts'
import { FLOAT } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import type { Grid } from '../grid.ts'

/** `sort`, `sort_desc`, `sort_by_label`, `sort_by_label_desc`. In range queries the order of the result is fixed. */
export function sortColumns(evaluation: Evaluation, call: Call, grid: Grid): Column[] {
  const columns = evaluation.vector(call.args[0]!, grid)
  const { name } = call.func
  if (grid.count > 1) evaluation.annotations.sortInRangeQuery(call.position)
  const byLabel = name.startsWith('sort_by_label')
  if (!byLabel) {
    // Histograms have no order and are left out.
    for (const column of columns) {
      column.kinds.forEach((kind, step) => (column.kinds[step] = kind === FLOAT ? FLOAT : 0))
      column.histograms = undefined
    }
  }
  const kept = byLabel ? columns : columns.filter((column) => !column.isEmpty())
  if (grid.count > 1) return kept
  const descending = name.endsWith('_desc')
  if (!byLabel) return kept.sort((a, b) => compareValues(a.values[0]!, b.values[0]!, descending))
  const labels = call.args.slice(1).map((arg) => stringLiteralValue(arg)!)
  return kept.sort((a, b) => compareLabels(a, b, labels) * (descending ? -1 : 1))
}

/** NaN comes last in either direction. */
function compareValues(a: number, b: number, descending: boolean): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  if (a === b) return 0
  return a < b === descending ? 1 : -1
}

function compareLabels(a: Column, b: Column, names: readonly string[]): number {
  for (const name of names) {
    const order = compareNaturally(a.labels.get(name), b.labels.get(name))
    if (order !== 0) return order
  }
  return a.labels.compare(b.labels)
}

/** Runs of digits compare as numbers: `node2` comes before `node10`. */
export function compareNaturally(a: string, b: string): number {
  if (a === b) return 0
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!]
    if (x === y) continue
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const difference = Number(x) - Number(y)
      if (difference !== 0) return difference
    } else return compareUtf8(x, y)
  }
  return left.length - right.length || compareUtf8(a, b)
}
