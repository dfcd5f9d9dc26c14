import type { DurationExpr, Expr, NumberLiteral, TimeModifiers, VectorSelector } from './ast.ts'
import { formatFloat } from './go-number.ts'

/** The tree as the plain JSON of Prometheus's `/api/v1/parse_query`, which its explain view reads. */
export function exprToJson(expr: Expr): Record<string, unknown> {
  switch (expr.type) {
    case 'number':
      return { type: 'numberLiteral', val: formatFloat(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'paren':
      return { type: 'parenExpr', expr: exprToJson(expr.expr) }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: exprToJson(expr.expr) }
    case 'vectorSelector':
      return { type: 'vectorSelector', ...selectorToJson(expr) }
    case 'matrixSelector':
      return {
        type: 'matrixSelector',
        ...selectorToJson(expr.selector),
        range: expr.rangeMs,
        rangeExpr: durationToJson(expr.rangeExpr),
      }
    case 'subquery':
      return {
        type: 'subquery',
        expr: exprToJson(expr.expr),
        range: expr.rangeMs,
        rangeExpr: durationToJson(expr.rangeExpr),
        step: expr.stepMs,
        stepExpr: durationToJson(expr.stepExpr),
        ...modifiersToJson(expr),
      }
    case 'binary': {
      const { op, lhs, rhs, returnBool } = expr
      const sides = { lhs: exprToJson(lhs), rhs: exprToJson(rhs) }
      return { type: 'binaryExpr', op, ...sides, matching: matchingToJson(expr.matching), bool: returnBool }
    }
    case 'aggregate': {
      const { op, grouping, without, param } = expr
      const below = { expr: exprToJson(expr.expr), param: param === undefined ? null : exprToJson(param) }
      return { type: 'aggregation', op, ...below, grouping, without }
    }
    case 'call': {
      const { name, argTypes, variadic, returnType } = expr.func
      return { type: 'call', func: { name, argTypes, variadic, returnType }, args: expr.args.map(exprToJson) }
    }
    case 'duration':
      return durationToJson(expr)!
  }
}

function matchingToJson(matching: Extract<Expr, { type: 'binary' }>['matching']): unknown {
  if (matching === undefined) return null
  const { card, labels, on, include, fillLeft, fillRight } = matching
  return { card, labels, on, include, fillValues: { lhs: fillLeft ?? null, rhs: fillRight ?? null } }
}

function modifiersToJson({ offsetMs, offsetExpr, atMs, atBound }: TimeModifiers): Record<string, unknown> {
  return {
    offset: offsetMs,
    offsetExpr: durationToJson(offsetExpr),
    timestamp: atMs ?? null,
    startOrEnd: atBound ?? null,
  }
}

function selectorToJson(selector: VectorSelector): Record<string, unknown> {
  const { name, matchers, anchored, smoothed } = selector
  return {
    name,
    matchers: matchers.map((m) => ({ name: m.name, value: m.value, type: m.operator })),
    ...modifiersToJson(selector),
    anchored,
    smoothed,
  }
}

function durationToJson(node: DurationExpr | NumberLiteral | undefined): Record<string, unknown> | null {
  if (node === undefined) return null
  if (node.type === 'number')
    return { type: 'numberLiteral', val: formatFloat(node.value), duration: node.duration }
  const { op, lhs, rhs, wrapped } = node
  return { type: 'durationExpr', op, lhs: durationToJson(lhs), rhs: durationToJson(rhs), wrapped }
}
