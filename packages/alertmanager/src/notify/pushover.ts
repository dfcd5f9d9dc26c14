import type { PushoverConfig } from '../config/receiver-config.ts'
import { HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import type { Delivery, Integration } from './integration.ts'

const DEFAULT_API = 'https://api.pushover.net/1/messages.json'

/** Pushover. The message goes as form fields of the query, as upstream sends it. */
export class PushoverIntegration implements Integration {
  readonly kind = 'pushover'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: PushoverConfig
  readonly #http: HttpDelivery
  readonly #api: string

  constructor(config: PushoverConfig, index: number, userAgent: string, api: string = DEFAULT_API) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
    this.#api = api
  }

  async notify(delivery: Delivery): Promise<void> {
    const { renderer } = delivery
    const config = this.#config
    const text = (source: string): string => renderer.text(source)
    const message = config.html ? renderer.html(config.message) : text(config.message)
    const fields = new URLSearchParams({
      token: text(await revealSecret(config.token, config.token_file, 'token')),
      user: text(await revealSecret(config.user_key, config.user_key_file, 'user_key')),
      title: truncateRunes(text(config.title), 250),
      ...(config.html ? { html: '1' } : {}),
      ...(config.monospace ? { monospace: '1' } : {}),
      message: truncateRunes(message, 1024).trim() || '(no details)',
      url: truncateRunes(text(config.url), 512),
      url_title: text(config.url_title),
      priority: text(config.priority),
      retry: String(Math.trunc(config.retry / 1000)),
      expire: String(Math.trunc(config.expire / 1000)),
      device: text(config.device),
      sound: text(config.sound),
      ...(config.ttl >= 1000 ? { ttl: String(Math.trunc(config.ttl / 1000)) } : {}),
    })
    fields.sort()
    await this.#http.send(`${this.#api}?${fields}`, '', delivery, {
      headers: { 'Content-Type': 'text/plain' },
    })
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}
