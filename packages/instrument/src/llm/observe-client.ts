import { errorTypeOf, type LlmMetrics, type LlmRequest, type LlmResult } from './llm-metrics.ts'
import { type AnswerReader, readAnthropicAnswer, readOpenAiAnswer } from './answers.ts'

/** Who is asked and who pays, when the client's calls do not say. */
export interface ObserveOptions {
  readonly provider?: string
  readonly team?: string
}

type Create = (this: unknown, body: { readonly model?: unknown }, ...rest: unknown[]) => unknown
interface Resource {
  create?: unknown
}

/** Observes `chat.completions`, `responses` and `embeddings` of a client of OpenAI's kind. @returns the same client */
export function observeOpenAi<T extends object>(
  metrics: LlmMetrics,
  client: T,
  options: ObserveOptions = {},
): T {
  const parts = client as { chat?: { completions?: Resource }; responses?: Resource; embeddings?: Resource }
  const provider = options.provider ?? 'openai'
  observe(metrics, parts.chat?.completions, {
    provider,
    operation: 'chat',
    options,
    reader: readOpenAiAnswer,
  })
  observe(metrics, parts.responses, { provider, operation: 'chat', options, reader: readOpenAiAnswer })
  observe(metrics, parts.embeddings, { provider, operation: 'embeddings', options, reader: readOpenAiAnswer })
  return client
}

/** Observes `messages.create` (and with it `messages.stream`) of a client of Anthropic's kind. @returns the same client */
export function observeAnthropic<T extends object>(
  metrics: LlmMetrics,
  client: T,
  options: ObserveOptions = {},
): T {
  const { messages } = client as { messages?: Resource }
  const provider = options.provider ?? 'anthropic'
  observe(metrics, messages, { provider, operation: 'chat', options, reader: readAnthropicAnswer })
  return client
}

interface Observation {
  readonly provider: string
  readonly operation: string
  readonly options: ObserveOptions
  readonly reader: () => AnswerReader
}

function observe(metrics: LlmMetrics, resource: Resource | undefined, observation: Observation): void {
  if (typeof resource?.create !== 'function') return
  const original = resource.create as Create
  const { provider, operation, options, reader } = observation
  resource.create = function (
    this: unknown,
    body: { readonly model?: unknown },
    ...rest: unknown[]
  ): unknown {
    const request: LlmRequest = {
      provider,
      operation,
      model: typeof body?.model === 'string' ? body.model : 'unknown',
      ...(options.team === undefined ? {} : { team: options.team }),
    }
    return watch(original.call(this ?? resource, body, ...rest), new Watch(metrics, request, reader()))
  }
}

/**
 * Hooks into the promise that the client gave. The vendors' promises parse the answer when they are asked for it:
 * `parse` is where both `await` and `withResponse()` pass. The promise itself goes on to the caller, with all its methods.
 */
function watch(promise: unknown, seen: Watch): unknown {
  const lazy = promise as { parse?: () => Promise<unknown> }
  if (typeof lazy?.parse === 'function') {
    const parse = lazy.parse.bind(lazy)
    let parsed: Promise<unknown> | undefined
    lazy.parse = () => (parsed ??= parse().then((answer) => seen.answer(answer), (error) => seen.fail(error)))
    return promise
  }
  if (promise instanceof Promise) return promise.then((answer) => seen.answer(answer), (error) => seen.fail(error))
  return promise
} // prettier-ignore

/** One call, from its start to the end of its answer or stream. */
class Watch {
  readonly #metrics: LlmMetrics
  readonly #request: LlmRequest
  readonly #reader: AnswerReader
  readonly #started = performance.now()
  #firstTokenSeconds: number | undefined
  #reported = false

  constructor(metrics: LlmMetrics, request: LlmRequest, reader: AnswerReader) {
    this.#metrics = metrics
    this.#request = request
    this.#reader = reader
  }

  answer<T>(answer: T): T {
    if (isStream(answer)) return this.#stream(answer) as T
    this.#reader.whole(answer)
    this.#report()
    return answer
  }

  fail(error: unknown): never {
    this.#report(errorTypeOf(error))
    throw error
  }

  /** The stream stays the vendor's object; only what iterates over it is looked at. */
  #stream(stream: AsyncIterable<unknown>): AsyncIterable<unknown> {
    const iterate = stream[Symbol.asyncIterator].bind(stream)
    const watched = this.#watched.bind(this)
    Object.defineProperty(stream, Symbol.asyncIterator, {
      configurable: true,
      value: () => watched(iterate()),
    })
    return stream
  }

  async *#watched(pieces: AsyncIterator<unknown>): AsyncGenerator<unknown> {
    let failure: string | undefined = 'aborted'
    try {
      for (;;) {
        const { done, value } = await pieces.next()
        if (done === true) break
        if (this.#reader.piece(value)) this.#firstTokenSeconds ??= this.#seconds()
        yield value
      }
      failure = undefined
    } catch (error) {
      failure = errorTypeOf(error)
      throw error
    } finally {
      // The caller may leave early: the vendor's stream has to hear of it.
      if (failure === 'aborted') await pieces.return?.()
      this.#report(this.#reader.finishReason() === undefined ? failure : undefined)
    }
  }

  #seconds(): number {
    return (performance.now() - this.#started) / 1000
  }

  #report(errorType?: string): void {
    if (this.#reported) return
    this.#reported = true
    const result: LlmResult = {
      ...this.#request,
      seconds: this.#seconds(),
      usage: this.#reader.usage(),
      cost: this.#reader.cost(),
      finishReason: this.#reader.finishReason(),
      firstTokenSeconds: this.#firstTokenSeconds,
      errorType,
    }
    this.#metrics.record(result)
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
