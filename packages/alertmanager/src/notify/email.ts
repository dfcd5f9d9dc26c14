import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { TlsConfig } from '@promontory/http-client'
import type { SendMailOptions } from 'nodemailer'
import type SMTPTransport from 'nodemailer/lib/smtp-transport'
import type { EmailConfig } from '../config/receiver-config.ts'
import { groupKeyHash, revealSecret } from './http-delivery.ts'
import { NotifyError, type Delivery, type Integration } from './integration.ts'

/** An SMTP server that stays silent must not hold a group for longer. */
const SILENCE_MAX_MS = 30_000

/** Mail over SMTP: STARTTLS or implicit TLS, AUTH, text and HTML. */
export class EmailIntegration implements Integration {
  readonly kind = 'email'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: EmailConfig

  constructor(config: EmailConfig, index: number) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
  }

  async notify(delivery: Delivery): Promise<void> {
    const message = this.#message(delivery)
    if (delivery.preview !== undefined) return this.#preview(message, delivery.preview)
    const { default: nodemailer } = await import('nodemailer')
    const transport = nodemailer.createTransport(await this.#transport())
    const over = new Promise<never>((_, reject) => {
      const stop = (): void => reject(abortError(delivery.signal))
      if (delivery.signal.aborted) stop()
      else delivery.signal.addEventListener('abort', stop, { once: true })
    })
    const sent = transport.sendMail(message)
    try {
      // Closing the transport does not end what waits for a silent server: its own time-out does, later.
      await Promise.race([sent, over])
    } catch (error) {
      sent.catch(() => undefined)
      throw mailError(error)
    } finally {
      over.catch(() => undefined)
      transport.close()
    }
  }

  async close(): Promise<void> {}

  #preview(message: SendMailOptions, preview: NonNullable<Delivery['preview']>): void {
    const { host, port } = this.#config.smarthost!
    const { from, to, subject, text, html } = message
    preview({
      to: `SMTP ${host}:${port}`,
      contentType: html === undefined ? 'text/plain' : 'text/html',
      body: `From: ${String(from)}\nTo: ${String(to)}\nSubject: ${subject}\n\n${String(html ?? text ?? '')}`,
    })
  }

  async #transport(): Promise<SMTPTransport.Options> {
    const config = this.#config
    const { host, port } = config.smarthost!
    const isImplicit = config.force_implicit_tls ?? port === 465
    const password =
      (await revealSecret(config.auth_password, config.auth_password_file, 'auth_password')) ||
      (await revealSecret(config.auth_secret, config.auth_secret_file, 'auth_secret'))
    return {
      host,
      port,
      secure: isImplicit,
      requireTLS: !isImplicit && config.require_tls === true,
      ignoreTLS: !isImplicit && config.require_tls === false,
      name: config.hello,
      ...(config.auth_username === '' ? {} : { auth: { user: config.auth_username, pass: password } }),
      ...(config.auth_identity === ''
        ? {}
        : { customAuth: plainAuth(config.auth_identity, config.auth_username, password) }),
      tls: config.tls_config === undefined ? { servername: host } : tlsOptions(config.tls_config, host),
      connectionTimeout: SILENCE_MAX_MS,
      greetingTimeout: SILENCE_MAX_MS,
      socketTimeout: SILENCE_MAX_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    }
  }

  #message({ notification, renderer }: Delivery): SendMailOptions {
    const config = this.#config
    const { Subject: subject, ...others } = config.headers
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(others)) headers[name] = renderer.text(value)
    const messageId = headers['Message-Id'] ?? `<${randomUUID()}@${hostname()}>`
    delete headers['Message-Id']
    if (config.threading.enabled) {
      const day =
        config.threading.thread_by_date === 'none'
          ? ''
          : new Date(notification.nowMs).toISOString().slice(0, 10)
      const root = `<alert-${groupKeyHash(notification.groupKey).slice(0, 16)}-${day}@alertmanager>`
      headers.References = root
      headers['In-Reply-To'] = root
    }
    const [from, to] = [renderer.text(config.from), renderer.text(config.to)]
    if (from === '' || to === '')
      throw new NotifyError(`parse '${from === '' ? 'from' : 'to'}' addresses: mail: no address`, {
        retry: false,
      })
    return {
      from: headers.From ?? from,
      to: headers.To ?? to,
      envelope: { from, to },
      subject: renderer.text(subject ?? '{{ template "email.default.subject" . }}'),
      messageId,
      headers,
      textEncoding: 'quoted-printable',
      ...(config.text === '' ? {} : { text: renderer.text(config.text) }),
      ...(config.html === '' ? {} : { html: renderer.html(config.html) }),
    }
  }
}

/** AUTH PLAIN on behalf of `identity` (RFC 4616): nodemailer's own always leaves the identity empty. */
function plainAuth(identity: string, user: string, password: string): SMTPTransport.Options['customAuth'] {
  const message = Buffer.from(`${identity}\0${user}\0${password}`).toString('base64')
  return {
    PLAIN: async ({ sendCommand }) => {
      const { status, response } = await sendCommand(`AUTH PLAIN ${message}`)
      if (status !== 235) throw new Error(`Invalid login: ${response}`)
    },
  }
}

function tlsOptions(tls: TlsConfig, host: string): SMTPTransport.Options['tls'] {
  const material = (inline: string, file: string): string | undefined =>
    inline !== '' ? inline : file !== '' ? readFileSync(file, 'utf8') : undefined
  const [ca, cert, key] = [
    material(tls.ca, tls.ca_file),
    material(tls.cert, tls.cert_file),
    material(tls.key.reveal(), tls.key_file),
  ]
  return {
    servername: tls.server_name || host,
    rejectUnauthorized: !tls.insecure_skip_verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.min_version === undefined ? {} : { minVersion: nodeTlsVersion(tls.min_version) }),
    ...(tls.max_version === undefined ? {} : { maxVersion: nodeTlsVersion(tls.max_version) }),
  }
}

function nodeTlsVersion(version: string): 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' {
  return ({ TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const)[
    version as 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13'
  ]
}

function abortError({ reason }: AbortSignal): Error {
  const isLate = reason instanceof Error && reason.name === 'TimeoutError'
  const text = isLate ? 'the mail server did not answer in time' : 'delivery was stopped'
  return Object.assign(new Error(text), { code: isLate ? 'ETIMEDOUT' : 'ESTOPPED' })
}

/** A refusal for good (5xx) is not tried again; everything else is. */
function mailError(error: unknown): NotifyError {
  const { message, code, responseCode } = error as { message: string; code?: string; responseCode?: number }
  const isFinal =
    code === 'EENVELOPE' || (responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH')
  const reason =
    code === 'EAUTH'
      ? 'authError'
      : code === 'ETIMEDOUT'
        ? 'contextDeadlineExceeded'
        : code === 'ESTOPPED'
          ? 'contextCanceled'
          : isFinal
            ? 'clientError'
            : 'other'
  return new NotifyError(message, { retry: !isFinal, reason, cause: error })
}
