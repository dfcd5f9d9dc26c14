import type { IncidentioConfig } from '../config/receiver-config.ts'
import { notificationJson } from '../template/notification-data.ts'
import { goJsonText, HttpDelivery, revealSecret } from './http-delivery.ts'
import type { Delivery, Integration } from './integration.ts'

/** incident.io's limit for one event. */
const PAYLOAD_BYTES_MAX = 512 * 1024

/** incident.io's Alertmanager alert source. */
export class IncidentioIntegration implements Integration {
  readonly kind = 'incidentio'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: IncidentioConfig
  readonly #http: HttpDelivery

  constructor(config: IncidentioConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification } = delivery
    const config = this.#config
    const alerts =
      config.max_alerts > 0 ? notification.alerts.slice(0, config.max_alerts) : notification.alerts
    const json = notificationJson({ ...notification, alerts })
    const message = {
      ...json,
      version: '1',
      groupKey: notification.groupKey,
      truncatedAlerts: notification.alerts.length - alerts.length,
    }
    const isTooLong = Buffer.byteLength(goJsonText(message)) > PAYLOAD_BYTES_MAX
    const body = isTooLong ? { ...message, alerts: json.alerts.slice(0, 1) } : message
    const url = config.url ?? (await revealSecret(undefined, config.url_file, 'url'))
    const token = await revealSecret(
      config.alert_source_token,
      config.alert_source_token_file,
      'alert_source_token',
    )
    const headers: Record<string, string> = token === '' ? {} : { Authorization: `Bearer ${token}` }
    await this.#http.postJson(url, body, delivery, { headers, timeoutMs: config.timeout })
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}
