import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodySink } from '../workers/body-sink.ts'
import type { BodyEncoding } from '../workers/protocol.ts'
import { chooseEncoding, describeFailure, STATUS_OF_ERROR } from './answer.ts'
import { BadRequest, Params } from './params.ts'
import { ResponseBody } from './response-body.ts'

/**
 * Requests answered without a framework between: those that dashboards send by the hundred, and whose answers are
 * megabytes. A `Response` in the way costs a query of 5 MB 30 times what sending it does.
 */
export interface DirectRequest {
  readonly path: string
  readonly method: string
  /** Of the connection; behind a proxy the proxy's. */
  readonly clientIp: string
  readonly params: Params
  /** Aborted when the client goes away before it is answered. */
  readonly signal: AbortSignal
  readonly encoding: BodyEncoding | undefined
}

export interface DirectHandler {
  /** Of the body. */
  readonly type: string
  /** Gives the body to the sink. */
  answer(request: DirectRequest, sink: BodySink): Promise<void>
}

/** Answers a request with what the handler gives, or with the error that it throws in the API's form. */
export async function answerDirectly(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  handler: DirectHandler,
): Promise<void> {
  const gone = new AbortController()
  const onClose = (): void => {
    if (!response.writableFinished) gone.abort()
  }
  response.on('close', onClose)
  try {
    const params = await readParams(request)
    const encoding = chooseEncoding(String(request.headers['accept-encoding'] ?? ''))
    await handler.answer(
      {
        path,
        method: request.method ?? '',
        clientIp: clientIp(request),
        params,
        signal: gone.signal,
        encoding,
      },
      new ResponseBody(response, handler.type),
    )
  } catch (error) {
    // A body that has begun cannot become an error: the client must see that it is not whole.
    if (!response.headersSent) sendError(response, error)
    else if (!response.writableEnded) response.destroy()
  }
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return
  const { errorType, message, more } = describeFailure(error)
  const body = Buffer.from(JSON.stringify({ status: 'error', errorType, error: message, ...more }))
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  response.writeHead(STATUS_OF_ERROR[errorType], headers).end(body)
}

/** The address of a connection; behind a proxy the proxy's. */
export function clientIp({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}

/** Form bodies longer than this are refused: the longest queries are some hundred kilobytes. */
export const FORM_BYTES_MAX: number = 10 * 1024 * 1024

/** Query string and, of a POST, the form body. @throws BadRequest for a body that is too long */
export async function readParams(request: IncomingMessage): Promise<Params> {
  const url = request.url ?? '/'
  const at = url.indexOf('?')
  const query = at < 0 ? '' : url.slice(at + 1)
  if (request.method !== 'POST') return new Params(query)
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('application/x-www-form-urlencoded')) return new Params(query)
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > FORM_BYTES_MAX)
      throw new BadRequest(`a form of more than ${FORM_BYTES_MAX} bytes is too long`)
    parts.push(part)
  }
  return new Params(query, Buffer.concat(parts).toString('utf8'))
}
