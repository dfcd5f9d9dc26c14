import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ParserOptions } from '@promontory/promql'
import { describeFailure, STATUS_OF_ERROR } from '../http/answer.ts'
import { clientIp, readParams } from '../http/direct.ts'
import { BadRequest, Params } from '../http/params.ts'
import { GatheredBody } from '../workers/body-sink.ts'
import { groupQueries } from '../workers/group-queries.ts'
import type { AskedTogether, BodyEncoding, QueryTask } from '../workers/protocol.ts'
import { instantTask, rangeTask } from './query-routes.ts'
import type { RunQuery } from './query-runner.ts'

/** Questions of one batch at most. */
const ASKS_MAX = 500

export const BATCH_PATH = '/api/v1/query_batch'
export const CANCEL_PATH = '/api/v1/query_batch/cancel'
const BATCH_TYPE = 'application/vnd.promontory.batch'

/** A question of a batch, or why it cannot be asked. */
type Ask = { readonly task: QueryTask } | { readonly fault: unknown }

/**
 * The questions of a dashboard in one request: `ask=query_range?query=…` for each, answered in the order in which they are
 * done. What stands in several of them is evaluated once. Each answer is a line of JSON, `{"ask":0,"status":200,"length":99}`,
 * with the body that the question would have had alone behind it.
 */
export class QueryBatches {
  readonly #run: RunQuery
  readonly #nowMs: () => number
  readonly #parserOptions: ParserOptions
  /** By the client's name of the batch: what stops each question. */
  readonly #open = new Map<string, readonly AbortController[]>()
  #groups = 0

  constructor(run: RunQuery, nowMs: () => number, parserOptions: ParserOptions) {
    this.#run = run
    this.#nowMs = nowMs
    this.#parserOptions = parserOptions
  }

  /** Answers a request to {@link BATCH_PATH} or {@link CANCEL_PATH}. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    try {
      if (request.method !== 'POST') throw new BadRequest('a batch is asked by POST')
      const params = await readParams(request)
      if (path === CANCEL_PATH) {
        this.#cancel(params)
        response.writeHead(204).end()
      } else await this.#answerAll(params, clientIp(request), response)
    } catch (error) {
      if (response.headersSent) return void response.destroy()
      const { errorType, message } = describeFailure(error)
      response.writeHead(STATUS_OF_ERROR[errorType], { 'content-type': 'application/json' })
      response.end(JSON.stringify({ status: 'error', errorType, error: message }))
    }
  }

  #cancel(params: Params): void {
    const stops = this.#open.get(params.get('id'))
    for (const index of params.all('ask')) stops?.[Number(index)]?.abort()
  }

  async #answerAll(params: Params, client: string, response: ServerResponse): Promise<void> {
    const texts = params.all('ask')
    if (texts.length === 0 || texts.length > ASKS_MAX)
      throw new BadRequest(`a batch has 1 to ${ASKS_MAX} parameters "ask", not ${texts.length}`)
    const asks = texts.map((text) => this.#read(text))
    const groups = this.#group(asks)
    const stops = asks.map(() => new AbortController())
    const id = params.get('id')
    const encoding = params.get('encoding') === 'gzip' ? 'gzip' : undefined
    if (id !== '') this.#open.set(id, stops)
    response.on('close', () => {
      for (const stop of stops) stop.abort()
    })
    response.writeHead(200, { 'content-type': BATCH_TYPE, 'cache-control': 'no-store' })
    response.flushHeaders()
    const origin = { clientIp: client, method: 'POST', path: BATCH_PATH }
    await Promise.all(
      asks.map(async (ask, index) => {
        const answered = await answerOne(ask, (task, sink) =>
          this.#run(task, { signal: stops[index]!.signal, encoding, together: groups[index] }, origin, sink),
        )
        send(response, index, answered)
      }),
    )
    if (this.#open.get(id) === stops) this.#open.delete(id)
    response.end()
  }

  /** `query?query=up&time=1` or `query_range?…`. */
  #read(text: string): Ask {
    const at = text.indexOf('?')
    const params = new Params(text.slice(at + 1))
    try {
      switch (text.slice(0, at)) {
        case 'query':
          return { task: instantTask(params, this.#nowMs()) }
        case 'query_range':
          return { task: rangeTask(params) }
      }
      throw new BadRequest(
        `invalid parameter "ask": "${text.slice(0, 40)}" is neither query? nor query_range?`,
      )
    } catch (fault) {
      return { fault }
    }
  }

  /** Of each question those that it is asked together with, if there are any. */
  #group(asks: readonly Ask[]): (AskedTogether | undefined)[] {
    const tasks = asks.map((ask) => ('task' in ask && ask.task.kind === 'range' ? ask.task : undefined))
    const together = groupQueries(tasks, this.#parserOptions)
    const ids = new Map<readonly string[], number>()
    return together.map((queries) => {
      if (queries === undefined) return undefined
      const id = ids.get(queries) ?? ++this.#groups
      ids.set(queries, id)
      return { id, queries }
    })
  }
}

interface Answer {
  readonly status: number
  readonly body: Uint8Array
  readonly encoding: BodyEncoding | undefined
}

async function answerOne(
  ask: Ask,
  run: (task: QueryTask, sink: GatheredBody) => Promise<{ readonly encoding?: BodyEncoding | undefined }>,
): Promise<Answer> {
  try {
    if ('fault' in ask) throw ask.fault
    const gathered = new GatheredBody()
    const { encoding } = await run(ask.task, gathered)
    return { status: 200, body: gathered.bytes, encoding }
  } catch (error) {
    const { errorType, message, more } = describeFailure(error)
    const body = Buffer.from(JSON.stringify({ status: 'error', errorType, error: message, ...more }))
    return { status: STATUS_OF_ERROR[errorType], body, encoding: undefined }
  }
}

function send(response: ServerResponse, ask: number, { status, body, encoding }: Answer): void {
  if (response.destroyed) return
  const head = { ask, status, length: body.length, ...(encoding === undefined ? {} : { encoding }) }
  response.cork()
  response.write(`${JSON.stringify(head)}\n`)
  response.write(body)
  response.uncork()
}
