import type { OpsgenieConfig } from '../config/receiver-config.ts'
import { statusOf } from '../template/notification-data.ts'
import type { Renderer } from '../template/notification-templates.ts'
import { groupKeyHash, HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import type { Delivery, Integration } from './integration.ts'
import { dropEmpty } from './slack.ts'

/** Opsgenie's limit for messages. */
const MESSAGE_RUNES_MAX = 130

/** Creates alerts and closes them by alias. */
export class OpsgenieIntegration implements Integration {
  readonly kind = 'opsgenie'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: OpsgenieConfig
  readonly #http: HttpDelivery

  constructor(config: OpsgenieConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification, renderer } = delivery
    const config = this.#config
    const key = renderer.text(await revealSecret(config.api_key, config.api_key_file, 'api_key'))
    const headers = { Authorization: `GenieKey ${key}` }
    const alias = groupKeyHash(notification.groupKey)
    const base = `${config.api_url}v2/alerts`
    const send = async (url: string, body: unknown, method: 'POST' | 'PUT' = 'POST'): Promise<void> => {
      await this.#http.postJson(url, body, delivery, { method, headers })
    }
    const byAlias = (action: string): string => `${base}/${alias}/${action}?identifierType=alias`
    if (statusOf(notification.alerts, notification.nowMs) === 'resolved') {
      await send(byAlias('close'), { source: renderer.text(config.source) })
      return
    }
    const message = this.#message(renderer, alias)
    await send(base, message)
    if (!config.update_alerts) return
    await send(byAlias('message'), dropEmpty({ message: message.message }), 'PUT')
    await send(byAlias('description'), dropEmpty({ description: message.description }), 'PUT')
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  #message(renderer: Renderer, alias: string): Record<string, unknown> {
    const config = this.#config
    const text = (source: string): string => renderer.text(source)
    const details = Object.entries(config.details).map(([name, value]) => [name, text(value)] as const)
    return {
      alias,
      message: truncateRunes(text(config.message), MESSAGE_RUNES_MAX),
      ...dropEmpty({ description: text(config.description) }),
      details: { ...renderer.json.commonLabels, ...Object.fromEntries(details) },
      source: text(config.source),
      ...dropEmpty({
        responders: this.#responders(text),
        tags: splitList(text(config.tags)),
        note: text(config.note),
        priority: text(config.priority),
        entity: text(config.entity),
        actions: splitList(text(config.actions)),
      }),
    }
  }

  #responders(text: (source: string) => string): Record<string, unknown>[] {
    return this.#config.responders.flatMap((responder) => {
      const type = text(responder.type).toLowerCase()
      const name = text(responder.name)
      if (type === 'teams') return splitList(name).map((team) => ({ name: team, type: 'team' }))
      return [{ ...dropEmpty({ id: text(responder.id), name, username: text(responder.username) }), type }]
    })
  }
}

function splitList(text: string): string[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
}
