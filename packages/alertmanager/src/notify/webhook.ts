import type { WebhookConfig } from '../config/receiver-config.ts'
import { notificationJson } from '../template/notification-data.ts'
import { HttpDelivery, revealSecret } from './http-delivery.ts'
import { NotifyError, type Delivery, type Integration } from './integration.ts'
import { renderValue } from './render-values.ts'

/** Posts a notification as JSON: Alertmanager's webhook format, version 4, or the user's own payload. */
export class WebhookIntegration implements Integration {
  readonly kind = 'webhook'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: WebhookConfig
  readonly #http: HttpDelivery

  constructor(config: WebhookConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification, renderer } = delivery
    const { max_alerts: max, payload, timeout } = this.#config
    const isCut = max > 0 && notification.alerts.length > max
    const alerts = isCut ? notification.alerts.slice(0, max) : notification.alerts
    const json = {
      ...notificationJson(isCut ? { ...notification, alerts } : notification),
      version: '4',
      groupKey: notification.groupKey,
      truncatedAlerts: notification.alerts.length - alerts.length,
    }
    const url = renderer.text(await revealSecret(this.#config.url, this.#config.url_file, 'url'))
    if (url === '') throw new NotifyError('webhook URL is empty after templating', { retry: false })
    const body = payload === undefined ? json : renderValue(payload, renderer)
    await this.#http.postJson(url, body, delivery, { timeoutMs: timeout })
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}
