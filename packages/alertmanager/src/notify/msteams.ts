import type { MsteamsConfig, Msteamsv2Config } from '../config/receiver-config.ts'
import { statusOf } from '../template/notification-data.ts'
import { HttpDelivery, revealSecret } from './http-delivery.ts'
import type { Delivery, Integration } from './integration.ts'

/** Microsoft Teams by the old connectors (message cards). */
export class MsteamsIntegration implements Integration {
  readonly kind = 'msteams'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: MsteamsConfig
  readonly #http: HttpDelivery

  constructor(config: MsteamsConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification, renderer } = delivery
    const { title, summary, text, webhook_url, webhook_url_file } = this.#config
    const isFiring = statusOf(notification.alerts, notification.nowMs) === 'firing'
    const card = {
      '@context': 'http://schema.org/extensions',
      type: 'MessageCard',
      title: renderer.text(title),
      summary: renderer.text(summary),
      text: renderer.text(text),
      themeColor: isFiring ? '8C1A1A' : '2DC72D',
    }
    await this.#http.postJson(
      await revealSecret(webhook_url, webhook_url_file, 'webhook_url'),
      card,
      delivery,
    )
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}

/** Microsoft Teams by workflows (adaptive cards). */
export class Msteamsv2Integration implements Integration {
  readonly kind = 'msteamsv2'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: Msteamsv2Config
  readonly #http: HttpDelivery

  constructor(config: Msteamsv2Config, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification, renderer } = delivery
    const { title, text, webhook_url, webhook_url_file } = this.#config
    const color = statusOf(notification.alerts, notification.nowMs) === 'firing' ? 'Attention' : 'Good'
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.2',
      body: [
        {
          type: 'TextBlock',
          text: renderer.text(title),
          weight: 'Bolder',
          size: 'Medium',
          wrap: true,
          style: 'heading',
          color,
        },
        { type: 'TextBlock', text: renderer.text(text), wrap: true },
      ],
      msteams: { width: 'full' },
    }
    const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }
    const url = await revealSecret(webhook_url, webhook_url_file, 'webhook_url')
    await this.#http.postJson(url, { type: 'message', attachments: [attachment] }, delivery)
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}
