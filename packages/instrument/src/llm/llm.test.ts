import { createServer } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, expect, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { costOf, LIST_PRICES, priceOf } from './prices.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A vendor that answers every request with one text, as JSON or as events. */
async function vendor(body: string, { events = false, status = 200 } = {}): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response
      .writeHead(status, { 'content-type': events ? 'text/event-stream' : 'application/json' })
      .end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.push(() => (server.closeAllConnections(), server.close()))
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

const newKit = () => {
  const kit = instrument({ service: 'test' })
  closers.push(() => kit.close())
  return kit
}
const events = (...all: object[]): string =>
  all
    .map(
      (event) =>
        `${'type' in event ? `event: ${String(event.type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
    )
    .join('')
const question = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'hi' }] }

test("OpenAI's client: tokens, cost with cached input, finish reason", async () => {
  const kit = newKit()
  const usage = {
    prompt_tokens: 1_000_000,
    completion_tokens: 100_000,
    prompt_tokens_details: { cached_tokens: 400_000 },
  }
  const baseURL = await vendor(
    JSON.stringify({
      id: 'x',
      choices: [{ index: 0, message: { content: 'ho' }, finish_reason: 'stop' }],
      usage,
    }),
  )
  const client = kit.openai(new OpenAI({ apiKey: 'x', baseURL }), { team: 'search' })
  const { data } = await client.chat.completions.create(question).withResponse()
  expect(data.choices[0]?.message.content).toBe('ho')
  const text = await kit.registry.metrics()
  expect(text).toContain('llm_requests_total{provider="openai",model="gpt-4o",status="success"} 1')
  expect(text).toContain('ai_tokens_used_total{model="gpt-4o",provider="openai",token_type="input"} 600000')
  expect(text).toContain('api_tokens_total{model="gpt-4o",token_type="cache_read"} 400000')
  // 0.6 M × 2.50 + 0.4 M × 1.25 + 0.1 M × 10
  expect(text).toContain('api_cost_dollars_total{model="gpt-4o",provider="openai",team="search"} 3')
  expect(text).toContain('llm_finish_reasons_total{provider="openai",model="gpt-4o",finish_reason="stop"} 1')
  expect(text).toContain(
    'gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_token_type="input"} 1000000',
  )
})

test("OpenAI's client, streaming: time to first token, usage of the last piece", async () => {
  const kit = newKit()
  const piece = (delta: object, finish_reason: string | null, more = {}): object => ({
    id: 'x',
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  })
  const body = `${events(piece({ content: 'ho' }, null), piece({}, 'length'), { id: 'x', choices: [], usage: { prompt_tokens: 5, completion_tokens: 7 } })}data: [DONE]\n\n`
  const client = kit.openai(new OpenAI({ apiKey: 'x', baseURL: await vendor(body, { events: true }) }))
  let text = ''
  for await (const chunk of await client.chat.completions.create({ ...question, stream: true }))
    text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('ho')
  const metrics = await kit.registry.metrics()
  expect(metrics).toContain('llm_time_to_first_token_seconds_count{provider="openai",model="gpt-4o"} 1')
  expect(metrics).toContain('api_tokens_total{model="gpt-4o",token_type="output"} 7')
  expect(metrics).toContain('finish_reason="length"} 1')
})

test("OpenAI's client: failures by kind", async () => {
  const kit = newKit()
  const baseURL = await vendor('{"error":{"message":"slow down"}}', { status: 429 })
  const client = kit.openai(new OpenAI({ apiKey: 'x', baseURL, maxRetries: 0 }))
  await expect(client.chat.completions.create(question)).rejects.toThrow('slow down')
  const text = await kit.registry.metrics()
  expect(text).toContain('llm_requests_total{provider="openai",model="gpt-4o",status="error"} 1')
  expect(text).toContain('llm_errors_total{provider="openai",model="gpt-4o",error_type="rate_limit"} 1')
})

test("Anthropic's client: whole answers and messages.stream()", async () => {
  const kit = newKit()
  const ask = {
    model: 'claude-sonnet-4-5',
    max_tokens: 10,
    messages: [{ role: 'user' as const, content: 'hi' }],
  }
  const whole = {
    id: 'x',
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text: 'ho' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 10, output_tokens: 4, cache_read_input_tokens: 6 },
  }
  const client = kit.anthropic(new Anthropic({ apiKey: 'x', baseURL: await vendor(JSON.stringify(whole)) }))
  await client.messages.create(ask)
  const body = events(
    {
      type: 'message_start',
      message: { ...whole, content: [], stop_reason: null, usage: { input_tokens: 3, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ho' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'max_tokens', stop_sequence: null },
      usage: { output_tokens: 9 },
    },
    { type: 'message_stop' },
  )
  const streaming = kit.anthropic(
    new Anthropic({ apiKey: 'x', baseURL: await vendor(body, { events: true }) }),
  )
  expect(await streaming.messages.stream(ask).finalText()).toBe('ho')
  const text = await kit.registry.metrics()
  expect(text).toContain(
    'llm_requests_total{provider="anthropic",model="claude-sonnet-4-5",status="success"} 2',
  )
  expect(text).toContain('api_tokens_total{model="claude-sonnet-4-5",token_type="output"} 13')
  expect(text).toContain('api_tokens_total{model="claude-sonnet-4-5",token_type="cache_read"} 6')
  expect(text).toContain('finish_reason="max_tokens"} 1')
})

test('trackLLM: the vendor’s cost wins; unknown models are shown, not counted as 0', async () => {
  const kit = newKit()
  await kit.trackLLM({ provider: 'openrouter', model: 'gpt-4o' }, (call) => {
    call.usage({ input: 1_000_000, output: 0 })
    call.cost(0.5)
  })
  await kit.trackLLM({ provider: 'local', model: 'llama' }, (call) => call.usage({ input: 10, output: 20 }))
  const text = await kit.registry.metrics()
  expect(text).toContain('api_cost_dollars_total{model="gpt-4o",provider="openrouter",team=""} 0.5')
  expect(text).toContain('llm_unpriced_tokens_total{provider="local",model="llama",token_type="output"} 20')
  expect(text).not.toMatch(/api_cost_dollars_total\{model="llama"/)
})

test('a fallback is counted, and the last failure comes out', async () => {
  const kit = newKit()
  const fail = (): Promise<string> => Promise.reject(new Error('down'))
  const choices = [
    { provider: 'a', run: fail },
    { provider: 'b', run: () => Promise.resolve('yes') },
  ]
  expect(await kit.llm.withFallback(choices)).toBe('yes')
  expect(await kit.registry.metrics()).toContain('llm_fallbacks_total{from_provider="a",to_provider="b"} 1')
  await expect(kit.llm.withFallback([{ provider: 'a', run: fail }])).rejects.toThrow('down')
})

test.each([
  ['gpt-4o', 2.5],
  ['gpt-4o-2024-08-06', 2.5],
  ['gpt-4o-mini', 0.15],
  ['gpt-4o-audio-preview', undefined],
  ['claude-sonnet-4-20250514', 3],
  ['claude-opus-4-5', 5],
  ['unheard-of', undefined],
])('the input price of %s is %s', (model, price) => {
  expect(priceOf(model, LIST_PRICES)?.input).toBe(price)
})

test('cached input costs less', () => {
  expect(
    costOf(
      'claude-sonnet-4',
      { input: 0, output: 0, cacheRead: 1_000_000, cacheWrite: 1_000_000 },
      LIST_PRICES,
    ),
  ).toBeCloseTo(4.05)
})
