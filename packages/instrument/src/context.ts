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
  const text = (name: string): string => {
    const value = headers[name]
    return typeof value === 'string' ? value : (value?.[0] ?? '')
  }
  const parent = TRACEPARENT.exec(text('traceparent'))
  const isParent = parent !== null && !/^0+$/.test(parent[1]!) && !/^0+$/.test(parent[2]!)
  const given = text('x-correlation-id') || text('x-request-id')
  const context: RequestContext = {
    correlationId: CORRELATION_ID.test(given) ? given : randomUUID(),
    traceId: isParent ? parent[1]! : randomBytes(16).toString('hex'),
    spanId: isParent ? parent[2]! : randomBytes(8).toString('hex'),
    sampled: isParent ? (Number.parseInt(parent[3]!, 16) & 1) === 1 : true,
  }
  return { ...context, run: (inside) => storage.run(context, inside) }
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
