import type { DiscordConfig } from '../config/receiver-config.ts'
import { statusOf } from '../template/notification-data.ts'
import { HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import type { Delivery, Integration } from './integration.ts'
import { dropEmpty } from './slack.ts'

const COLOURS = { firing: 0x992d22, resolved: 0x2ecc71 }

/** Discord's webhooks. */
export class DiscordIntegration implements Integration {
  readonly kind = 'discord'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: DiscordConfig
  readonly #http: HttpDelivery

  constructor(config: DiscordConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification, renderer } = delivery
    const config = this.#config
    const text = (source: string): string => renderer.text(source)
    const url = await revealSecret(config.webhook_url, config.webhook_url_file, 'webhook_url')
    const message = {
      content: truncateRunes(text(config.content), 2000),
      embeds: [
        {
          title: truncateRunes(text(config.title), 256),
          description: truncateRunes(text(config.message), 2048),
          color: COLOURS[statusOf(notification.alerts, notification.nowMs)],
        },
      ],
      ...dropEmpty({ username: text(config.username), avatar_url: text(config.avatar_url) }),
    }
    await this.#http.postJson(url, message, delivery)
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}
