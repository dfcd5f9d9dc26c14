import {
  exprToJson,
  formatQuery,
  ParseError,
  parseExpr,
  parserOptionsOfFeatures,
} from '@promontory/promql/parser'
import { TaskError } from '../workers/query-pool.ts'

/**
 * The answer of `/api/v1/format_query` or `/api/v1/parse_query`.
 * @throws TaskError with the place of the fault
 */
export function formatExpr(kind: 'format' | 'parse', query: string, features: readonly string[]): unknown {
  try {
    const options = parserOptionsOfFeatures(features)
    return kind === 'format' ? formatQuery(query, options) : exprToJson(parseExpr(query, options))
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    throw new TaskError({
      errorType: 'bad_data',
      message: `invalid parameter "query": ${error.message}`,
      position: error.position,
    })
  }
}
