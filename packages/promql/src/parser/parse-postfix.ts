import { quote } from '@promontory/model'
import type { Expr, MatrixSelector, Subquery, TimeModifiers, VectorSelector } from './ast.ts'
import { durationExprOf, literalMs, parseOffsetDuration, parsePositiveDuration } from './parse-duration.ts'
import type { Duration } from './parse-duration.ts'
import { parseNumberLiteral } from './parse-number-literal.ts'
import type { ParserState } from './parser-state.ts'
import { joinPositions } from './position.ts'

const RANGE_ONLY = 'ranges only allowed for vector selectors'
const NOT_SELECTOR =
  'modifier must be preceded by an instant vector selector or range vector selector or a subquery'
const OPERAND = 'number, duration, step(), or range()'

/** What may follow an operand: `[range]`, `[range:step]`, `offset`, `@`, `anchored`, `smoothed`. */
export function parsePostfix(state: ParserState, operand: Expr): Expr {
  let expr = operand
  for (;;) {
    switch (state.peek().kind) {
      case '[':
        expr = parseBrackets(state, expr)
        break
      case 'offset':
        expr = parseOffset(state, expr)
        break
      case '@':
        expr = parseAt(state, expr)
        break
      case 'anchored':
      case 'smoothed':
        expr = setExtended(state, expr, state.take().kind as 'anchored' | 'smoothed')
        break
      default:
        return expr
    }
  }
}

function parseBrackets(state: ParserState, expr: Expr): Expr {
  const open = state.take()
  const range = state.within('subquery or range selector', OPERAND, () => parsePositiveDuration(state))
  if (state.accept(':') !== undefined) return parseSubquery(state, expr, range)
  if (!state.at(']')) state.unexpected('subquery or range', '":" or "]"')
  const close = state.take()
  const misuse = rangeMisuse(expr)
  if (misuse !== undefined) state.fault(joinPositions(open, close), misuse)
  const matrix: MatrixSelector = {
    type: 'matrixSelector',
    // Something else than a selector has been recorded as a fault; such a tree is never given out.
    selector: expr as VectorSelector,
    rangeMs: literalMs(range),
    rangeExpr: durationExprOf(range),
    position: { start: expr.position.start, end: close.end },
  }
  return state.bounded(matrix, expr)
}

function rangeMisuse(expr: Expr): string | undefined {
  if (expr.type !== 'vectorSelector') return RANGE_ONLY
  if (expr.offsetMs !== 0 || expr.offsetExpr !== undefined) return 'no offset modifiers allowed before range'
  if (expr.atMs !== undefined || expr.atBound !== undefined) return 'no @ modifiers allowed before range'
  return undefined
}

function parseSubquery(state: ParserState, expr: Expr, range: Duration): Subquery {
  const expected = `number, duration, step(), range(), or ${quote(']')}`
  const step = state.within('subquery selector', expected, () =>
    state.at(']') ? undefined : parsePositiveDuration(state),
  )
  if (!state.at(']')) state.unexpected('subquery selector', quote(']'))
  const close = state.take()
  return state.bounded(
    {
      type: 'subquery',
      expr,
      rangeMs: literalMs(range),
      rangeExpr: durationExprOf(range),
      stepMs: step === undefined ? 0 : literalMs(step),
      stepExpr: step === undefined ? undefined : durationExprOf(step),
      offsetMs: 0,
      offsetExpr: undefined,
      atMs: undefined,
      atBound: undefined,
      position: { start: expr.position.start, end: close.end },
    },
    expr,
  )
}

/** The modifiers of `expr`, or a fault (then undefined). */
function modifiersOf(state: ParserState, expr: Expr, modifier: string): TimeModifiers | undefined {
  if (expr.type === 'vectorSelector' || expr.type === 'subquery') return expr
  if (expr.type === 'matrixSelector') {
    if (expr.selector.type === 'vectorSelector') return expr.selector
    state.fault(expr.position, RANGE_ONLY)
  } else state.fault(expr.position, `${modifier} ${NOT_SELECTOR}`)
  return undefined
}

function withModifiers(state: ParserState, expr: Expr, change: Partial<TimeModifiers>): Expr {
  const position = { start: expr.position.start, end: state.lastEnd }
  if (expr.type === 'matrixSelector') return { ...expr, selector: { ...expr.selector, ...change }, position }
  return { ...expr, ...change, position } as Expr
}

function parseOffset(state: ParserState, expr: Expr): Expr {
  state.take()
  const offset = state.within('offset', OPERAND, () => parseOffsetDuration(state))
  const modifiers = modifiersOf(state, expr, 'offset')
  if (modifiers === undefined) return expr
  if (modifiers.offsetMs !== 0 || modifiers.offsetExpr !== undefined)
    state.fault(expr.position, 'offset may not be set multiple times')
  return withModifiers(state, expr, { offsetMs: literalMs(offset), offsetExpr: durationExprOf(offset) })
}

function parseAt(state: ParserState, expr: Expr): Expr {
  state.take()
  const change = state.within('@', 'timestamp', () => parseAtOperand(state))
  const { atMs } = change
  if (atMs !== undefined && !(Math.abs(atMs) < 2 ** 63 * 1000))
    state.fault(expr.position, `timestamp out of bounds for @ modifier: ${fixed6(atMs / 1000)}`)
  const modifiers = modifiersOf(state, expr, '@')
  if (modifiers === undefined) return expr
  if (modifiers.atMs !== undefined || modifiers.atBound !== undefined) {
    state.fault(expr.position, '@ <timestamp> may not be set multiple times')
    return expr
  }
  return withModifiers(state, expr, change)
}

function parseAtOperand(state: ParserState): Pick<TimeModifiers, 'atMs' | 'atBound'> {
  const { kind } = state.peek()
  if (kind === 'start' || kind === 'end') {
    state.take()
    state.expect('(')
    state.expect(')')
    return { atMs: undefined, atBound: kind }
  }
  const sign = state.accept('+') ?? state.accept('-')
  if (!state.at('NUMBER') && !state.at('DURATION')) state.unexpected()
  const { value } = parseNumberLiteral(state)
  return { atMs: roundAwayFromZero((sign?.kind === '-' ? -value : value) * 1000), atBound: undefined }
}

/** Go's `math.Round`, which rounds halves away from zero. */
function roundAwayFromZero(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}

/** Go's `%f`. */
function fixed6(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return `${BigInt(Math.trunc(value))}.000000`
}

function setExtended(state: ParserState, expr: Expr, modifier: 'anchored' | 'smoothed'): Expr {
  if (!state.options.extendedRangeSelectors) {
    state.fault(expr.position, `${modifier} modifier is experimental and not enabled`)
    return expr
  }
  const selector = expr.type === 'matrixSelector' ? expr.selector : expr
  if (expr.type === 'subquery')
    state.fault(expr.position, `${modifier} modifier is not supported for subqueries`)
  else if (selector.type !== 'vectorSelector') {
    if (expr.type !== 'matrixSelector') state.fault(expr.position, `${modifier} modifier not implemented`)
  } else {
    if (modifier === 'anchored' ? selector.smoothed : selector.anchored)
      state.fault(expr.position, 'anchored and smoothed modifiers cannot be used together')
    const changed: VectorSelector = { ...selector, [modifier]: true }
    return expr.type === 'matrixSelector' ? { ...expr, selector: changed } : changed
  }
  return expr
}
