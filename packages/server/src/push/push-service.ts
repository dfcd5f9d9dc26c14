import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Clock, Logger, Registry } from '@promontory/base'
import { Gateway, GroupStore, PUSH_BYTES_MAX, PushCollector, StateFile } from '@promontory/push'
import type { Appender } from '@promontory/model'
import type { Gate } from '../http/gate.ts'
import { splitAddress } from '../http/listener.ts'
import type { ServerOptions } from '../options.ts'
import { VERSION } from '../version.ts'

export interface PushServiceInput {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly storage: Appender
  readonly startedMs: number
  /** `global.scrape_interval` */
  readonly intervalMs: () => number
  /** Addresses that jobs scrape. */
  readonly scrapedUrls: () => readonly string[]
}

/** The Pushgateway in the server: its groups, their file, and what brings them into the storage. */
export class PushService {
  readonly gateway: Gateway
  readonly #file: StateFile
  readonly #collector: PushCollector

  constructor(input: PushServiceInput) {
    const { options, clock, registry } = input
    const logger = input.logger.with({ component: 'push' })
    const store = new GroupStore({
      nowMs: () => clock.nowMs(),
      ttlMs: options.push.ttlMs,
      onChange: () => this.#file.touch(),
    })
    this.#file = new StateFile({ path: join(options.ownDirectory, 'push.json'), store, clock, logger })
    const { enableAdminApi, flags } = options
    this.gateway = new Gateway({
      store,
      registry,
      version: VERSION,
      enableAdminApi,
      flags,
      startedMs: input.startedMs,
    })
    const { listenAddress } = options.push
    const port = listenAddress === undefined ? '' : String(splitAddress(listenAddress).port)
    this.#collector = new PushCollector({
      store,
      appender: input.storage,
      clock,
      logger,
      intervalMs: input.intervalMs,
      isScraped: () => port !== '' && input.scrapedUrls().some((url) => new URL(url).port === port),
    })
  }

  start(): void {
    this.#file.restore()
    this.#collector.start()
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    this.#collector.stop()
    await this.#file.close()
  }
}

/** What answers on `--listen.pushgateway`. */
export function pushgatewayApp(
  gateway: Gateway,
  gate: Gate,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { path } = splitUrl(request)
    void Promise.resolve(gate.admit(request, path))
      .then((verdict) => {
        if (verdict.admitted) return answerPush(gateway, request, response)
        response.writeHead(verdict.status, { 'www-authenticate': 'Basic realm="Promontory"' })
        response.end(`${verdict.reason}\n`)
      })
      .catch(() => response.destroy())
  }
}

/** Answers a request with what the gateway says to it. */
export async function answerPush(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path, query } = splitUrl(request)
  const body = await readBody(request)
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end(`the body is longer than ${PUSH_BYTES_MAX} bytes\n`)
    return
  }
  const answer = gateway.answer({
    method: request.method ?? 'GET',
    path,
    query,
    contentType: request.headers['content-type'] ?? '',
    contentEncoding: request.headers['content-encoding'] ?? '',
    body,
  })
  const { status, type, text } = answer ?? {
    status: 404,
    type: 'text/plain; charset=utf-8',
    text: 'not found: metrics are pushed to /metrics/job/JOB{/LABEL/VALUE}\n',
  }
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(request.method === 'HEAD' ? undefined : text)
}

function splitUrl(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const url = request.url ?? '/'
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  return { path, query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)) }
}

/** @returns undefined when it is longer than a push may be */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > PUSH_BYTES_MAX) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}
