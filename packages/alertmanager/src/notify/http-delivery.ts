import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import type { Secret } from '@promontory/base/yaml'
import { DEFAULT_HTTP_CLIENT, HttpClient, type HttpClientConfig } from '@promontory/http-client'
import type { Delivery, FailureReason } from './integration.ts'
import { NotifyError } from './integration.ts'

/** Of an answer, what is read: error texts are short. */
const ANSWER_BYTES_MAX = 64 * 1024
/** Of an error answer, what is shown. */
const SHOWN_LENGTH_MAX = 512

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Sends requests of one integration. */
export class HttpDelivery {
  readonly #client: HttpClient

  constructor(config: HttpClientConfig | undefined, userAgent: string) {
    this.#client = new HttpClient(config ?? DEFAULT_HTTP_CLIENT, { userAgent })
  }

  postJson(url: string, body: unknown, delivery: Delivery, options: RequestOptions = {}): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json', ...options.headers }
    return this.send(url, `${goJsonText(body)}\n`, delivery, { ...options, headers })
  }

  /** Rejects with NotifyError for anything but 2xx. */
  async send(url: string, body: string, delivery: Delivery, options: RequestOptions = {}): Promise<Answer> {
    const { method = 'POST', headers = {}, timeoutMs = 0 } = options
    const signal =
      timeoutMs > 0 ? AbortSignal.any([delivery.signal, AbortSignal.timeout(timeoutMs)]) : delivery.signal
    if (delivery.preview !== undefined) {
      delivery.preview({ to: `${method} ${originOf(url)}`, contentType: headers['Content-Type'] ?? '', body })
      return { status: 200, contentType: 'text/plain', body: 'ok' }
    }
    let answer: Answer
    try {
      const response = await this.#client.request({
        url,
        method,
        headers,
        body,
        signal,
        bodyBytesMax: ANSWER_BYTES_MAX,
      })
      answer = {
        status: response.status,
        contentType: response.headers['content-type'] ?? '',
        body: new TextDecoder().decode(response.bytes.subarray(0, response.length)),
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      // Addresses are secrets here.
      throw new NotifyError(text.replaceAll(url, '<redacted>'), {
        retry: true,
        reason: abortReason(signal),
        cause: error,
      })
    }
    checkStatus(answer)
    return answer
  }

  close(): Promise<void> {
    return Promise.resolve(this.#client.close())
  }
}

export interface RequestOptions {
  readonly method?: 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** Where a URL leads, without the path: that often holds the secret. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url
}

function abortReason(signal: AbortSignal): FailureReason {
  if (!signal.aborted) return 'other'
  const { reason } = signal as { reason: unknown }
  return reason instanceof Error && reason.name === 'TimeoutError'
    ? 'contextDeadlineExceeded'
    : 'contextCanceled'
}

/** 2xx is success; 5xx and 429 are worth another try. */
function checkStatus({ status, body }: Answer): void {
  if (status >= 200 && status < 300) return
  const shown = body.trim().slice(0, SHOWN_LENGTH_MAX)
  throw new NotifyError(`unexpected status code ${status}${shown === '' ? '' : `: ${shown}`}`, {
    retry: status >= 500 || status === 429,
    reason: reasonOfStatus(status),
  })
}

function reasonOfStatus(status: number): FailureReason {
  if (status === 429) return 'rateLimited'
  if (status === 401 || status === 403) return 'authError'
  return status >= 500 ? 'serverError' : 'clientError'
}

/** JSON as Go's encoder writes it: `<`, `>`, `&` and line separators escaped. */
export function goJsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A secret given inline or by a file that is read each time. */
export async function revealSecret(secret: Secret | undefined, file: string, what: string): Promise<string> {
  if (secret !== undefined && !secret.isEmpty) return secret.reveal()
  if (file === '') return ''
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new NotifyError(`failed to read ${what} from file: ${(error as Error).message}`, {
      retry: false,
      cause: error,
    })
  }
}

/** Upstream's key for services that deduplicate: SHA-256 of the group key. */
export function groupKeyHash(groupKey: string): string {
  return createHash('sha256').update(groupKey).digest('hex')
}

/** Cuts to `max` code points; the last one becomes an ellipsis. */
export function truncateRunes(text: string, max: number): string {
  const runes = [...text]
  return runes.length <= max
    ? text
    : max <= 3
      ? runes.slice(0, max).join('')
      : `${runes.slice(0, max - 1).join('')}…`
}
