import type { MatchOperator } from '@promontory/model'
import { Matcher, METRIC_NAME } from '@promontory/model'
import type { VectorSelector } from './ast.ts'
import { unquoteLiteral } from './lex-string.ts'
import type { ParserState } from './parser-state.ts'
import type { Position } from './position.ts'
import { joinPositions } from './position.ts'
import type { Token } from './token.ts'

const CONTEXT = 'label matching'

/** `name{…}`, where `name` has been taken already (undefined for a selector that starts with its braces). */
export function parseVectorSelector(state: ParserState, name: Token | undefined): VectorSelector {
  const matchers: Matcher[] = []
  let position: Position = name ?? state.peek()
  if (name === undefined || state.at('{')) {
    const braces = parseMatchers(state, matchers)
    position = joinPositions(position, braces)
  }
  if (name !== undefined) matchers.push(new Matcher('=', METRIC_NAME, name.text))
  return {
    type: 'vectorSelector',
    name: name?.text ?? '',
    matchers,
    offsetMs: 0,
    offsetExpr: undefined,
    atMs: undefined,
    atBound: undefined,
    anchored: false,
    smoothed: false,
    position: { start: position.start, end: position.end },
  }
}

function parseMatchers(state: ParserState, matchers: Matcher[]): Position {
  const open = state.expect('{')
  let close = state.accept('}')
  while (close === undefined) {
    parseMatcher(state, matchers)
    close = state.accept('}')
    if (close !== undefined) break
    if (state.accept(',') === undefined) state.unexpected(CONTEXT, '"," or "}"')
    close = state.accept('}')
  }
  return joinPositions(open, close)
}

function parseMatcher(state: ParserState, matchers: Matcher[]): void {
  if (!state.at('IDENTIFIER') && !state.at('STRING')) state.unexpected(CONTEXT, 'identifier or "}"')
  const subject = state.take()
  const name = subject.kind === 'STRING' ? unquote(state, subject) : subject.text
  const operator = state.peek().kind
  if (operator !== '=' && operator !== '!=' && operator !== '=~' && operator !== '!~') {
    if (subject.kind === 'IDENTIFIER') state.unexpected(CONTEXT, 'label matching operator')
    matchers.push(new Matcher('=', METRIC_NAME, name))
    return
  }
  state.take()
  if (!state.at('STRING')) state.unexpected(CONTEXT, 'string')
  const value = state.take()
  const matcher = makeMatcher(state, operator, name, unquote(state, value), joinPositions(subject, value))
  if (matcher !== undefined) matchers.push(matcher)
}

function makeMatcher(
  state: ParserState,
  operator: MatchOperator,
  name: string,
  value: string,
  position: Position,
): Matcher | undefined {
  try {
    return new Matcher(operator, name, value)
  } catch (error) {
    state.fault(position, error instanceof Error ? error.message : String(error))
    return undefined
  }
}

/** The value of a STRING token. */
export function unquote(state: ParserState, token: Token): string {
  const value = unquoteLiteral(token.text)
  if (value !== undefined) return value
  state.fault(token, `error unquoting string ${JSON.stringify(token.text)}: invalid syntax`)
  return ''
}
