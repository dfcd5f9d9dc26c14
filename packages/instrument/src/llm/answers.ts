import type { Usage } from './prices.ts'

/** Reads what a vendor's answers say about themselves, whole or piece by piece. */
export interface AnswerReader {
  whole(answer: unknown): void
  /** @returns whether the piece carries a part of the answer */
  piece(piece: unknown): boolean
  usage(): Usage | undefined
  cost(): number | undefined
  finishReason(): string | undefined
}

interface OpenAiUsage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  readonly input_tokens?: number
  readonly output_tokens?: number
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null
  readonly input_tokens_details?: { readonly cached_tokens?: number } | null
  /** OpenRouter's. */
  readonly cost?: number
}
interface OpenAiAnswer {
  readonly usage?: OpenAiUsage | null
  readonly choices?: readonly { readonly finish_reason?: string | null; readonly delta?: { readonly content?: unknown; readonly tool_calls?: unknown } }[] // prettier-ignore
  readonly status?: string
  readonly type?: string
  readonly response?: OpenAiAnswer
}

/** Chat completions, responses and embeddings. Cached tokens are a part of the prompt's there. */
export function readOpenAiAnswer(): AnswerReader {
  let usage: OpenAiUsage | undefined
  let finish: string | undefined
  const read = (answer: OpenAiAnswer): void => {
    usage = answer.usage ?? usage
    finish =
      answer.choices?.[0]?.finish_reason ??
      (answer.choices === undefined ? answer.status : undefined) ??
      finish
  }
  return {
    whole: (answer) => read(answer as OpenAiAnswer),
    piece: (piece) => {
      const part = piece as OpenAiAnswer
      if (part.type !== undefined) {
        if (part.type === 'response.completed') read(part.response ?? {})
        return part.type.endsWith('.delta')
      }
      read(part)
      const delta = part.choices?.[0]?.delta
      return (delta?.content ?? '') !== '' || delta?.tool_calls !== undefined
    },
    usage: () => {
      if (usage === undefined) return undefined
      const input = usage.prompt_tokens ?? usage.input_tokens ?? 0
      const cacheRead = (usage.prompt_tokens_details ?? usage.input_tokens_details)?.cached_tokens ?? 0
      return {
        input: Math.max(0, input - cacheRead),
        output: usage.completion_tokens ?? usage.output_tokens ?? 0,
        cacheRead,
      }
    },
    cost: () => (typeof usage?.cost === 'number' ? usage.cost : undefined),
    finishReason: () => finish,
  }
}

interface AnthropicUsage {
  readonly input_tokens?: number | null
  readonly output_tokens?: number | null
  readonly cache_read_input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
}
interface AnthropicAnswer {
  readonly type?: string
  readonly usage?: AnthropicUsage
  readonly stop_reason?: string | null
  readonly message?: AnthropicAnswer
  readonly delta?: { readonly stop_reason?: string | null }
}

/** Messages. Cached tokens are counted beside the input's there. */
export function readAnthropicAnswer(): AnswerReader {
  let usage: AnthropicUsage | undefined
  let finish: string | undefined
  const read = ({ usage: given, stop_reason }: AnthropicAnswer): void => {
    // Later messages repeat what changed only.
    if (given !== undefined) usage = { ...usage, ...Object.fromEntries(Object.entries(given).filter(([, count]) => count !== null)) } // prettier-ignore
    finish = stop_reason ?? finish
  }
  return {
    whole: (answer) => read(answer as AnthropicAnswer),
    piece: (piece) => {
      const part = piece as AnthropicAnswer
      read(part)
      if (part.type === 'message_start' && part.message !== undefined) read(part.message)
      finish = part.delta?.stop_reason ?? finish
      return part.type === 'content_block_delta'
    },
    usage: () =>
      usage === undefined
        ? undefined
        : {
            input: usage.input_tokens ?? 0,
            output: usage.output_tokens ?? 0,
            cacheRead: usage.cache_read_input_tokens ?? 0,
            cacheWrite: usage.cache_creation_input_tokens ?? 0,
          },
    cost: () => undefined,
    finishReason: () => finish,
  }
}
