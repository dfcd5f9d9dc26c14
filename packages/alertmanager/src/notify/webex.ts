import type { WebexConfig } from '../config/receiver-config.ts'
import { HttpDelivery } from './http-delivery.ts'
import type { Delivery, Integration } from './integration.ts'

/** Webex's limit for messages. */
const MESSAGE_BYTES_MAX = 7439

/** Webex's messages API; the token is that of `http_config.authorization`. */
export class WebexIntegration implements Integration {
  readonly kind = 'webex'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: WebexConfig
  readonly #http: HttpDelivery

  constructor(config: WebexConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { message, room_id, api_url } = this.#config
    const body = {
      markdown: truncateBytes(delivery.renderer.text(message), MESSAGE_BYTES_MAX),
      roomId: delivery.renderer.text(room_id),
    }
    await this.#http.postJson(api_url!, body, delivery)
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}

/** Cuts to `max` bytes of UTF-8 between characters; the last one becomes an ellipsis. */
export function truncateBytes(text: string, max: number): string {
  if (Buffer.byteLength(text) <= max) return text
  let bytes = Buffer.byteLength('…')
  let out = ''
  for (const rune of text) {
    bytes += Buffer.byteLength(rune)
    if (bytes > max) break
    out += rune
  }
  return `${out}…`
}
