import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyEncoding } from '../workers/protocol.ts'
import { chooseEncoding, describeFailure, STATUS_OF_ERROR } from './answer.ts'
import { BadRequest, Params } from './params.ts'

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

export interface DirectAnswer {
  readonly body: Uint8Array
  readonly type?: string
  readonly encoding?: BodyEncoding
}

export type DirectHandler = (request: DirectRequest) => Promise<DirectAnswer>

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
    send(
      response,
      200,
      await handler({
        path,
        method: request.method ?? '',
        clientIp: clientIp(request),
        params,
        signal: gone.signal,
        encoding,
      }),
    )
  } catch (error) {
    const { errorType, message, more } = describeFailure(error)
    const body = Buffer.from(JSON.stringify({ status: 'error', errorType, error: message, ...more }))
    send(response, STATUS_OF_ERROR[errorType], { body })
  }
}

function clientIp({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}

function send(response: ServerResponse, status: number, { body, type, encoding }: DirectAnswer): void {
  if (response.destroyed || response.headersSent) return
  if (encoding !== undefined) {
    response.setHeader('content-encoding', encoding)
    response.appendHeader('vary', 'accept-encoding')
  }
  response.writeHead(status, {
    'content-type': type ?? 'application/json',
    'content-length': body.length,
  })
  // Headers and a string leave in one buffer; headers and bytes would be two, which costs the system call twice as much.
  if (body.length <= SMALL_BYTES)
    response.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1')
  else response.end(body)
}

/** Bodies that are sent together with their headers. */
const SMALL_BYTES = 16 * 1024

/** Form bodies longer than this are refused: the longest queries are some hundred kilobytes. */
export const FORM_BYTES_MAX: number = 10 * 1024 * 1024

/** Query string and, of a POST, the form body. @throws BadRequest for a body that is too long */
async function readParams(request: IncomingMessage): Promise<Params> {
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
