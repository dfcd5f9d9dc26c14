import type { VictoropsConfig } from '../config/receiver-config.ts'
import { statusOf } from '../template/notification-data.ts'
import { groupKeyHash, HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import type { Delivery, Integration } from './integration.ts'

const MESSAGE_RUNES_MAX = 20_480
const FIRING_TYPES = new Set(['INFO', 'WARNING', 'CRITICAL'])

/** VictorOps (Splunk On-Call), generic REST endpoint. */
export class VictoropsIntegration implements Integration {
  readonly kind = 'victorops'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: VictoropsConfig
  readonly #http: HttpDelivery

  constructor(config: VictoropsConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification, renderer } = delivery
    const config = this.#config
    const text = (source: string): string => renderer.text(source)
    const isResolved = statusOf(notification.alerts, notification.nowMs) === 'resolved'
    const type = text(config.message_type)
    const custom = Object.entries(config.custom_fields).map(([name, value]) => [name, text(value)] as const)
    const message: Record<string, string> = {
      message_type: isResolved ? 'RECOVERY' : FIRING_TYPES.has(type) ? type : 'CRITICAL',
      entity_id: groupKeyHash(notification.groupKey),
      entity_display_name: text(config.entity_display_name),
      state_message: truncateRunes(text(config.state_message), MESSAGE_RUNES_MAX),
      monitoring_tool: text(config.monitoring_tool),
      ...Object.fromEntries(custom),
    }
    const key = await revealSecret(config.api_key, config.api_key_file, 'API key')
    const url = `${config.api_url}${key}/${text(config.routing_key)}`
    await this.#http.postJson(
      url,
      Object.fromEntries(Object.entries(message).sort(([a], [b]) => (a < b ? -1 : 1))),
      delivery,
    )
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}
