/** A request that got no usable answer. The text is Go's where operators know it by heart. */
export class HttpRequestError extends Error {
  override readonly name: string = 'HttpRequestError'
  /** First bytes that came from a peer which does not speak HTTP; undefined when nothing came, or HTTP did. */
  readonly foreignBytes: string | undefined
  /** The peer took the connection and closed it without a byte. */
  readonly closedSilently: boolean

  constructor(
    message: string,
    details: { cause?: unknown; foreignBytes?: string | undefined; closedSilently?: boolean } = {},
  ) {
    super(message, { cause: details.cause })
    this.foreignBytes = details.foreignBytes
    this.closedSilently = details.closedSilently ?? false
  }
}

/** The body, decompressed, is larger than the caller takes. */
export class BodyTooLargeError extends HttpRequestError {
  override readonly name = 'BodyTooLargeError'
  readonly limitBytes: number

  constructor(limitBytes: number) {
    super(`body size limit exceeded (limit: ${limitBytes} bytes)`)
    this.limitBytes = limitBytes
  }
}

interface NodeError extends Error {
  readonly code?: string
  readonly syscall?: string
  readonly address?: string
  readonly hostname?: string
  readonly port?: number
  readonly data?: unknown
}

/** Turns what undici and Node throw into Go's wording: `Get "http://…": dial tcp 127.0.0.1:1: connect: connection refused`. */
export function requestError(method: string, url: string, thrown: unknown): HttpRequestError {
  if (thrown instanceof HttpRequestError) return thrown
  const error = firstCause(thrown)
  const verb = method.charAt(0) + method.slice(1).toLowerCase()
  const foreignBytes = typeof error.data === 'string' ? error.data : undefined
  const closedSilently = error.message === 'other side closed' || error.code === 'ECONNRESET'
  return new HttpRequestError(`${verb} "${url}": ${reason(error)}`, {
    cause: thrown,
    foreignBytes,
    closedSilently,
  })
}

/** Happy-eyeballs failures come as an AggregateError: the last attempt speaks for all. */
function firstCause(thrown: unknown): NodeError {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return thrown.errors.at(-1) as NodeError
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

function reason(error: NodeError): string {
  const { code = '', message } = error
  const where = error.address === undefined ? 'tcp' : `tcp ${hostPort(error.address, error.port)}`
  if (error.name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'context deadline exceeded'
  if (error.name === 'AbortError') return 'context canceled'
  if (code === 'ECONNREFUSED') return `dial ${where}: connect: connection refused`
  if (code === 'EHOSTUNREACH') return `dial ${where}: connect: no route to host`
  if (code === 'ENETUNREACH') return `dial ${where}: connect: network is unreachable`
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${error.hostname ?? ''}: no such host`
  if (code === 'EAI_AGAIN')
    return `dial tcp: lookup ${error.hostname ?? ''}: temporary failure in name resolution`
  if (code === 'ECONNRESET') return 'read: connection reset by peer'
  if (message === 'other side closed') return 'EOF'
  if (code.startsWith('HPE_'))
    return `malformed HTTP response ${JSON.stringify(String(error.data ?? '').slice(0, 100))}`
  if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/.test(code)) return `tls: failed to verify certificate: ${message}`
  if (code === 'EPROTO' && message.includes('wrong version number'))
    return 'http: server gave HTTP response to HTTPS client'
  return message === '' ? code : message
}

function hostPort(address: string, port: number | undefined): string {
  const host = address.includes(':') ? `[${address}]` : address
  return port === undefined ? host : `${host}:${port}`
}
