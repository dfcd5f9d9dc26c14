/** Prometheus's `errorType` of a failed query. */
export type QueryErrorType = 'bad_data' | 'execution' | 'timeout' | 'canceled'

/** A query that cannot be answered; `message` is Prometheus's text. Parse errors are `ParseError`s instead. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly errorType: QueryErrorType

  constructor(errorType: QueryErrorType, message: string, options?: ErrorOptions) {
    super(message, options)
    this.errorType = errorType
  }
}

const ENVIRONMENT = 'query execution'

export function executionError(message: string): QueryError {
  return new QueryError('execution', message)
}

/** More samples in memory than the query may hold. */
export function tooManySamples(): QueryError {
  return new QueryError(
    'execution',
    `query processing would load too many samples into memory in ${ENVIRONMENT}`,
  )
}

export function queryTimedOut(): QueryError {
  return new QueryError('timeout', 'query timed out in expression evaluation')
}

export function queryCanceled(): QueryError {
  return new QueryError('canceled', 'query was canceled in expression evaluation')
}

export function sameLabelset(): QueryError {
  return executionError('vector cannot contain metrics with the same labelset')
}
