import { randomBytes } from 'node:crypto'
import { currentContext, type RequestContext, runWith } from '../context.ts'

export type AttributeValue = string | number | boolean
export type Attributes = Readonly<Record<string, AttributeValue>>

export interface TracerOptions {
  /** OTLP/HTTP endpoint, such as `http://localhost:4318/v1/traces`. */
  readonly url: string
  readonly service: string
  readonly headers?: Readonly<Record<string, string>>
  /** How often finished spans are sent; 2 s when not given. */
  readonly intervalMs?: number
}

export interface SpanOptions {
  readonly kind?: 'internal' | 'server' | 'client'
  readonly attributes?: Attributes
}

const KINDS = { internal: 1, server: 2, client: 3 } as const
/** Spans that wait to be sent; more are dropped and counted. */
const WAITING_MAX = 2048
const SEND_TIMEOUT_MS = 5000

/** A span that is open. */
export class Span {
  readonly context: RequestContext
  readonly #tracer: Tracer
  readonly #parentId: string
  readonly #kind: number
  readonly #startedNs: bigint
  #name: string
  #attributes: Attributes
  #ended = false

  constructor(tracer: Tracer, name: string, { kind = 'internal', attributes = {} }: SpanOptions) {
    const parent = currentContext()
    this.#tracer = tracer
    this.#name = name
    this.#kind = KINDS[kind]
    this.#attributes = attributes
    this.#parentId = parent?.spanId ?? ''
    this.#startedNs = nowNs()
    const spanId = randomBytes(8).toString('hex')
    const traceId = parent?.traceId ?? randomBytes(16).toString('hex')
    this.context = {
      traceId,
      spanId,
      sampled: parent?.sampled ?? true,
      correlationId: parent?.correlationId ?? traceId,
    }
  }

  run<T>(inside: () => T): T {
    return runWith(this.context, inside)
  }

  rename(name: string): void {
    this.#name = name
  }

  /** Ends the span; a second call does nothing. @param error  text of what went wrong */
  end(attributes: Attributes = {}, error?: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#attributes = { ...this.#attributes, ...attributes }
    if (!this.context.sampled) return
    this.#tracer.finish({
      traceId: this.context.traceId,
      spanId: this.context.spanId,
      parentSpanId: this.#parentId,
      name: this.#name,
      kind: this.#kind,
      startTimeUnixNano: String(this.#startedNs),
      endTimeUnixNano: String(nowNs()),
      attributes: attributeList(this.#attributes),
      status: error === undefined ? { code: 1 } : { code: 2, message: error },
    })
  }
}

/** Makes spans and sends them as OTLP over HTTP in JSON. A collector that is away costs spans, never requests. */
export class Tracer {
  readonly #options: TracerOptions
  readonly #timer: ReturnType<typeof setInterval>
  #waiting: object[] = []
  /** Spans that could not be sent. */
  dropped = 0

  constructor(options: TracerOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.flush(), options.intervalMs ?? 2000)
    this.#timer.unref()
  }

  start(name: string, options: SpanOptions = {}): Span {
    return new Span(this, name, options)
  }

  /** Runs `inside` under a span, which ends with it. */
  async span<T>(name: string, inside: (span: Span) => Promise<T> | T, options: SpanOptions = {}): Promise<T> {
    const span = this.start(name, options)
    try {
      const result = await span.run(() => inside(span))
      span.end()
      return result
    } catch (error) {
      span.end({}, error instanceof Error ? error.message : String(error))
      throw error
    }
  }

  finish(span: object): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(span)
    else this.dropped++
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    const spans = this.#waiting
    if (spans.length === 0) return
    this.#waiting = []
    const { url, service, headers } = this.#options
    const body = {
      resourceSpans: [
        {
          resource: { attributes: attributeList({ 'service.name': service }) },
          scopeSpans: [{ scope: { name: '@promontory/instrument' }, spans }],
        },
      ],
    }
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
      })
      await response.body?.cancel()
      if (!response.ok) this.dropped += spans.length
    } catch {
      this.dropped += spans.length
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }
}

function nowNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

function attributeList(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: String(value) }
            : { doubleValue: value },
  }))
}
