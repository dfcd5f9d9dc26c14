import type { Matcher } from '@promontory/model'
import { parseExpr, type Expr } from '@promontory/promql/parser'

/** Series that an expression needs to have a result: what one of its selectors names, and what stands around it. */
export interface Demand {
  /** The selector's, and those that the other sides of its joins have for the labels that both share. */
  readonly matchers: readonly Matcher[]
  /** `selector > 3` */
  readonly comparison: Comparison | undefined
  readonly offsetMs: number
}

export interface Comparison {
  readonly op: string
  readonly value: number
}

/** Demands of a part of an expression, and which labels its result still has. */
interface Part {
  readonly demands: Demand[]
  readonly hasLabel: (name: string) => boolean
}

const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<='])
const everyLabel = (): boolean => true

/** What an expression needs; nothing of one that is no PromQL. */
export function demandsOf(text: string): Demand[] {
  let tree: Expr
  try {
    tree = parseExpr(text)
  } catch {
    return []
  }
  return partOf(tree).demands
}

function partOf(node: Expr, offsetMs = 0): Part {
  switch (node.type) {
    case 'vectorSelector':
      return {
        demands: [{ matchers: node.matchers, comparison: undefined, offsetMs: offsetMs + node.offsetMs }],
        hasLabel: everyLabel,
      }
    case 'matrixSelector':
      return partOf(node.selector, offsetMs)
    case 'subquery':
      return partOf(node.expr, offsetMs + node.offsetMs)
    case 'paren':
    case 'unary':
      return partOf(node.expr, offsetMs)
    case 'aggregate': {
      const inner = partOf(node.expr, offsetMs)
      const keepsAll = node.op === 'topk' || node.op === 'bottomk'
      return {
        demands: inner.demands,
        hasLabel: (name) =>
          inner.hasLabel(name) && (keepsAll || node.grouping.includes(name) !== node.without),
      }
    }
    case 'call': {
      const parts = node.args.map((arg) => partOf(arg, offsetMs))
      return { demands: parts.flatMap(({ demands }) => demands), hasLabel: everyLabel }
    }
    case 'binary':
      return binaryPart(node, offsetMs)
    default:
      return { demands: [], hasLabel: everyLabel }
  }
}

function binaryPart(node: Expr & { type: 'binary' }, offsetMs: number): Part {
  const [left, right] = [partOf(node.lhs, offsetMs), partOf(node.rhs, offsetMs)]
  const { matching } = node
  if (matching === undefined) {
    const value = numberIn(node.rhs)
    const isFilter = COMPARISONS.has(node.op) && !node.returnBool && value !== undefined
    const demands = [...left.demands, ...right.demands]
    return {
      demands:
        isFilter && isSelector(node.lhs)
          ? demands.map((one) => ({ ...one, comparison: { op: node.op, value: value! } }))
          : demands,
      hasLabel: left.demands.length > 0 ? left.hasLabel : right.hasLabel,
    }
  }
  if (node.op === 'or' || node.op === 'unless')
    return { demands: [...left.demands, ...right.demands], hasLabel: left.hasLabel }
  const isShared = (name: string): boolean =>
    matching.labels.includes(name) === matching.on && left.hasLabel(name) && right.hasLabel(name)
  const isOneLeft = matching.card === 'one-to-many'
  return {
    demands: [
      ...left.demands.map((one) => joined(one, right.demands, isShared)),
      ...right.demands.map((one) => joined(one, left.demands, isShared)),
    ],
    hasLabel: isOneLeft ? right.hasLabel : left.hasLabel,
  }
}

/** A demand with what its partners ask of the labels that it shares with them and does not ask for itself. */
function joined(one: Demand, partners: readonly Demand[], isShared: (name: string) => boolean): Demand {
  const own = new Set(one.matchers.map(({ name }) => name))
  const added = partners
    .flatMap(({ matchers }) => matchers)
    .filter(({ name }) => name !== '__name__' && name !== 'le' && !own.has(name) && isShared(name))
  return added.length === 0 ? one : { ...one, matchers: [...one.matchers, ...added] }
}

function isSelector(node: Expr): boolean {
  return node.type === 'paren' ? isSelector(node.expr) : node.type === 'vectorSelector'
}

function numberIn(node: Expr): number | undefined {
  if (node.type === 'number') return node.value
  if (node.type === 'paren') return numberIn(node.expr)
  if (node.type !== 'unary') return undefined
  const value = numberIn(node.expr)
  return value === undefined ? undefined : node.op === '-' ? -value : value
}

/** A value for which a comparison holds. */
export function satisfying({ op, value }: Comparison): number {
  if (op === '!=' || op === '>') return value + 1
  return op === '<' ? value - 1 : value
}
