import type { OAuth2Config } from './config.ts'
import { secretText } from './credentials.ts'
import { HttpRequestError } from './errors.ts'

/** What a token source needs of a client: one POST of a form. */
export type PostForm = (
  url: string,
  form: URLSearchParams,
  headers: readonly [string, string][],
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly text: string }>

/** A token is fetched anew this long before it runs out. */
const EXPIRY_MARGIN_MS = 10_000

/** Tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4), kept until shortly before they expire. */
export class OAuth2TokenSource {
  readonly #config: OAuth2Config
  readonly #post: PostForm
  readonly #nowMs: () => number
  #token: { readonly header: string; readonly secret: string; readonly untilMs: number } | undefined
  #pending: Promise<string> | undefined
  /** Servers want the secret in a header or in the form; which, is found out once. */
  #secretInForm = false

  constructor(config: OAuth2Config, post: PostForm, nowMs: () => number) {
    this.#config = config
    this.#post = post
    this.#nowMs = nowMs
  }

  /** The `Authorization` header. Rejects with HttpRequestError when there is no token to be had. */
  async header(signal: AbortSignal): Promise<string> {
    const secret = await secretText(
      this.#config.client_secret.reveal(),
      this.#config.client_secret_file,
      'oauth2 client secret',
    )
    if (this.#token !== undefined && this.#token.secret === secret && this.#nowMs() < this.#token.untilMs)
      return this.#token.header
    this.#pending ??= this.#fetch(secret, signal).finally(() => (this.#pending = undefined))
    return this.#pending
  }

  async #fetch(secret: string, signal: AbortSignal): Promise<string> {
    let answer = await this.#ask(secret, signal)
    if ((answer.status === 400 || answer.status === 401) && !this.#secretInForm) {
      this.#secretInForm = true
      answer = await this.#ask(secret, signal)
      if (answer.status >= 300) this.#secretInForm = false
    }
    if (answer.status < 200 || answer.status >= 300)
      throw new HttpRequestError(
        `oauth2: cannot fetch token: ${answer.status}\nResponse: ${answer.text.slice(0, 500)}`,
      )
    const token = parseToken(answer.text)
    const header = `${token.type} ${token.token}`
    const untilMs =
      token.lifetimeMs === undefined ? Infinity : this.#nowMs() + token.lifetimeMs - EXPIRY_MARGIN_MS
    this.#token = { header, secret, untilMs }
    return header
  }

  #ask(secret: string, signal: AbortSignal): ReturnType<PostForm> {
    const { client_id: id, scopes, endpoint_params: extra, token_url: url } = this.#config
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...extra })
    if (scopes.length > 0) form.set('scope', scopes.join(' '))
    if (this.#secretInForm) {
      form.set('client_id', id)
      form.set('client_secret', secret)
      return this.#post(url, form, [], signal)
    }
    const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`
    return this.#post(url, form, [['authorization', `Basic ${Buffer.from(pair).toString('base64')}`]], signal)
  }
}

function parseToken(text: string): { token: string; type: string; lifetimeMs: number | undefined } {
  let answer: Record<string, unknown>
  try {
    answer = JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new HttpRequestError(`oauth2: cannot parse json: ${(error as Error).message}`, { cause: error })
  }
  const token = answer['access_token']
  if (typeof token !== 'string' || token === '')
    throw new HttpRequestError('oauth2: server response missing access_token')
  const type = String(answer['token_type'] ?? 'Bearer')
  const seconds = Number(answer['expires_in'] ?? 0)
  return {
    token,
    type: type.toLowerCase() === 'bearer' ? 'Bearer' : type,
    lifetimeMs: seconds > 0 ? seconds * 1000 : undefined,
  }
}
