import type { MetricSet } from '../metric-set.ts'
import type { Tracer } from '../traces/tracer.ts'
import { costOf, LIST_PRICES, type PriceTable, type Usage } from './prices.ts'

/** Which model is asked, and for whom. */
export interface LlmRequest {
  /** `openai`, `anthropic`, `gemini`, … */
  readonly provider: string
  readonly model: string
  /** OpenTelemetry's `gen_ai.operation.name`; `chat` when not given. */
  readonly operation?: string
  /** Who pays: a label of the cost. */
  readonly team?: string
}

/** How one call went. */
export interface LlmResult extends LlmRequest {
  readonly seconds: number
  readonly usage?: Usage | undefined
  /** What the vendor says that it costs, in dollars: wins over the price table. */
  readonly cost?: number | undefined
  readonly finishReason?: string | undefined
  readonly firstTokenSeconds?: number | undefined
  /** Kind of failure, such as `rate_limit` or `timeout`; undefined for success. */
  readonly errorType?: string | undefined
}

/** A call that is on its way. */
export interface LlmCall {
  usage(usage: Usage): void
  cost(dollars: number): void
  finishReason(reason: string): void
  /** The first piece of a streamed answer is here; later calls do nothing. */
  firstToken(): void
}

/** A budget: its use is a matter of rules, see `content/rules/cost.yml`. */
export interface Budget {
  readonly scope: 'all' | 'model' | 'team'
  /** The model or team; `''` for all. */
  readonly name: string
  readonly period: 'daily' | 'monthly'
  readonly dollars: number
}

/** Metrics of calls to language models: under the documents' names and under OpenTelemetry's. */
export class LlmMetrics {
  readonly #metrics: MetricSet
  readonly #prices: PriceTable
  readonly #tracer: Tracer | undefined

  constructor(metrics: MetricSet, prices: PriceTable = LIST_PRICES, tracer?: Tracer) {
    this.#metrics = metrics
    this.#prices = prices
    this.#tracer = tracer
  }

  /** Runs a call and reports it: `trackLLM({provider, model}, async (call) => …)`. */
  async track<T>(request: LlmRequest, run: (call: LlmCall) => Promise<T> | T): Promise<T> {
    const started = performance.now()
    const elapsed = (): number => (performance.now() - started) / 1000
    const noted: { -readonly [K in keyof LlmResult]?: LlmResult[K] } = {}
    const call: LlmCall = {
      usage: (usage) => (noted.usage = usage),
      cost: (dollars) => (noted.cost = dollars),
      finishReason: (reason) => (noted.finishReason = reason),
      firstToken: () => (noted.firstTokenSeconds ??= elapsed()),
    }
    const inside = async (): Promise<T> => run(call)
    const attributes = { 'gen_ai.provider.name': request.provider, 'gen_ai.request.model': request.model }
    try {
      const name = `${request.operation ?? 'chat'} ${request.model}`
      const result = await (this.#tracer?.span(name, inside, { kind: 'client', attributes }) ?? inside())
      this.record({ ...request, ...noted, seconds: elapsed() })
      return result
    } catch (error) {
      this.record({ ...request, ...noted, seconds: elapsed(), errorType: errorTypeOf(error) })
      throw error
    }
  }

  /** Reports a call that is over. */
  record(result: LlmResult): void {
    const { provider, model, seconds, errorType } = result
    const status = errorType === undefined ? 'success' : 'error'
    this.#metrics.inc('ai_requests_total', { model, provider, status })
    this.#metrics.inc('llm_requests_total', { provider, model, status })
    this.#metrics.observe('ai_request_duration_seconds', { model, provider }, seconds)
    this.#metrics.observe('llm_request_duration_seconds', { provider, model }, seconds)
    this.#metrics.observe('gen_ai_client_operation_duration_seconds', { ...genAi(result), error_type: errorType ?? '' }, seconds) // prettier-ignore
    if (errorType !== undefined)
      this.#metrics.inc('llm_errors_total', { provider, model, error_type: errorType })
    if (result.finishReason !== undefined)
      this.#metrics.inc('llm_finish_reasons_total', { provider, model, finish_reason: result.finishReason })
    if (result.firstTokenSeconds !== undefined)
      this.#metrics.observe('llm_time_to_first_token_seconds', { provider, model }, result.firstTokenSeconds)
    if (result.usage !== undefined) this.#tokens(result, result.usage)
    this.#cost(result)
  }

  /** A provider failed and another one took over. */
  fallback(from: string, to: string): void {
    this.#metrics.inc('llm_fallbacks_total', { from_provider: from, to_provider: to })
  }

  /** Tries one provider after the other until one answers. @throws what the last one threw */
  async withFallback<T>(
    choices: readonly { readonly provider: string; readonly run: () => Promise<T> }[],
  ): Promise<T> {
    let failure: unknown = new Error('withFallback needs at least one choice')
    for (const [i, { provider, run }] of choices.entries()) {
      if (i > 0) this.fallback(choices[i - 1]!.provider, provider)
      try {
        return await run()
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  budget({ scope, name, period, dollars }: Budget): void {
    this.#metrics.set('llm_budget_dollars', { scope, name, period }, dollars)
  }

  #tokens(result: LlmResult, usage: Usage): void {
    const { provider, model } = result
    const { input, output, cacheRead = 0, cacheWrite = 0 } = usage
    const counts = { input, output, cache_read: cacheRead, cache_write: cacheWrite }
    for (const [token_type, count] of Object.entries(counts)) {
      if (count === 0) continue
      this.#metrics.inc('ai_tokens_used_total', { model, provider, token_type }, count)
      this.#metrics.inc('api_tokens_total', { model, token_type }, count)
    }
    const all = { input: input + cacheRead + cacheWrite, output }
    for (const [gen_ai_token_type, count] of Object.entries(all))
      this.#metrics.observe('gen_ai_client_token_usage', { ...genAi(result), gen_ai_token_type }, count)
  }

  /** An unknown price is not a price of 0: the tokens are shown as unpriced. */
  #cost({ provider, model, team = '', usage, cost }: LlmResult): void {
    const dollars = cost ?? (usage === undefined ? undefined : costOf(model, usage, this.#prices))
    if (dollars !== undefined) {
      this.#metrics.inc('api_cost_dollars_total', { model, provider, team }, Math.max(0, dollars))
      return
    }
    if (usage === undefined) return
    const { input, output, cacheRead = 0, cacheWrite = 0 } = usage
    this.#metrics.inc('llm_unpriced_tokens_total', { provider, model, token_type: 'input' }, input + cacheRead + cacheWrite) // prettier-ignore
    this.#metrics.inc('llm_unpriced_tokens_total', { provider, model, token_type: 'output' }, output)
  }
}

function genAi({ operation = 'chat', provider, model }: LlmRequest) {
  return { gen_ai_operation_name: operation, gen_ai_provider_name: provider, gen_ai_request_model: model }
}

/** A short word with few values for what went wrong. */
export function errorTypeOf(error: unknown): string {
  const { status, name = '', code } = error as { status?: unknown; name?: string; code?: unknown }
  if (status === 429) return 'rate_limit'
  if (status === 401 || status === 403) return 'auth'
  if (typeof status === 'number') return status >= 500 ? 'server_error' : 'bad_request'
  if (/timeout/i.test(name) || code === 'ETIMEDOUT') return 'timeout'
  if (/abort/i.test(name)) return 'aborted'
  if (/connection/i.test(name) || typeof code === 'string') return 'connection'
  return 'error'
}
