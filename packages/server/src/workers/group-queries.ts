import { type Expr, type ParserOptions, parseExpr, printExpr, walk } from '@promontory/promql'
import type { RangeTask } from './protocol.ts'

/**
 * Finds which range queries have selectors in common, over the same steps: those are worth one worker.
 * @param tasks  with undefined for questions of other kinds
 * @returns for each task the queries of its group; the same array for the same group, undefined for one that is alone
 */
export function groupQueries(
  tasks: readonly (RangeTask | undefined)[],
  parserOptions: ParserOptions,
): (readonly string[] | undefined)[] {
  const groups: Group[] = tasks.map((task) => ({ into: undefined, queries: new Set([task?.expr ?? '']) }))
  const bySelector = new Map<string, Group>()
  for (const [i, task] of tasks.entries()) {
    if (task === undefined) continue
    const { startMs, endMs, stepMs, lookbackMs, expr } = task
    for (const selector of selectorsOf(expr, parserOptions)) {
      const key = `${startMs} ${endMs} ${stepMs} ${lookbackMs} ${selector}`
      const same = bySelector.get(key)
      if (same === undefined) bySelector.set(key, groups[i]!)
      else join(rootOf(groups[i]!), rootOf(same))
    }
  }
  const lists = new Map<Group, readonly string[]>()
  return tasks.map((task, i) => {
    const root = rootOf(groups[i]!)
    if (task === undefined || root.queries.size < 2) return undefined
    const list = lists.get(root) ?? [...root.queries]
    lists.set(root, list)
    return list
  })
}

/** A set of queries; one that was joined to another points to it. */
interface Group {
  into: Group | undefined
  readonly queries: Set<string>
}

function rootOf(group: Group): Group {
  let root = group
  while (root.into !== undefined) root = root.into
  return root
}

function join(from: Group, into: Group): void {
  if (from === into) return
  from.into = into
  for (const query of from.queries) into.queries.add(query)
}

/** The selectors of a query, in one spelling; none of a query with a fault. */
function selectorsOf(query: string, options: ParserOptions): Set<string> {
  const found = new Set<string>()
  let expr: Expr
  try {
    expr = parseExpr(query, options)
  } catch {
    // The worker will say what is wrong.
    return found
  }
  walk(expr, (node) => {
    if (node.type === 'vectorSelector') found.add(printExpr(node))
  })
  return found
}
