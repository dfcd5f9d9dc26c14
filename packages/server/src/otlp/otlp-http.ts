import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { OTLP_BYTES_MAX, otlpAnswer, type OtlpReceiver } from '@promontory/remote'
import type { Gate } from '../http/gate.ts'

const DECOMPRESSORS = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }

/** A request that is answered with a fault. */
class OtlpFault extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What answers on `--listen.otlp-http`: `/v1/metrics`. */
export function otlpHttpApp(
  receiver: OtlpReceiver,
  gate: Gate,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    void Promise.resolve(gate.admit(request, path))
      .then((verdict) => {
        if (!verdict.admitted) return fail(response, verdict.status, verdict.reason)
        if (path !== '/v1/metrics')
          return fail(
            response,
            404,
            `${path} is not here: metrics go to /v1/metrics, logs and traces are not taken`,
          )
        return answerOtlp(receiver, request, response)
      })
      .catch(() => response.destroy())
  }
}

/** Answers an export of metrics, protobuf or JSON, gzip or zstd. */
export async function answerOtlp(
  receiver: OtlpReceiver,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (request.method !== 'POST') throw new OtlpFault(405, 'metrics are posted')
    const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim()
    if (type !== 'application/x-protobuf' && type !== 'application/json')
      throw new OtlpFault(415, `${type || 'no content type'} is not accepted; accepted: application/x-protobuf, application/json`) // prettier-ignore
    const encoding = type === 'application/json' ? 'json' : 'protobuf'
    const body = await decompressed(await readBody(request), request.headers['content-encoding'] ?? '')
    const outcome = receiver.receive(body, encoding)
    if (outcome.kind !== 'stored') throw new OtlpFault(outcome.kind === 'failed' ? 503 : 400, outcome.message)
    response.writeHead(200, { 'content-type': type }).end(otlpAnswer(outcome, encoding))
  } catch (error) {
    if (!(error instanceof OtlpFault)) throw error
    fail(response, error.status, error.message)
  }
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > OTLP_BYTES_MAX) throw new OtlpFault(413, `the body is longer than ${OTLP_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function decompressed(body: Buffer, encoding: string): Promise<Buffer> {
  if (encoding === '' || encoding === 'identity') return body
  if (encoding !== 'gzip' && encoding !== 'zstd')
    throw new OtlpFault(415, `content encoding ${encoding} is not accepted; accepted: gzip, zstd`)
  try {
    return await DECOMPRESSORS[encoding](body, { maxOutputLength: OTLP_BYTES_MAX })
  } catch (error) {
    const isTooLong = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    throw new OtlpFault(isTooLong ? 413 : 400, `${encoding}: ${(error as Error).message}`)
  }
}
