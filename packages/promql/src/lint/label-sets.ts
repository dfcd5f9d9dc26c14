import { METRIC_NAME } from '@promontory/model'
import type { Expr } from '../parser/ast.ts'

/**
 * What can be said of the labels of all elements of a vector without looking at data: exactly these, or any but those.
 */
export type LabelSet =
  | { readonly kind: 'only'; readonly names: ReadonlySet<string> }
  | { readonly kind: 'any-but'; readonly names: ReadonlySet<string> }

const EVERYTHING: LabelSet = { kind: 'any-but', names: new Set() }

const KEEPS_LABELS_OF_FIRST_ARGUMENT =
  /_over_time$|^(?:rate|irate|increase|delta|idelta|deriv|resets|changes|predict_linear|abs|ceil|floor|round|clamp|clamp_min|clamp_max|exp|ln|log2|log10|sqrt|sgn|sort|sort_desc|timestamp)$/

/** The labels that elements of `expr` may have, the metric name aside. */
export function labelsOf(expr: Expr): LabelSet {
  switch (expr.type) {
    case 'paren':
    case 'unary':
    case 'subquery':
      return labelsOf(expr.expr)
    case 'matrixSelector':
      return labelsOf(expr.selector)
    case 'aggregate': {
      if (['topk', 'bottomk', 'limitk', 'limit_ratio'].includes(expr.op)) return labelsOf(expr.expr)
      if (expr.op === 'count_values') return EVERYTHING
      if (!expr.without)
        return { kind: 'only', names: intersect(new Set(expr.grouping), labelsOf(expr.expr)) }
      return minus(labelsOf(expr.expr), expr.grouping)
    }
    case 'binary': {
      if (expr.matching === undefined) return labelsOf(isScalar(expr.lhs) ? expr.rhs : expr.lhs)
      const { card, on, labels, include } = expr.matching
      if (expr.op === 'or') return EVERYTHING
      if (expr.op === 'and' || expr.op === 'unless') return labelsOf(expr.lhs)
      if (card === 'many-to-one') return plus(labelsOf(expr.lhs), include)
      if (card === 'one-to-many') return plus(labelsOf(expr.rhs), include)
      return on ? { kind: 'only', names: new Set(labels) } : minus(labelsOf(expr.lhs), labels)
    }
    case 'call': {
      const { name } = expr.func
      if (name === 'vector' || name === 'absent' || name === 'absent_over_time')
        return { kind: 'only', names: new Set() }
      if (name === 'histogram_quantile') return minus(labelsOf(expr.args[1]!), ['le'])
      const first = expr.args.find((arg) => arg.type !== 'number')
      return first !== undefined && KEEPS_LABELS_OF_FIRST_ARGUMENT.test(name) ? labelsOf(first) : EVERYTHING
    }
  }
  return EVERYTHING
}

function isScalar(expr: Expr): boolean {
  return expr.type === 'number' || (expr.type === 'call' && expr.func.returnType === 'scalar')
}

function intersect(names: ReadonlySet<string>, set: LabelSet): Set<string> {
  return new Set([...names].filter((name) => (set.kind === 'only') === set.names.has(name)))
}

function plus(set: LabelSet, names: readonly string[]): LabelSet {
  if (set.kind === 'only') return { kind: 'only', names: new Set([...set.names, ...names]) }
  return { kind: 'any-but', names: new Set([...set.names].filter((name) => !names.includes(name))) }
}

function minus(set: LabelSet, names: readonly string[]): LabelSet {
  if (set.kind === 'only')
    return { kind: 'only', names: new Set([...set.names].filter((name) => !names.includes(name))) }
  return { kind: 'any-but', names: new Set([...set.names, ...names]) }
}

/** Whether an element can have the label. */
export function mayHave(set: LabelSet, name: string): boolean {
  if (name === METRIC_NAME) return false
  return (set.kind === 'only') === set.names.has(name)
}
