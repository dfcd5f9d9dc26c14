import { METRIC_NAME } from '@promontory/model'
import type { BinaryExpr } from '../../parser/ast.ts'
import type { Column } from '../column.ts'
import { ABSENT, mergeEqualLabels } from '../column.ts'
import type { Grid } from '../grid.ts'
import { signatureOf } from '../labels.ts'

/** `and`, `or`, `unless` between two vectors, whose columns are given up to the result. */
export function setOperator(
  { op, matching }: BinaryExpr,
  left: Column[],
  right: Column[],
  grid: Grid,
): Column[] {
  const { on, labels } = matching!
  const signature = on ? signatureOf(labels, true) : signatureOf([...labels, METRIC_NAME], false)
  const [kept, masked] = op === 'or' ? [left, right] : [right, left]
  const presence = new Map<string, Uint8Array>()
  for (const column of kept) {
    const key = signature(column.labels)
    const seen = presence.get(key)
    if (seen === undefined) presence.set(key, column.kinds.slice())
    else for (let step = 0; step < grid.count; step++) seen[step]! |= column.kinds[step]!
  }
  // `and` keeps what has a partner; `unless`, and the right side of `or`, what has none.
  const partnerWanted = op === 'and'
  const passed = masked.filter(({ labels: own, kinds }) => {
    const partner = presence.get(signature(own))
    if (partner === undefined) return !partnerWanted
    let any = false
    for (let step = 0; step < grid.count; step++) {
      if ((partner[step] !== ABSENT) !== partnerWanted) kinds[step] = ABSENT
      any ||= kinds[step] !== ABSENT
    }
    return any
  })
  if (op !== 'or') return passed
  const joined = [...left, ...passed]
  return grid.count > 1 ? mergeEqualLabels(joined) : joined
}
