import { compareUtf8, formatDuration, isClassicLabelName, METRIC_NAME, quote } from '@promontory/model'
import type { AggregateExpr, BinaryExpr, DurationExpr, Expr, MatrixSelector, NumberLiteral, Subquery, TimeModifiers, VectorSelector } from './ast.ts' // prettier-ignore
import { formatShortest } from './go-number.ts'

/** A tree as PromQL on one line, in Prometheus's spelling. */
export function printExpr(expr: Expr): string {
  switch (expr.type) {
    case 'number':
      return printNumber(expr)
    case 'string':
      // What is not UTF-8 has become U+FFFD in the value.
      return expr.value.includes('\ufffd') ? expr.source : quote(expr.value)
    case 'vectorSelector':
      return printVectorSelector(expr)
    case 'matrixSelector':
      return printMatrixSelector(expr)
    case 'subquery':
      return printExpr(expr.expr) + printSubquerySuffix(expr)
    case 'paren':
      return `(${printExpr(expr.expr)})`
    case 'unary': {
      const inner = printExpr(expr.expr)
      // Infinity prints with its sign, which reads back as an operator: printed once more it must not get another.
      return expr.op === '+' && inner.startsWith('+Inf') ? inner : expr.op + inner
    }
    case 'binary':
      return `${printExpr(expr.lhs)} ${printOperator(expr)} ${printExpr(expr.rhs)}`
    case 'aggregate': {
      const param = expr.param === undefined ? '' : `${printExpr(expr.param)}, `
      return `${printAggregateHead(expr)}(${param}${printExpr(expr.expr)})`
    }
    case 'call':
      return `${expr.func.name}(${expr.args.map(printExpr).join(', ')})`
    case 'duration':
      return printDuration(expr)
  }
}

function printNumber({ value, duration }: NumberLiteral): string {
  return duration ? formatDuration(Math.trunc(value * 1000 + Math.sign(value) * 1e-6)) : formatShortest(value)
}

/** Operator with its modifiers: `== bool on (a) group_left (b)`. */
export function printOperator({ op, returnBool, matching }: BinaryExpr): string {
  let out = returnBool ? `${op} bool` : op
  if (matching === undefined) return out
  const { card, labels, on, include, fillLeft, fillRight } = matching
  const grouped = card === 'many-to-one' || card === 'one-to-many'
  if (labels.length > 0 || on || grouped) out += ` ${on ? 'on' : 'ignoring'} (${printLabels(labels)})`
  if (grouped) out += ` group_${card === 'many-to-one' ? 'left' : 'right'} (${printLabels(include)})`
  if (fillLeft !== undefined && fillLeft === fillRight) return `${out} fill (${formatShortest(fillLeft)})`
  if (fillLeft !== undefined) out += ` fill_left (${formatShortest(fillLeft)})`
  if (fillRight !== undefined) out += ` fill_right (${formatShortest(fillRight)})`
  return out
}

function printLabels(labels: readonly string[]): string {
  return labels.map((label) => (isClassicLabelName(label) ? label : quote(label))).join(', ')
}

/** `sum by (a) ` — with the space — or `sum`. */
export function printAggregateHead({ op, without, grouping }: AggregateExpr): string {
  if (without) return `${op} without (${printLabels(grouping)}) `
  return grouping.length > 0 ? `${op} by (${printLabels(grouping)}) ` : op
}

function printDuration(expr: DurationExpr): string {
  const body = printDurationBody(expr)
  return expr.wrapped ? `(${body})` : body
}

function printDurationBody({ op, lhs, rhs }: DurationExpr): string {
  if (op === 'step' || op === 'range') return `${op}()`
  const right = rhs === undefined ? '' : printExpr(rhs)
  // A plus sign is not printed: it stands for the brackets of `(5m)` only.
  if (lhs === undefined) return op === '-' ? `-${right}` : right
  const left = printExpr(lhs)
  return op === 'min_of' || op === 'max_of' ? `${op}(${left}, ${right})` : `${left} ${op} ${right}`
}

function printAt({ atMs, atBound }: TimeModifiers): string {
  if (atMs !== undefined) return ` @ ${(atMs / 1000).toFixed(3)}`
  return atBound === undefined ? '' : ` @ ${atBound}()`
}

function printOffset({ offsetMs, offsetExpr }: TimeModifiers): string {
  if (offsetExpr !== undefined) return ` offset ${printDuration(offsetExpr)}`
  return offsetMs === 0 ? '' : ` offset ${formatDuration(offsetMs)}`
}

function printExtended({ anchored, smoothed }: VectorSelector): string {
  if (anchored) return ' anchored'
  return smoothed ? ' smoothed' : ''
}

function printMatchers({ name, matchers }: VectorSelector): string {
  const shown = matchers
    .filter((m) => !(m.name === METRIC_NAME && m.operator === '=' && m.value === name && name !== ''))
    .map(String)
    .sort(compareUtf8)
  return shown.length === 0 ? name : `${name}{${shown.join(',')}}`
}

function printVectorSelector(expr: VectorSelector): string {
  return printMatchers(expr) + printAt(expr) + printExtended(expr) + printOffset(expr)
}

function printMatrixSelector({ selector, rangeMs, rangeExpr }: MatrixSelector): string {
  const range = rangeExpr === undefined ? formatDuration(rangeMs) : printDuration(rangeExpr)
  return `${printMatchers(selector)}[${range}]${printExtended(selector)}${printAt(selector)}${printOffset(selector)}`
}

/** `[range:step] @ … offset …`. */
export function printSubquerySuffix(expr: Subquery): string {
  const { rangeMs, rangeExpr, stepMs, stepExpr } = expr
  const range = rangeExpr === undefined ? formatDuration(rangeMs) : printDuration(rangeExpr)
  const step = stepMs !== 0 ? formatDuration(stepMs) : stepExpr === undefined ? '' : printDuration(stepExpr)
  return `[${range}:${step}]${printAt(expr)}${printOffset(expr)}`
}
