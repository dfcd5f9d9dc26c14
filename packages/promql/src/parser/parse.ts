import type { Matcher } from '@promontory/model'
import type { Expr } from './ast.ts'
import { TypeChecker } from './check-types.ts'
import type { ParserOptions } from './options.ts'
import { DEFAULT_PARSER_OPTIONS } from './options.ts'
import { parseQuery } from './parse-expression.ts'
import { parseVectorSelector } from './parse-selector.ts'
import { attempt, ParserState } from './parser-state.ts'
import { prettyPrint } from './pretty.ts'
import { isMetricName } from './token.ts'

/**
 * Parses and type-checks a query.
 * @throws ParseError with Prometheus's message and position, and a mend where one is known
 */
export function parseExpr(text: string, options: ParserOptions = DEFAULT_PARSER_OPTIONS): Expr {
  const state = new ParserState(text, options)
  const expr = attempt(state, () => parseQuery(state))
  if (state.faults.length === 0) {
    state.mend = undefined
    new TypeChecker(state).check(expr!)
  }
  state.finish()
  return expr!
}

/**
 * Parses a series selector as `match[]` takes it: `up`, `{job="a"}`, no modifiers.
 * @throws ParseError
 */
export function parseSelector(text: string): readonly Matcher[] {
  const state = new ParserState(text, DEFAULT_PARSER_OPTIONS)
  const selector = attempt(state, () => {
    const { kind } = state.peek()
    if (kind !== '{' && !isMetricName(kind)) state.unexpected()
    const parsed = parseVectorSelector(state, kind === '{' ? undefined : state.take())
    if (!state.at('EOF')) state.unexpected()
    return parsed
  })
  state.finish()
  return selector!.matchers
}

/**
 * Prometheus's `format_query`: the query again in its standard spelling, long ones over several lines.
 * @throws ParseError
 */
export function formatQuery(text: string, options: ParserOptions = DEFAULT_PARSER_OPTIONS): string {
  return prettyPrint(parseExpr(text, options))
}
