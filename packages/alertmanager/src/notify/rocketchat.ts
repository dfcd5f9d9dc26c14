import type { RocketchatConfig } from '../config/receiver-config.ts'
import { HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import { NotifyError, type Delivery, type Integration } from './integration.ts'
import { dropEmpty } from './slack.ts'

const TITLE_RUNES_MAX = 1024

/** Rocket.Chat's `chat.postMessage`. */
export class RocketchatIntegration implements Integration {
  readonly kind = 'rocketchat'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: RocketchatConfig
  readonly #http: HttpDelivery

  constructor(config: RocketchatConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const config = this.#config
    const text = (source: string): string => delivery.renderer.text(source)
    const channel = text(config.channel)
    const message = dropEmpty({
      channel,
      emoji: text(config.emoji),
      avatar: text(config.icon_url),
      attachments: [this.#attachment(text)],
    })
    const headers = {
      'X-Auth-Token': await revealSecret(config.token, config.token_file, 'token'),
      'X-User-Id': await revealSecret(config.token_id, config.token_id_file, 'token_id'),
    }
    const url = `${config.api_url!.replace(/\/+$/, '')}/api/v1/chat.postMessage`
    const answer = await this.#http.postJson(url, message, delivery, { headers })
    if (delivery.preview === undefined) checkAnswer(answer.body, channel)
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  #attachment(text: (source: string) => string): Record<string, unknown> {
    const config = this.#config
    return dropEmpty({
      title: truncateRunes(text(config.title), TITLE_RUNES_MAX),
      title_link: text(config.title_link),
      text: text(config.text),
      image_url: text(config.image_url),
      thumb_url: text(config.thumb_url),
      color: text(config.color),
      fields: config.fields.map(({ title, value, short }) => ({
        short: short ?? config.short_fields,
        title: text(title),
        value: text(value),
      })),
      // Only buttons are supported there.
      actions: config.actions.map((action) =>
        dropEmpty({
          type: 'button',
          text: text(String(action['text'] ?? '')),
          url: text(String(action['url'] ?? '')),
          msg: text(String(action['msg'] ?? '')),
        }),
      ),
    })
  }
}

/** Rocket.Chat answers 200 to much that it refuses. */
function checkAnswer(body: string, channel: string): void {
  let answer: { success?: boolean; error?: string }
  try {
    answer = JSON.parse(body) as typeof answer
  } catch {
    throw new NotifyError(`channel "${channel}": could not unmarshal JSON response "${body}"`, {
      retry: true,
    })
  }
  if (answer.success !== true)
    throw new NotifyError(`channel "${channel}": error response from Rocketchat: ${answer.error ?? ''}`, {
      retry: false,
      reason: 'clientError',
    })
}
