import type { SlackConfig } from '../config/receiver-config.ts'
import { SLACK_POST_MESSAGE } from '../config/receivers.ts'
import { PlaceholderUrl } from '../config/slack-url.ts'
import type { Renderer } from '../template/notification-templates.ts'
import { HttpDelivery, revealSecret, truncateRunes, type Answer } from './http-delivery.ts'
import { NotifyError, type Delivery, type Integration } from './integration.ts'

/** Slack's limit for titles. */
const TITLE_RUNES_MAX = 1024

/** Incoming webhooks and the bot API. */
export class SlackIntegration implements Integration {
  readonly kind = 'slack'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: SlackConfig
  readonly #http: HttpDelivery

  constructor(config: SlackConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const config = this.#config
    const text = (source: string): string => delivery.renderer.text(source)
    const message: Record<string, unknown> = dropEmpty({
      channel: text(config.channel),
      username: text(config.username),
      icon_emoji: text(config.icon_emoji),
      icon_url: text(config.icon_url),
      link_names: config.link_names,
      text: text(config.message_text),
      attachments: [this.#attachment(delivery.renderer)],
    })
    const token = await revealSecret(config.app_token, config.app_token_file, 'app token')
    let url = token === '' ? await this.#webhookUrl() : (config.app_url ?? SLACK_POST_MESSAGE)
    const { threadTs, channelId } = Object.fromEntries(delivery.data)
    if (config.update_message && threadTs !== undefined && channelId !== undefined) {
      url = 'https://slack.com/api/chat.update'
      Object.assign(message, { ts: threadTs, channel: channelId })
    }
    const headers: Record<string, string> = token === '' ? {} : { Authorization: `Bearer ${token}` }
    const answer = await this.#http.postJson(url, message, delivery, { headers, timeoutMs: config.timeout })
    this.#checkAnswer(answer, String(message.channel ?? ''), delivery)
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  async #webhookUrl(): Promise<string> {
    const { api_url: url, api_url_file: file } = this.#config
    if (url instanceof PlaceholderUrl)
      throw new NotifyError('not configured: api_url is a placeholder, not a URL', {
        retry: false,
        reason: 'clientError',
      })
    return revealSecret(url, file, 'api_url')
  }

  #attachment(renderer: Renderer): Record<string, unknown> {
    const config = this.#config
    const text = (source: string): string => renderer.text(source)
    const always = {
      text: text(config.text),
      fallback: text(config.fallback),
      callback_id: text(config.callback_id),
      footer: text(config.footer),
    }
    const others = dropEmpty({
      title: truncateRunes(text(config.title), TITLE_RUNES_MAX),
      title_link: text(config.title_link),
      pretext: text(config.pretext),
      fields: config.fields.map((field) => ({
        title: text(field.title),
        value: text(field.value),
        short: field.short ?? config.short_fields,
      })),
      actions: config.actions.map((action) => slackAction(action, text)),
      image_url: text(config.image_url),
      thumb_url: text(config.thumb_url),
      color: text(config.color),
      mrkdwn_in: config.mrkdwn_in.length > 0 ? config.mrkdwn_in : ['fallback', 'pretext', 'text'],
    })
    return { ...others, ...always }
  }

  /** Slack answers 200 to much that it refuses. */
  #checkAnswer(answer: Answer, channel: string, delivery: Delivery): void {
    const refuse = (what: string): never => {
      throw new NotifyError(`channel "${channel}": ${what}`, { retry: false, reason: 'clientError' })
    }
    if (!answer.contentType.startsWith('application/json')) {
      if (answer.body !== 'ok') refuse(`received an error response from Slack: ${answer.body}`)
      return
    }
    let json: { ok?: boolean; error?: string; ts?: string; channel?: string }
    try {
      json = JSON.parse(answer.body) as typeof json
    } catch {
      throw new NotifyError(`could not unmarshal JSON response "${answer.body}"`, { retry: true })
    }
    if (json.ok !== true) refuse(`error response from Slack: ${json.error ?? ''}`)
    if (this.#config.update_message && json.ts !== undefined && json.channel !== undefined) {
      delivery.data.set('threadTs', json.ts)
      delivery.data.set('channelId', json.channel)
    }
  }
}

function slackAction(
  action: SlackConfig['actions'][number],
  text: (source: string) => string,
): Record<string, unknown> {
  const confirm = action.url === '' ? action.confirm : undefined
  return dropEmpty({
    type: text(action.type),
    text: text(action.text),
    url: text(action.url),
    style: text(action.style),
    name: action.url === '' ? text(action.name) : '',
    value: action.url === '' ? text(action.value) : '',
    confirm:
      confirm &&
      dropEmpty({
        text: text(confirm.text),
        title: text(confirm.title),
        ok_text: text(confirm.ok_text),
        dismiss_text: text(confirm.dismiss_text),
      }),
  })
}

/** Go's `omitempty`. */
export function dropEmpty(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== '' &&
        value !== undefined &&
        value !== false &&
        !(Array.isArray(value) && value.length === 0),
    ),
  )
}
