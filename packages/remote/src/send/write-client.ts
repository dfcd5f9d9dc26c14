import { errorText } from '@promontory/base'
import type { Secret } from '@promontory/base/yaml'
import { type AwsCredentials, HttpClient, type HttpClientConfig, signAws } from '@promontory/http-client'
import { compressSnappyAside } from '@promontory/wire'

/** Where a queue sends to: the part of a `remote_write` entry that concerns the connection. */
export interface WriteTarget extends HttpClientConfig {
  readonly url: string
  readonly remote_timeout: number
  readonly headers: Readonly<Record<string, string>>
  readonly protobuf_message: string
  readonly sigv4: { readonly region: string; readonly access_key: string; readonly secret_key: Secret; readonly service_name: string } | undefined // prettier-ignore
}

/** What became of a request. `retryAfterMs`: what the receiver asked for. */
export type SendOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'retry'; readonly reason: string; readonly isLimit: boolean; readonly retryAfterMs: number | undefined } // prettier-ignore
  | { readonly kind: 'refused'; readonly reason: string }

const VERSION_2 = 'io.prometheus.write.v2.Request'
/** Of an error's body so much is kept for the log. */
const ERROR_BYTES_MAX = 512

/** Posts requests of remote write. */
export class WriteClient {
  readonly #target: WriteTarget
  readonly #http: HttpClient
  readonly #environment: Readonly<Record<string, string | undefined>>

  constructor(
    target: WriteTarget,
    userAgent: string,
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#target = target
    this.#environment = environment
    this.#http = new HttpClient(target, { userAgent })
  }

  get isVersion2(): boolean {
    return this.#target.protobuf_message === VERSION_2
  }

  /** Sends one message. @param sent  told the bytes that go over the wire; never rejects */
  async send(
    message: Buffer,
    attempt: number,
    signal: AbortSignal,
    sent: (bytes: number) => void,
  ): Promise<SendOutcome> {
    const { url, remote_timeout: timeoutMs } = this.#target
    // Not `AbortSignal.any` with a timeout: a collection may take the two before they fire.
    const deadline = new AbortController()
    const stop = (): void => deadline.abort(signal.reason)
    const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    signal.addEventListener('abort', stop)
    try {
      const body = await compressSnappyAside(message)
      const response = await this.#http.request({
        url,
        method: 'POST',
        headers: this.#headers(body, attempt),
        body,
        signal: deadline.signal,
      })
      sent(body.length)
      const text = Buffer.from(response.bytes.subarray(0, Math.min(response.length, ERROR_BYTES_MAX)))
        .toString('utf8')
        .trim()
      return judge(
        response.status,
        `server returned HTTP status ${response.statusText}: ${text}`,
        response.headers,
      )
    } catch (error) {
      return { kind: 'retry', reason: errorText(error), isLimit: false, retryAfterMs: undefined }
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }

  close(): void {
    this.#http.close()
  }

  #headers(body: Buffer, attempt: number): Record<string, string> {
    const { headers: own, sigv4, url } = this.#target
    const headers: Record<string, string> = {
      ...own,
      'content-encoding': 'snappy',
      'content-type': this.isVersion2
        ? `application/x-protobuf;proto=${VERSION_2}`
        : 'application/x-protobuf',
      'x-prometheus-remote-write-version': this.isVersion2 ? '2.0.0' : '0.1.0',
      ...(attempt === 0 ? {} : { 'retry-attempt': String(attempt) }),
    }
    if (sigv4 === undefined) return headers
    const region = sigv4.region || (this.#environment['AWS_REGION'] ?? '')
    const credentials = awsCredentials(sigv4.access_key, sigv4.secret_key.reveal(), this.#environment)
    const request = { method: 'POST', url, headers, body }
    return { ...headers, ...signAws(request, credentials, region, sigv4.service_name || 'aps', Date.now()) }
  }
}

/** Keys of the configuration, or of the environment as AWS's own tools read it. */
function awsCredentials(
  accessKey: string,
  secretKey: string,
  environment: Readonly<Record<string, string | undefined>>,
): AwsCredentials {
  if (accessKey !== '') return { accessKey, secretKey }
  const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment
  if (key === undefined || secret === undefined)
    throw new Error(
      'sigv4: neither access_key and secret_key nor AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set',
    )
  return { accessKey: key, secretKey: secret, ...(token === undefined ? {} : { sessionToken: token }) }
}

function judge(status: number, reason: string, headers: Readonly<Record<string, string>>): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' }
  if (status >= 500 || status === 429)
    return {
      kind: 'retry',
      reason,
      isLimit: status === 429,
      retryAfterMs: retryAfter(headers['retry-after']),
    }
  return { kind: 'refused', reason }
}

/** Seconds, or a date. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}
