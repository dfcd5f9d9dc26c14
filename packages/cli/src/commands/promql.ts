import { readFileSync } from 'node:fs'
import { ALL_PARSER_OPTIONS, exprToJson, formatQuery, ParseError, parseExpr } from '@promontory/promql/parser'
import { UsageError } from '../serve-flags.ts'

/** `promontory promql format|parse EXPR`; `-` reads the expression from standard input. */
export async function promql([action, ...rest]: readonly string[]): Promise<number> {
  if ((action !== 'format' && action !== 'parse') || rest.length !== 1)
    throw new UsageError('usage: promontory promql format|parse EXPR')
  const expr = rest[0] === '-' ? readFileSync(0, 'utf8') : rest[0]!
  try {
    const text =
      action === 'format'
        ? formatQuery(expr, ALL_PARSER_OPTIONS)
        : JSON.stringify(exprToJson(parseExpr(expr, ALL_PARSER_OPTIONS)), null, 2)
    process.stdout.write(`${text}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    process.stderr.write(`${error.message}\n`)
    if (error.mend !== undefined) process.stderr.write(`${error.mend.explanation}\n`)
    return 1
  }
}
