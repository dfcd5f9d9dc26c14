import type { DurationExpr, DurationOperator, NumberLiteral } from './ast.ts'
import { LONGEST_SECONDS } from './literals.ts'
import { parseNumberLiteral } from './parse-number-literal.ts'
import type { ParserState } from './parser-state.ts'
import type { Position } from './position.ts'
import { joinPositions } from './position.ts'
import type { Token, TokenKind } from './token.ts'
import { PRECEDENCE, UNARY_PRECEDENCE } from './token.ts'

/** What stands in `[…]` and behind `offset`. A literal is in seconds. */
export type Duration = DurationExpr | NumberLiteral

const OPERATORS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^'])

/** A duration that must be above zero, as far as that can be known before the query runs. */
export function parsePositiveDuration(state: ParserState): Duration {
  const faults = state.faults.length
  const duration = parseDuration(state, 0)
  if (duration.type !== 'number' || duration.value > 0) return duration
  // A division by zero has been reported already; its stand-in has no place in the text.
  if (state.faults.length > faults && duration.position.end === 0) return duration
  state.fault(duration.position, 'duration must be greater than 0')
  return { ...duration, value: 0 }
}

/**
 * A duration behind `offset`. Without brackets it ends after the first operand: `x offset -2^2` is `(x offset -2)^2`;
 * once it starts with a bracket it takes the operators that follow too.
 */
export function parseOffsetDuration(state: ParserState): Duration {
  if (state.at('(')) return parseDuration(state, 0)
  if (!state.at('+') && !state.at('-')) return parseOperand(state)
  const sign = state.take()
  if (state.at('+') || state.at('-')) {
    const operand = applySign(state, sign, parseDuration(state, UNARY_PRECEDENCE + 1))
    return parseOperators(state, operand, 0)
  }
  return applySign(state, sign, parseOperand(state))
}

function parseDuration(state: ParserState, minPrecedence: number): Duration {
  return state.nested(() => {
    const sign = state.accept('+') ?? state.accept('-')
    const left =
      sign === undefined
        ? parseOperand(state)
        : applySign(state, sign, parseDuration(state, UNARY_PRECEDENCE + 1))
    return parseOperators(state, left, minPrecedence)
  })
}

function parseOperators(state: ParserState, first: Duration, minPrecedence: number): Duration {
  let left = first
  for (;;) {
    const { kind } = state.peek()
    if (!OPERATORS.has(kind)) return left
    const precedence = PRECEDENCE[kind as '+']
    if (precedence < minPrecedence) return left
    const operator = state.take()
    const right = parseDuration(state, kind === '^' ? precedence : precedence + 1)
    left = makeBinary(state, operator, left, right)
  }
}

function makeBinary(state: ParserState, operator: Token, lhs: Duration, rhs: Duration): Duration {
  requireEnabled(state, lhs.position)
  if (rhs.type === 'number' && rhs.value === 0 && (operator.kind === '/' || operator.kind === '%')) {
    state.fault(operator, operator.kind === '/' ? 'division by zero' : 'modulo by zero')
    return { type: 'number', value: 0, duration: false, position: { start: 0, end: 0 } }
  }
  return makeExpr(
    state,
    operator.kind as DurationOperator,
    lhs,
    rhs,
    joinPositions(lhs.position, rhs.position),
  )
}

function makeExpr(
  state: ParserState,
  op: DurationOperator,
  lhs: Duration | undefined,
  rhs: Duration | undefined,
  position: Position,
): DurationExpr {
  const below = [lhs, rhs].filter((side) => side !== undefined)
  return state.bounded({ type: 'duration', op, lhs, rhs, wrapped: false, position }, ...below)
}

function parseOperand(state: ParserState): Duration {
  const { kind } = state.peek()
  switch (kind) {
    case 'NUMBER':
    case 'DURATION':
      return inRange(state, parseNumberLiteral(state))
    case 'step':
    case 'range':
      return parseWord(state, kind)
    case 'min_of':
    case 'max_of':
      return parseChoice(state, kind)
    case '(':
      return parseBrackets(state)
  }
  return state.unexpected()
}

function parseWord(state: ParserState, kind: 'step' | 'range'): DurationExpr {
  const word = state.take()
  state.expect('(')
  const close = state.expect(')')
  return enabled(state, makeExpr(state, kind, undefined, undefined, joinPositions(word, close)))
}

function parseChoice(state: ParserState, kind: 'min_of' | 'max_of'): DurationExpr {
  const word = state.take()
  state.expect('(')
  const lhs = parseDuration(state, 0)
  state.expect(',')
  const rhs = parseDuration(state, 0)
  const close = state.expect(')')
  return enabled(state, makeExpr(state, kind, lhs, rhs, joinPositions(word, close)))
}

function parseBrackets(state: ParserState): DurationExpr {
  const open = state.expect('(' satisfies TokenKind)
  const inner = parseDuration(state, 0)
  const close = state.expect(')')
  requireEnabled(state, inner.position)
  if (inner.type === 'duration') return { ...inner, wrapped: true }
  return { ...makeExpr(state, '+', undefined, inner, joinPositions(open, close)), wrapped: true }
}

function applySign(state: ParserState, sign: Token, operand: Duration): Duration {
  const position = joinPositions(sign, operand.position)
  if (operand.type === 'duration')
    return sign.kind === '+' ? operand : makeExpr(state, '-', undefined, operand, position)
  const value = sign.kind === '-' ? -operand.value : operand.value
  return inRange(state, { ...operand, value, position })
}

function inRange(state: ParserState, literal: NumberLiteral): NumberLiteral {
  if (Math.abs(literal.value) <= LONGEST_SECONDS) return literal
  state.fault(literal.position, 'duration out of range')
  return { ...literal, value: 0 }
}

function enabled(state: ParserState, expr: DurationExpr): DurationExpr {
  requireEnabled(state, expr.position)
  return expr
}

function requireEnabled(state: ParserState, position: Position): void {
  if (!state.options.durationExpressions)
    state.fault(position, 'experimental duration expression is not enabled')
}

/** Whole milliseconds of a literal; 0 for an expression, whose value is known only when the query runs. */
export function literalMs(duration: Duration): number {
  // Nanoseconds first, as in Go: 4.018 s are 4018 ms although 4.018 * 1000 is less.
  return duration.type === 'number' ? Math.trunc(Math.round(duration.value * 1e9) / 1e6) : 0
}

/** The expression; undefined for a literal. */
export function durationExprOf(duration: Duration): DurationExpr | undefined {
  return duration.type === 'duration' ? duration : undefined
}
