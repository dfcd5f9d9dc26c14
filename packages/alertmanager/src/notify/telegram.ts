import type { TelegramConfig } from '../config/receiver-config.ts'
import { HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import { NotifyError, type Delivery, type Integration } from './integration.ts'

const MESSAGE_RUNES_MAX = 4096

/** Telegram's bot API. */
export class TelegramIntegration implements Integration {
  readonly kind = 'telegram'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: TelegramConfig
  readonly #http: HttpDelivery

  constructor(config: TelegramConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const config = this.#config
    const isHtml = config.parse_mode === 'HTML'
    const rendered = isHtml ? delivery.renderer.html(config.message) : delivery.renderer.text(config.message)
    const token = await revealSecret(config.bot_token, config.bot_token_file, 'bot_token')
    const chatId = config.chat_id || Number(await revealSecret(undefined, config.chat_id_file, 'chat_id'))
    if (!Number.isSafeInteger(chatId) || chatId === 0)
      throw new NotifyError('chat_id_file does not hold a number', { retry: false, reason: 'clientError' })
    const message = {
      chat_id: String(chatId),
      text: isHtml ? truncateHtml(rendered, MESSAGE_RUNES_MAX) : truncateRunes(rendered, MESSAGE_RUNES_MAX),
      ...(config.parse_mode === '' ? {} : { parse_mode: config.parse_mode }),
      disable_web_page_preview: true,
      ...(config.disable_notifications ? { disable_notification: true } : {}),
      ...(config.message_thread_id === 0 ? {} : { message_thread_id: config.message_thread_id }),
    }
    await this.#http.postJson(
      `${config.api_url!.replace(/\/$/, '')}/bot${token}/sendMessage`,
      message,
      delivery,
    )
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}

/** Cuts HTML so that no tag or entity is torn, and closes what was open: Telegram refuses broken markup. */
export function truncateHtml(html: string, max: number): string {
  if ([...html].length <= max) return html
  const open: string[] = []
  let out = ''
  let length = 0
  for (const [piece] of html.matchAll(/<[^>]*>|&[^;\s]{1,10};|[^]/gu)) {
    const tag = /^<(\/?)([a-z0-9-]+)/i.exec(piece)
    const closing = open.reduce((sum, name) => sum + name.length + 3, 0)
    const grown = [...piece].length
    // Room for the ellipsis, what is open, and the end of a tag that opens here.
    if (length + grown + closing + 1 + (tag !== null && tag[1] === '' ? tag[2]!.length + 3 : 0) > max) break
    if (tag !== null) {
      if (tag[1] === '') open.push(tag[2]!)
      else open.splice(open.lastIndexOf(tag[2]!), 1)
    }
    out += piece
    length += grown
  }
  return `${out}…${open
    .reverse()
    .map((name) => `</${name}>`)
    .join('')}`
}
