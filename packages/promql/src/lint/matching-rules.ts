import type { BinaryExpr, Expr, VectorSelector } from '../parser/ast.ts'
import { typeOf, withoutParens } from '../parser/ast.ts'
import { printExpr } from '../parser/printer.ts'
import { SET_OPERATORS } from '../parser/token.ts'
import type { LintFinding } from './finding.ts'
import type { LabelSet } from './label-sets.ts'
import { labelsOf, mayHave } from './label-sets.ts'
import { metricOf, selectorsOf, withoutModifiers } from './selectors.ts'

/** Two sides of which no element can find a partner, and ratios of a thing to itself. */
export function lintMatching(expr: BinaryExpr): LintFinding[] {
  if (expr.matching === undefined || typeOf(expr.lhs) !== 'vector' || typeOf(expr.rhs) !== 'vector') return []
  if (expr.op === 'or' || expr.op === 'unless') return []
  const finding = neverMatches(expr) ?? matchesItself(expr)
  return finding === undefined ? [] : [finding]
}

/** Labels by which one side's elements surely differ from all of the other's: set on one, absent on the other. */
function neverMatches(expr: BinaryExpr): LintFinding | undefined {
  const { lhs, rhs, position } = expr
  const { on, labels } = expr.matching!
  if (expr.matching!.fillLeft !== undefined || expr.matching!.fillRight !== undefined) return undefined
  const [left, right] = [labelsOf(lhs), labelsOf(rhs)]
  const compared = (name: string): boolean => labels.includes(name) === on
  // An aggregation `by` a label keeps it on (nearly) all elements: whoever groups by it expects it there.
  const oneSided = (own: LabelSet, other: LabelSet): string[] =>
    own.kind === 'only' ? [...own.names].filter((name) => compared(name) && !mayHave(other, name)) : []
  const leftOnly = oneSided(left, right)
  const rightOnly = oneSided(right, left)
  const names = leftOnly.length > 0 ? leftOnly : rightOnly
  if (names.length === 0) return undefined
  const [with_, without] = leftOnly.length > 0 ? ['left', 'right'] : ['right', 'left']
  const list = names.map((name) => `"${name}"`).join(', ')
  return {
    rule: 'never-matches',
    severity: 'warning',
    message:
      `the two sides can never match, so the result is always empty: the ${with_} side has the label ${list}, ` +
      `the ${without} side cannot have it`,
    position,
    mend: regroup(leftOnly.length > 0 ? rhs : lhs, leftOnly.length > 0 ? lhs : rhs, names),
  }
}

/** Groups an aggregation by the labels that the other side is grouped by. */
function regroup(side: Expr, other: Expr, names: readonly string[]): LintFinding['mend'] {
  const inner = withoutParens(side)
  const model = withoutParens(other)
  if (inner.type !== 'aggregate' || inner.without || model.type !== 'aggregate') return undefined
  const grouping = [...new Set([...inner.grouping, ...names])]
  return {
    explanation: `group both sides by ${names.join(', ')}`,
    position: inner.position,
    text: printExpr({ ...inner, grouping }),
  }
}

/** `rate(c{result="hit"}[5m]) / rate(c[5m])`: each series is divided by itself. */
function matchesItself(expr: BinaryExpr): LintFinding | undefined {
  const { op, lhs, rhs, position } = expr
  if (op !== '/' && op !== '-' && op !== '%') return undefined
  const [left, right] = [onlySelector(lhs), onlySelector(rhs)]
  if (left === undefined || right === undefined) return undefined
  const metric = metricOf(left)
  if (metric === undefined || metric !== metricOf(right)) return undefined
  if (shapeOf(lhs, left) !== shapeOf(rhs, right)) return undefined
  const extra = left.matchers.filter((m) => !right.matchers.some((other) => String(other) === String(m)))
  const back = right.matchers.filter((m) => !left.matchers.some((other) => String(other) === String(m)))
  const differs = [...extra, ...back].map((m) => m.name)
  if (aggregated(lhs) || !everyCompared(expr, differs)) return undefined
  const names = [...new Set(differs)]
  const constant = op === '/' ? 'always 1' : 'always 0'
  const why =
    names.length === 0
      ? 'both sides are the same series'
      : `both sides keep ${names.map((name) => `"${name}"`).join(', ')}, so each series meets only itself`
  return {
    rule: 'matches-itself',
    severity: 'warning',
    message: `the result is ${constant}: ${why}`,
    position,
    mend:
      names.length === 0 || extra.length === 0
        ? undefined
        : {
            explanation: 'sum both sides, so that the part is compared with the whole',
            position,
            text: `sum(${printExpr(withoutParens(lhs))}) ${op} sum(${printExpr(withoutParens(rhs))})`,
          },
  }
}

function onlySelector(expr: Expr): VectorSelector | undefined {
  const all = selectorsOf(expr)
  return all.length === 1 ? all[0] : undefined
}

/** The expression with its selector's matchers taken out. */
function shapeOf(expr: Expr, selector: VectorSelector): string {
  const inner = withoutParens(expr)
  return printExpr(inner).replace(printExpr(withoutModifiers(selector)), '·')
}

function aggregated(expr: Expr): boolean {
  const inner = withoutParens(expr)
  if (inner.type === 'aggregate' || inner.type === 'binary') return true
  return inner.type === 'call' && inner.args.some((arg) => typeOf(arg) === 'vector' && aggregated(arg))
}

/** Whether the labels are among those that must agree. */
function everyCompared({ matching, op }: BinaryExpr, names: readonly string[]): boolean {
  if (SET_OPERATORS.has(op)) return false
  return names.every((name) => matching!.labels.includes(name) === matching!.on)
}
