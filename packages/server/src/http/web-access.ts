import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket, TlsOptions } from 'node:tls'
import { Passwords } from '@promontory/access'
import { errorText, type Logger } from '@promontory/base'
import { readWebConfig, type WebConfig, webConfigStamp } from './web-config.ts'

/** How often the files are looked at. */
const LOOK_MS = 1000
/** Checked pairs that are remembered, so that not every request costs a bcrypt. */
const KNOWN_MAX = 100
/** Compared with when there is no such user: an answer takes as long either way. */
const NOBODY = '$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi'

/** `--web.config.file` at work: TLS, headers and users of every listener, re-read when a file changes. */
export class WebAccess {
  readonly #file: string
  readonly #logger: Logger
  readonly #passwords = new Passwords()
  readonly #known = new Map<string, boolean>()
  readonly #tlsListeners: ((tls: TlsOptions) => void)[] = []
  readonly #timer: ReturnType<typeof setInterval>
  #config: WebConfig
  #tls: TlsOptions | undefined
  #stamp: string

  /** @throws Error naming file, line and field */
  constructor(file: string, logger: Logger) {
    this.#file = file
    this.#logger = logger
    ;({ config: this.#config, tls: this.#tls } = readWebConfig(file))
    this.#stamp = webConfigStamp(file, this.#config)
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  /** Undefined without TLS; whether there is TLS is decided at the start. */
  get tls(): TlsOptions | undefined {
    return this.#tls
  }

  get hasUsers(): boolean {
    return Object.keys(this.#config.basic_auth_users).length > 0
  }

  /** Called with new certificates. */
  onTls(listener: (tls: TlsOptions) => void): void {
    this.#tlsListeners.push(listener)
  }

  setHeaders(response: ServerResponse): void {
    for (const [name, value] of Object.entries(this.#config.http_server_config.headers))
      response.setHeader(name, value)
  }

  /** Whether the request names a user of the file with the right password. */
  async isUser({ headers }: Pick<IncomingMessage, 'headers'>): Promise<boolean> {
    const [scheme = '', value = ''] = (headers.authorization ?? '').split(/ +/, 2)
    if (!/^basic$/i.test(scheme)) return false
    const pair = Buffer.from(value, 'base64').toString('utf8')
    const at = pair.indexOf(':')
    if (at < 0) return false
    const name = pair.slice(0, at)
    const hash = Object.hasOwn(this.#config.basic_auth_users, name)
      ? this.#config.basic_auth_users[name]!.reveal()
      : undefined
    const key = createHash('sha256')
      .update(`${hash ?? ''}\n${pair}`)
      .digest('hex')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const fits = await this.#passwords.fits(pair.slice(at + 1), hash ?? NOBODY)
    if (this.#known.size >= KNOWN_MAX) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(key, fits && hash !== undefined)
    return fits && hash !== undefined
  }

  /** Whether a client's certificate is as wanted; what the handshake alone cannot say. */
  isWelcome(socket: TLSSocket): boolean {
    const tls = this.#config.tls_server_config
    if (tls === undefined || tls.client_auth_type === 'NoClientCert') return true
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) return !tls.client_auth_type.startsWith('Require')
    if (tls.client_auth_type.includes('Verify') && !socket.authorized) return false
    if (tls.client_allowed_sans.length === 0) return true
    const names = (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^[^:]*:/, ''))
    return names.some((name) => tls.client_allowed_sans.includes(name))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#passwords.close()
  }

  /** What cannot be read leaves what was there. */
  #look(): void {
    const stamp = webConfigStamp(this.#file, this.#config)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    try {
      const { config, tls } = readWebConfig(this.#file)
      this.#config = config
      this.#known.clear()
      this.#stamp = webConfigStamp(this.#file, config)
      if ((tls === undefined) !== (this.#tls === undefined))
        this.#logger.warn('TLS is switched on and off at the next start only', { file: this.#file })
      else if (tls !== undefined) {
        this.#tls = tls
        for (const listener of this.#tlsListeners) listener(tls)
      }
    } catch (error) {
      this.#logger.error('the web configuration is refused; the one before stays in use', { file: this.#file, error: errorText(error) }) // prettier-ignore
    }
  }
}
