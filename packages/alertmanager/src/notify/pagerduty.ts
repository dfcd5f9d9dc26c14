import type { YamlValue } from '@promontory/base/yaml'
import type { PagerdutyConfig } from '../config/receiver-config.ts'
import { statusOf } from '../template/notification-data.ts'
import type { Renderer } from '../template/notification-templates.ts'
import { goJsonText, groupKeyHash, HttpDelivery, revealSecret, truncateRunes } from './http-delivery.ts'
import { NotifyError, type Delivery, type Integration } from './integration.ts'
import { renderValue } from './render-values.ts'
import { dropEmpty } from './slack.ts'

/** PagerDuty's limit for one event. */
const EVENT_BYTES_MAX = 512_000
const V1_URL = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json'

const DEFAULT_DETAILS: Readonly<Record<string, YamlValue>> = {
  firing: '{{ .Alerts.Firing | toJson }}',
  resolved: '{{ .Alerts.Resolved | toJson }}',
  num_firing: '{{ .Alerts.Firing | len }}',
  num_resolved: '{{ .Alerts.Resolved | len }}',
}

/** Events API v2 with a routing key, the older v1 with a service key. */
export class PagerdutyIntegration implements Integration {
  readonly kind = 'pagerduty'
  readonly index: number
  readonly sendResolved: boolean
  readonly #config: PagerdutyConfig
  readonly #http: HttpDelivery

  constructor(config: PagerdutyConfig, index: number, userAgent: string) {
    this.index = index
    this.sendResolved = config.send_resolved
    this.#config = config
    this.#http = new HttpDelivery(config.http_config, userAgent)
  }

  async notify(delivery: Delivery): Promise<void> {
    const { notification, renderer } = delivery
    const config = this.#config
    const eventType = statusOf(notification.alerts, notification.nowMs) === 'resolved' ? 'resolve' : 'trigger'
    const details = renderValue({ ...DEFAULT_DETAILS, ...config.details }, renderer)
    const isV1 = !config.service_key.isEmpty || config.service_key_file !== ''
    const build = (shown: YamlValue): Promise<Record<string, unknown>> =>
      isV1 ? this.#v1(delivery, eventType, shown) : this.#v2(delivery, eventType, shown)
    let event = await build(details)
    if (Buffer.byteLength(goJsonText(event)) > EVENT_BYTES_MAX)
      event = await build({
        error:
          'Custom details have been removed because the original event exceeds the maximum size of 512KB',
      })
    // Upstream takes v1's address from v2's default; a v1 test server is set by `url`.
    const url = isV1
      ? config.url === V2_URL || config.url === undefined
        ? V1_URL
        : config.url
      : (config.url ?? V2_URL)
    await this.#http.postJson(url, event, delivery, { timeoutMs: config.timeout })
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  async #v1(
    { notification, renderer }: Delivery,
    eventType: string,
    details: YamlValue,
  ): Promise<Record<string, unknown>> {
    const config = this.#config
    const isTrigger = eventType === 'trigger'
    return dropEmpty({
      service_key: await this.#key(renderer, 'service'),
      incident_key: groupKeyHash(notification.groupKey),
      event_type: eventType,
      description: truncateRunes(renderer.text(config.description), 1024),
      client: isTrigger ? renderer.text(config.client) : '',
      client_url: isTrigger ? renderer.text(config.client_url) : '',
      details,
    })
  }

  async #v2(
    { notification, renderer }: Delivery,
    eventType: string,
    details: YamlValue,
  ): Promise<Record<string, unknown>> {
    const config = this.#config
    const text = (source: string): string => renderer.text(source)
    return dropEmpty({
      routing_key: await this.#key(renderer, 'routing'),
      dedup_key: groupKeyHash(notification.groupKey),
      event_action: eventType,
      payload: dropEmpty({
        summary: truncateRunes(text(config.description), 1024),
        source: text(config.source || config.client),
        severity: text(config.severity || 'error'),
        class: text(config.class),
        component: text(config.component),
        group: text(config.group),
        custom_details: details,
      }),
      client: text(config.client),
      client_url: text(config.client_url),
      images: config.images
        .map(({ src, alt, href }) => ({ src: text(src), alt: text(alt), href: text(href) }))
        .filter(({ src }) => src !== ''),
      links: config.links
        .map((link) => ({ href: text(link.href), text: text(link.text) }))
        .filter(({ href }) => href !== ''),
    })
  }

  async #key(renderer: Renderer, which: 'service' | 'routing'): Promise<string> {
    const secret = this.#config[`${which}_key`]
    const key = renderer.text(await revealSecret(secret, this.#config[`${which}_key_file`], `${which} key`))
    if (key === '') throw new NotifyError(`${which} key cannot be empty`, { retry: false })
    return key
  }
}

const V2_URL = 'https://events.pagerduty.com/v2/enqueue'
