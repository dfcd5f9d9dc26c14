import type { MattermostConfig } from '../config/receiver-config.ts'
import { HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import { NotifyError, type Delivery, type Integration } from './integration.ts'
import { dropEmpty } from './slack.ts'

const TEXT_RUNES_MAX = 16_383
const PRIORITIES = ['urgent', 'important', 'standard']

/** Mattermost's incoming webhooks. */
export class MattermostIntegration implements Integration {
  readonly kind = 'mattermost'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: MattermostConfig
  readonly #http: HttpDelivery

  constructor(config: MattermostConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const config = this.#config
    const text = (source: string): string => delivery.renderer.text(source)
    const url = await revealSecret(config.webhook_url, config.webhook_url_file, 'webhook_url')
    if (url === '') throw new NotifyError('webhook url missing', { retry: false })
    const message = {
      text: truncateRunes(text(config.text), TEXT_RUNES_MAX),
      ...dropEmpty({
        channel: text(config.channel),
        username: text(config.username),
        icon_url: text(config.icon_url),
        icon_emoji: text(config.icon_emoji),
        attachments: config.attachments.map((one) => attachment(one, text)),
        type: text(config.type),
        props: config.props?.card ? { card: text(config.props.card) } : undefined,
        priority: this.#priority(text),
      }),
    }
    await this.#http.postJson(url, message, delivery)
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  /** Flags that do not go with the priority are switched off: the service would refuse the message. */
  #priority(text: (source: string) => string): Record<string, unknown> | undefined {
    const wanted = this.#config.priority
    if (wanted === undefined || wanted.priority === '') return undefined
    const given = text(wanted.priority).toLowerCase()
    const priority = PRIORITIES.includes(given) ? given : 'standard'
    return dropEmpty({
      priority,
      requested_ack: wanted.requested_ack && priority !== 'standard',
      persistent_notifications: wanted.persistent_notifications && priority === 'urgent',
    })
  }
}

function attachment(
  config: MattermostConfig['attachments'][number],
  text: (source: string) => string,
): Record<string, unknown> {
  return dropEmpty({
    fallback: text(config.fallback),
    color: text(config.color),
    pretext: text(config.pretext),
    text: text(config.text),
    author_name: text(config.author_name),
    author_link: text(config.author_link),
    author_icon: text(config.author_icon),
    title: text(config.title),
    title_link: text(config.title_link),
    fields: config.fields.map(({ title, value, short }) =>
      dropEmpty({ title: text(title), value: text(value), short }),
    ),
    thumb_url: text(config.thumb_url),
    footer: text(config.footer),
    footer_icon: text(config.footer_icon),
    image_url: text(config.image_url),
  })
}
