import { quote } from '@promontory/model'
import type { AggregateExpr, BinaryExpr, Call, Expr } from './ast.ts'
import { FUNCTIONS } from './function-table.ts'
import { mendGroupedCall } from './mend.ts'
import { parseBinaryModifiers, parseGrouping } from './parse-grouping.ts'
import { parseNumberLiteral } from './parse-number-literal.ts'
import { parsePostfix } from './parse-postfix.ts'
import { parseVectorSelector, unquote } from './parse-selector.ts'
import type { ParserState } from './parser-state.ts'
import type { Position } from './position.ts'
import { joinPositions } from './position.ts'
import type { AggregateOperator, Token, TokenKind } from './token.ts'
import {
  AGGREGATORS,
  AGGREGATORS_WITH_PARAM,
  isBinaryOperator,
  isMetricName,
  PRECEDENCE,
  PREPROCESSORS,
  SET_OPERATORS,
  UNARY_PRECEDENCE,
} from './token.ts'

/** A whole query. */
export function parseQuery(state: ParserState): Expr {
  if (state.at('EOF')) {
    state.fault({ start: 0, end: 0 }, 'no expression found in input')
    state.finish()
  }
  const expr = parseExpression(state, 0)
  if (!state.at('EOF')) state.unexpected()
  return expr
}

function parseExpression(state: ParserState, minPrecedence: number): Expr {
  return state.nested(() => {
    let left = parseSigned(state)
    for (;;) {
      const { kind } = state.peek()
      if (!isBinaryOperator(kind)) break
      const precedence = PRECEDENCE[kind]
      if (precedence < minPrecedence) break
      left = parseBinary(state, left)
    }
    if (state.at('by') || state.at('without')) state.mend = mendGroupedCall(state.text, left, state.peek())
    return left
  })
}

function parseBinary(state: ParserState, lhs: Expr): BinaryExpr {
  const op = state.take().kind as BinaryExpr['op']
  const { returnBool, matching } = parseBinaryModifiers(state)
  const precedence = PRECEDENCE[op]
  const rhs = parseExpression(state, op === '^' ? precedence : precedence + 1)
  const position = joinPositions(lhs.position, rhs.position)
  if (!state.options.fillModifiers && (matching.fillLeft !== undefined || matching.fillRight !== undefined))
    state.fault(position, 'binop fill modifiers are experimental and not enabled')
  const setCard = SET_OPERATORS.has(op) && matching.card === 'one-to-one'
  const node: BinaryExpr = {
    type: 'binary',
    op,
    lhs,
    rhs,
    matching: setCard ? { ...matching, card: 'many-to-many' } : matching,
    returnBool,
    position,
  }
  return state.bounded(node, lhs, rhs)
}

function parseSigned(state: ParserState): Expr {
  const sign = state.accept('+') ?? state.accept('-')
  if (sign === undefined) return parsePostfix(state, parsePrimary(state))
  const operand = parseExpression(state, UNARY_PRECEDENCE + 1)
  const position = joinPositions(sign, operand.position)
  if (operand.type === 'number')
    return { ...operand, value: sign.kind === '-' ? -operand.value : operand.value, position }
  return state.bounded({ type: 'unary', op: sign.kind as '+' | '-', expr: operand, position }, operand)
}

function parsePrimary(state: ParserState): Expr {
  const { kind } = state.peek()
  switch (kind) {
    case '(':
      return parseParens(state)
    case 'NUMBER':
    case 'DURATION':
      return parseNumberLiteral(state)
    case 'STRING': {
      const token = state.take()
      return { type: 'string', value: unquote(state, token), source: token.text, position: positionOf(token) }
    }
    case '{':
      return parseVectorSelector(state, undefined)
  }
  if (!isMetricName(kind)) state.unexpected()
  const name = state.take()
  if (AGGREGATORS.has(kind) && (state.at('(') || state.at('by') || state.at('without')))
    return parseAggregate(state, name)
  if ((kind === 'IDENTIFIER' || PREPROCESSORS.has(kind)) && state.at('(')) return parseCall(state, name)
  return parseVectorSelector(state, name)
}

function positionOf(token: Token): Position {
  return { start: token.start, end: token.end }
}

function parseParens(state: ParserState): Expr {
  const open = state.take()
  const expr = parseExpression(state, 0)
  const close = state.expect(')')
  return state.bounded({ type: 'paren', expr, position: joinPositions(open, close) }, expr)
}

function parseCall(state: ParserState, name: Token): Call {
  const args = parseArguments(state)
  // Preprocessors are lexed in any case, but functions are not found so.
  const func = FUNCTIONS.get(name.text)
  if (func === undefined) state.fault(name, `unknown function with name ${quote(name.text)}`)
  else if (func.experimental && !state.options.experimentalFunctions)
    state.fault(name, `function ${quote(name.text)} is not enabled`)
  const call: Call = {
    type: 'call',
    // An unknown function has been recorded as a fault; such a tree is never given out.
    func: func ?? { name: name.text, argTypes: [], variadic: -1, returnType: 'vector', experimental: false },
    args,
    position: { start: name.start, end: state.lastEnd },
  }
  return state.bounded(call, ...args)
}

function parseArguments(state: ParserState): Expr[] {
  state.expect('(')
  const args: Expr[] = []
  if (state.accept(')') !== undefined) return args
  args.push(parseExpression(state, 0))
  for (;;) {
    const comma = state.accept(',')
    if (comma === undefined) break
    if (startsExpression(state.peek().kind)) args.push(parseExpression(state, 0))
    else state.fault(comma, 'trailing commas not allowed in function call args')
  }
  state.expect(')')
  return args
}

function startsExpression(kind: TokenKind): boolean {
  return isMetricName(kind) || ['(', '{', 'NUMBER', 'DURATION', 'STRING', '+', '-'].includes(kind)
}

function parseAggregate(state: ParserState, operator: Token): AggregateExpr {
  return state.within('aggregation', '', () => {
    const leading = state.at('(') ? undefined : parseGrouping(state)
    const args = parseArguments(state)
    const trailing =
      leading === undefined && (state.at('by') || state.at('without')) ? parseGrouping(state) : undefined
    const position = { start: operator.start, end: state.lastEnd }
    return makeAggregate(state, operator.kind as AggregateOperator, args, leading ?? trailing, position)
  })
}

function makeAggregate(
  state: ParserState,
  op: AggregateOperator,
  args: readonly Expr[],
  modifier: { grouping: string[]; without: boolean } | undefined,
  position: Position,
): AggregateExpr {
  const wanted = AGGREGATORS_WITH_PARAM.has(op) ? 2 : 1
  if (args.length === 0) state.fault(position, 'no arguments for aggregate expression provided')
  else if ((op === 'limitk' || op === 'limit_ratio') && !state.options.experimentalFunctions)
    state.fault(
      position,
      `${op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
    )
  else if (args.length !== wanted)
    state.fault(
      position,
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
    )
  const node: AggregateExpr = {
    type: 'aggregate',
    op,
    // A wrong number has been recorded as a fault; such a tree is never given out.
    expr: args[wanted - 1] ?? (args[0] as Expr),
    param: wanted === 2 ? args[0] : undefined,
    grouping: modifier?.grouping ?? [],
    without: modifier?.without ?? false,
    position,
  }
  return state.bounded(node, ...args)
}
