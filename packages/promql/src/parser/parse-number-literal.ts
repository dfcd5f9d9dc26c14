import type { NumberLiteral } from './ast.ts'
import { parseDurationLiteral, parseNumber } from './literals.ts'
import type { ParserState } from './parser-state.ts'

/** A NUMBER or DURATION token, the latter in seconds. A faulty one counts as 0 (as ±Inf when out of range). */
export function parseNumberLiteral(state: ParserState): NumberLiteral {
  const token = state.take()
  const position = { start: token.start, end: token.end }
  const duration = token.kind === 'DURATION'
  try {
    const value = duration ? parseDurationLiteral(token.text) : parseNumber(token.text)
    return { type: 'number', value, duration, position }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    state.fault(position, duration ? reason : `error parsing number: ${reason}`)
    return { type: 'number', value: 0, duration, position }
  }
}
