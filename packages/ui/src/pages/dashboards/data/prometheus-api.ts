import { routePrefix } from '../../../data/prefix.ts'
import { askInBatch } from './query-batch.ts'

export interface PrometheusReply<T> {
  readonly data: T
  readonly warnings: readonly string[]
}

/** Questions under way, so that panels that ask the same get one answer. */
const underWay = new Map<string, { readonly reply: Promise<PrometheusReply<unknown>>; waiting: number; abort: AbortController }>() // prettier-ignore

/** Our own API, which takes several questions in one request. */
const OWN_PATH = 'api/v1/'
const BATCHED: ReadonlySet<string> = new Set(['query', 'query_range'])

/** Longer questions are sent as a form. */
const URL_LENGTH_MAX = 4000

/** Asks a Prometheus API; equal questions at the same time are one. The request ends when nobody waits for it. */
export async function askPrometheus<T>(
  path: string,
  endpoint: string,
  parameters: Readonly<Record<string, string>> | URLSearchParams,
  signal: AbortSignal,
  { isGetOnly = false }: { readonly isGetOnly?: boolean } = {},
): Promise<PrometheusReply<T>> {
  signal.throwIfAborted()
  const form = new URLSearchParams(parameters)
  const key = `${path}${endpoint}?${form}`
  let entry = underWay.get(key)
  if (entry === undefined) {
    const abort = new AbortController()
    const alone = (): Promise<PrometheusReply<unknown>> =>
      send(`${routePrefix()}/${path}${endpoint}`, form, abort.signal, isGetOnly)
    const answered =
      path === OWN_PATH && BATCHED.has(endpoint)
        ? askInBatch(`${endpoint}?${form}`, abort.signal).then((answer) =>
            answer === undefined ? alone() : replyOf(answer.text, answer.status),
          )
        : alone()
    const reply = answered.finally(() => underWay.delete(key))
    entry = { reply, waiting: 0, abort }
    underWay.set(key, entry)
  }
  const shared = entry
  shared.waiting++
  const leave = (): void => {
    shared.waiting--
    if (shared.waiting > 0) return
    underWay.delete(key)
    shared.abort.abort()
  }
  signal.addEventListener('abort', leave, { once: true })
  try {
    return (await shared.reply) as PrometheusReply<T>
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

async function send(
  url: string,
  form: URLSearchParams,
  signal: AbortSignal,
  isGetOnly: boolean,
): Promise<PrometheusReply<unknown>> {
  const text = String(form)
  let response: Response
  try {
    response = await (isGetOnly || text.length < URL_LENGTH_MAX
      ? fetch(`${url}?${text}`, { signal, credentials: 'same-origin' })
      : fetch(url, { method: 'POST', body: form, signal, credentials: 'same-origin' }))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Error('The data source does not answer.', { cause: error })
  }
  return replyOf(await response.text(), `${response.status} ${response.statusText}`)
}

/** Reads the envelope of an answer. @throws QueryError with what it says, or with its status when it is none */
function replyOf(body: string, status: string): PrometheusReply<unknown> {
  try {
    const envelope = JSON.parse(body) as {
      readonly status: string
      readonly data: unknown
      readonly error?: string
      readonly message?: string
      readonly warnings?: readonly string[]
    }
    if (envelope.status !== 'success') throw new QueryError(envelope.error ?? envelope.message ?? status)
    return { data: envelope.data, warnings: envelope.warnings ?? [] }
  } catch (error) {
    if (error instanceof QueryError) throw error
    throw new QueryError(`${status}: ${body.slice(0, 200)}`, { cause: error })
  }
}

/** A data source's answer that is an error; the message is the source's own. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
}
