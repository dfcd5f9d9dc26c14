import type { Clock, Counter, Gauge, Logger, Registry, Summary } from '@promontory/base'
import { type DiscoveryMetrics, DiscoveryManager, type TargetGroup } from '@promontory/discovery'
import { HttpClient } from '@promontory/http-client'
import { Labels, type NotifierAlert } from '@promontory/model'
import { relabel } from '@promontory/model/relabel'
import type { AlertmanagerConfig } from '../config/index.ts'
import { VERSION } from '../version.ts'

export interface ExternalAlertmanagersOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly discoveryMetrics: DiscoveryMetrics
  readonly queueCapacity: number
  readonly batchSize: number
  /** Whether an address is one of our own listeners: sending there would double every alert. */
  readonly isOurs: (url: URL) => boolean
}

/** One Alertmanager that discovery found. */
interface Endpoint {
  readonly url: string
  readonly entry: Entry
  readonly queue: NotifierAlert[]
  sending: boolean
}

/** One entry of `alerting.alertmanagers`. */
interface Entry {
  readonly key: string
  readonly config: AlertmanagerConfig
  readonly client: HttpClient
  endpoints: Map<string, Endpoint>
  dropped: number
}

const REQUEST_PATH = '/api/v2/alerts'

/**
 * Sends alerts to the Alertmanagers of the configuration, every alert to each of them. Each has its own bounded queue;
 * a batch that fails is dropped and counted: the rules send their alerts again soon, as in Prometheus.
 */
export class ExternalAlertmanagers {
  readonly #options: ExternalAlertmanagersOptions
  readonly #discovery: DiscoveryManager
  readonly #metrics: SenderMetrics
  #entries = new Map<string, Entry>()

  constructor(options: ExternalAlertmanagersOptions) {
    this.#options = options
    this.#metrics = new SenderMetrics(options.registry, this, options.queueCapacity)
    this.#discovery = new DiscoveryManager({
      clock: options.clock,
      logger: options.logger,
      metrics: options.discoveryMetrics,
      userAgent: `Promontory/${VERSION}`,
      name: 'notify',
      onUpdate: (key, groups) => this.#update(key, groups),
    })
  }

  applyConfig(configs: readonly AlertmanagerConfig[]): void {
    const before = this.#entries
    this.#entries = new Map()
    configs.forEach((config, i) => {
      const key = `config-${i}`
      const client = new HttpClient(config, { userAgent: `Promontory/${VERSION}` })
      this.#entries.set(key, {
        key,
        config,
        client,
        endpoints: before.get(key)?.endpoints ?? new Map(),
        dropped: 0,
      })
    })
    this.#discovery.applyConfig(new Map([...this.#entries].map(([key, { config }]) => [key, config])))
    for (const entry of before.values()) entry.client.close()
  }

  /** URLs in use, and how many were dropped by relabelling. */
  view(): { active: string[]; droppedCount: number } {
    const entries = [...this.#entries.values()]
    return {
      active: entries.flatMap(({ endpoints }) => [...endpoints.keys()]),
      droppedCount: entries.reduce((sum, { dropped }) => sum + dropped, 0),
    }
  }

  get queued(): Map<string, number> {
    return new Map([...this.#endpoints()].map(({ url, queue }) => [url, queue.length]))
  }

  send(alerts: readonly NotifierAlert[]): void {
    for (const endpoint of this.#endpoints()) {
      const relabelled = alerts.flatMap((alert) => {
        const labels = relabel(alert.labels, endpoint.entry.config.alert_relabel_configs)
        return labels === undefined ? [] : [{ ...alert, labels }]
      })
      endpoint.queue.push(...relabelled)
      const excess = endpoint.queue.length - this.#options.queueCapacity
      if (excess > 0) {
        endpoint.queue.splice(0, excess)
        this.#metrics.dropped.add(excess, endpoint.url)
        this.#options.logger.warn('Alert notification queue full, dropping alerts', {
          alertmanager: endpoint.url,
          count: excess,
        })
      }
      void this.#drain(endpoint)
    }
  }

  /** Waits for what is queued, but not longer than `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#discovery.stop()
    const until = performance.now() + graceMs
    while (
      performance.now() < until &&
      [...this.#endpoints()].some(({ queue, sending }) => sending || queue.length > 0)
    )
      await new Promise((resolve) => setTimeout(resolve, 20))
    for (const { client } of this.#entries.values()) client.close()
  }

  *#endpoints(): IterableIterator<Endpoint> {
    for (const { endpoints } of this.#entries.values()) yield* endpoints.values()
  }

  #update(key: string, groups: readonly TargetGroup[]): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    const found = new Map<string, Endpoint>()
    entry.dropped = 0
    for (const labels of labelsOf(groups, entry.config)) {
      const relabelled = relabel(labels, entry.config.relabel_configs)
      const url = relabelled === undefined ? undefined : endpointUrl(relabelled)
      if (url === undefined) entry.dropped++
      else if (this.#options.isOurs(url))
        this.#options.logger.info(
          'An entry of alertmanagers is this server itself: the built-in Alertmanager gets the alerts directly',
          { url: url.href },
        )
      else
        found.set(
          url.href,
          entry.endpoints.get(url.href) ?? { url: url.href, entry, queue: [], sending: false },
        )
    }
    entry.endpoints = new Map([...found].map(([url, endpoint]) => [url, { ...endpoint, entry }]))
  }

  async #drain(endpoint: Endpoint): Promise<void> {
    if (endpoint.sending) return
    endpoint.sending = true
    try {
      while (endpoint.queue.length > 0)
        await this.#post(endpoint, endpoint.queue.splice(0, this.#options.batchSize))
    } finally {
      endpoint.sending = false
    }
  }

  async #post({ url, entry }: Endpoint, alerts: readonly NotifierAlert[]): Promise<void> {
    const started = performance.now()
    try {
      const response = await entry.client.request({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts.map(toJson)),
        signal: AbortSignal.timeout(entry.config.timeout),
      })
      if (response.status >= 300) throw new Error(`bad response status ${response.status}`)
      this.#metrics.sent.add(alerts.length, url)
    } catch (error) {
      this.#metrics.errors.add(alerts.length, url)
      this.#metrics.dropped.add(alerts.length, url)
      this.#options.logger.error('Error sending alerts', { alertmanager: url, count: alerts.length, error })
    } finally {
      this.#metrics.latency.observe((performance.now() - started) / 1000, url)
    }
  }
}

/** Labels of the discovered targets, with those that make up the URL. */
function* labelsOf(groups: readonly TargetGroup[], config: AlertmanagerConfig): IterableIterator<Labels> {
  for (const group of groups)
    for (const target of group.targets)
      yield Labels.from({
        __scheme__: config.scheme,
        __alerts_path__: `${config.path_prefix.replace(/\/+$/, '')}${REQUEST_PATH}`.replace(/^\/*/, '/'),
        ...group.labels,
        ...target,
      })
}

function endpointUrl(labels: Labels): URL | undefined {
  const address = labels.get('__address__')
  const text = `${labels.get('__scheme__')}://${address}${labels.get('__alerts_path__')}`
  return address === '' || !URL.canParse(text) ? undefined : new URL(text)
}

function toJson({ labels, annotations, startsAtMs, endsAtMs, generatorUrl }: NotifierAlert): object {
  return {
    labels: labels.toObject(),
    annotations: annotations.toObject(),
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    generatorURL: generatorUrl,
  }
}

/** The sender's metrics under Prometheus's names and HELP. */
class SenderMetrics {
  readonly sent: Counter
  readonly errors: Counter
  readonly dropped: Counter
  readonly latency: Summary

  constructor(registry: Registry, sender: ExternalAlertmanagers, capacity: number) {
    const labels = ['alertmanager']
    this.sent = registry.counter({
      name: 'prometheus_notifications_sent_total',
      help: 'Total number of alerts sent.',
      labels,
    })
    this.errors = registry.counter({
      name: 'prometheus_notifications_errors_total',
      help: 'Total number of sent alerts affected by errors.',
      labels,
    })
    this.dropped = registry.counter({
      name: 'prometheus_notifications_dropped_total',
      help: 'Total number of alerts dropped due to errors when sending to Alertmanager.',
      labels,
    })
    this.latency = registry.summary({
      name: 'prometheus_notifications_latency_seconds',
      help: 'Latency quantiles for sending alert notifications.',
      labels,
      quantiles: [0.5, 0.9, 0.99],
    })
    const gauge = (name: string, help: string): Gauge => registry.gauge({ name, help })
    const length = registry.gauge({
      name: 'prometheus_notifications_queue_length',
      help: 'The number of alert notifications in the queue.',
      labels,
    })
    const discovered = gauge(
      'prometheus_notifications_alertmanagers_discovered',
      'The number of alertmanagers discovered and active.',
    )
    gauge('prometheus_notifications_queue_capacity', 'The capacity of the alert notifications queue.').set(
      capacity,
    )
    registry.onCollect(() => {
      const { queued } = sender
      discovered.set(queued.size)
      length.reset()
      for (const [url, count] of queued) length.set(count, url)
    })
  }
}
