import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes, randomUUID } from 'node:crypto'

/** What follows a request through its asynchronous calls. */
export interface RequestContext {
  readonly correlationId: string
  /** 32 hex digits, as in W3C's `traceparent`. */
  readonly traceId: string
  /** 16 hex digits: the span that calls. */
  readonly spanId: string
  readonly sampled: boolean
}

const storage = new AsyncLocalStorage<RequestContext>()
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/
/** Ids of others are taken when they are short and plain. */
const CORRELATION_ID = /^[\w.:@/-]{1,128}$/

export function currentContext(): RequestContext | undefined {
  return storage.getStore()
}

/** Runs `inside` under a context; what it calls, also later, sees it. */
export function runWith<T>(context: RequestContext, inside: () => T): T {
  return storage.run(context, inside)
}

/** A context that was read from headers, or a new one. */
export interface Correlation extends RequestContext {
  run<T>(inside: () => T): T
}

/** Reads `traceparent` and `x-correlation-id` (or `x-request-id`); what is missing or malformed is made anew. */
export function correlate(
  headers: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): Correlation {
  return new RequestCorrelation(textOf(headers['traceparent']), textOf(headers['x-correlation-id']) || textOf(headers['x-request-id'])) // prettier-ignore
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.[0] ?? '')
}

/** Ids are made when somebody asks: most requests write no line and call nobody, and random bytes cost microseconds. */
class RequestCorrelation implements Correlation {
  readonly correlationId: string
  readonly sampled: boolean
  #traceId: string | undefined
  #spanId: string | undefined

  constructor(traceparent: string, given: string) {
    this.correlationId = given !== '' && CORRELATION_ID.test(given) ? given : randomUUID()
    const parent = traceparent === '' ? null : TRACEPARENT.exec(traceparent)
    const isParent = parent !== null && !/^0+$/.test(parent[1]!) && !/^0+$/.test(parent[2]!)
    this.sampled = isParent ? (Number.parseInt(parent[3]!, 16) & 1) === 1 : true
    if (!isParent) return
    this.#traceId = parent[1]!
    this.#spanId = parent[2]!
  }

  get traceId(): string {
    return (this.#traceId ??= randomBytes(16).toString('hex'))
  }
  get spanId(): string {
    return (this.#spanId ??= randomBytes(8).toString('hex'))
  }

  run<T>(inside: () => T): T {
    return storage.run(this, inside)
  }
}

/** Headers for calls to other services: they carry the context on. */
export function outgoingHeaders(): Record<string, string> {
  const context = storage.getStore()
  if (context === undefined) return {}
  const { traceId, spanId, sampled, correlationId } = context
  return {
    traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`,
    'x-correlation-id': correlationId,
  }
}
