import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Clock, Gauge, Logger, Registry } from '@promontory/base'
import { formatFault } from '@promontory/base/yaml'
import { Alertmanager, JsonLinesLog, type PreparedConfig } from '@promontory/alertmanager'
import { DiscoveryMetrics } from '@promontory/discovery'
import { Labels, type Notifier, type NotifierAlert } from '@promontory/model'
import { relabel, type RelabelConfig } from '@promontory/model/relabel'
import type { PrometheusConfig } from '../config/index.ts'
import { isLoopbackAddress, type Listener, splitAddress } from '../http/listener.ts'
import type { ServerOptions } from '../options.ts'
import { ExternalAlertmanagers } from './external-alertmanagers.ts'
import { Inbox } from './inbox.ts'

export interface AlertFanoutInput {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly listeners: readonly Listener[]
  readonly externalUrl: string
}

/** Where alerts will go, read and checked. */
export interface PreparedAlerting {
  readonly config: PrometheusConfig['alerting']
  /** For the built-in Alertmanager; undefined when it does not run. */
  readonly builtIn: PreparedConfig | undefined
}

/** How long queued alerts may take to leave when the server stops. */
const STOP_GRACE_MS = 5000

/**
 * Takes the alerts of the rules, adds external labels, relabels them, and hands them to the built-in Alertmanager and to
 * all external ones. The built-in one runs when it has a configuration file, or when no external one is configured.
 */
export class AlertFanout implements Notifier {
  readonly alertmanager: Alertmanager
  readonly external: ExternalAlertmanagers
  readonly inbox: Inbox = new Inbox()
  readonly discoveryMetrics: DiscoveryMetrics
  readonly #input: AlertFanoutInput
  readonly #successful: Gauge
  #externalLabels: Labels = Labels.EMPTY
  #relabelConfigs: readonly RelabelConfig[] = []
  #builtInRuns = false

  constructor(input: AlertFanoutInput) {
    this.#input = input
    const { options, clock, logger, registry, externalUrl } = input
    this.discoveryMetrics = new DiscoveryMetrics(registry)
    this.alertmanager = new Alertmanager({
      clock,
      logger: logger.with({ component: 'alertmanager' }),
      registry,
      externalUrl,
      silenceLog: new JsonLinesLog(join(options.ownDirectory, 'silences.jsonl'), logger),
      notificationLog: new JsonLinesLog(join(options.ownDirectory, 'notifications.jsonl'), logger),
    })
    this.external = new ExternalAlertmanagers({
      clock,
      logger: logger.with({ component: 'notifier' }),
      registry,
      discoveryMetrics: this.discoveryMetrics,
      queueCapacity: options.notificationQueueCapacity,
      batchSize: options.notificationBatchSize,
      isOurs: (url) => this.#isOurs(url),
    })
    this.#successful = registry.gauge({
      name: 'promontory_alertmanager_runs',
      help: 'Whether the built-in Alertmanager takes alerts: 1 or 0.',
    })
  }

  /** Whether alerts go to the built-in Alertmanager. */
  get builtInRuns(): boolean {
    return this.#builtInRuns
  }

  /** @throws ConfigErrors, UnsupportedConfigError, TemplateError of the Alertmanager's configuration */
  prepare({ alerting }: PrometheusConfig): PreparedAlerting {
    const file = this.#input.options.alertmanagerConfigFile
    if (file !== undefined) {
      const path = resolve(file)
      const builtIn = this.alertmanager.prepareConfig(readFileSync(path, 'utf8'), path)
      refusePeers(builtIn, path)
      return { config: alerting, builtIn }
    }
    if (alerting.alertmanagers.length > 0) return { config: alerting, builtIn: undefined }
    return {
      config: alerting,
      builtIn: this.alertmanager.prepareConfig(
        inboxConfig(this.#input),
        'built-in Alertmanager configuration',
      ),
    }
  }

  apply({ config, builtIn }: PreparedAlerting, externalLabels: Labels): void {
    this.#externalLabels = externalLabels
    this.#relabelConfigs = config.alert_relabel_configs
    this.#builtInRuns = builtIn !== undefined
    this.#successful.set(builtIn === undefined ? 0 : 1)
    for (const notice of builtIn?.notices ?? []) this.#input.logger.warn(formatFault(notice, notice.text))
    if (builtIn !== undefined) void this.alertmanager.applyConfig(builtIn)
    this.external.applyConfig(config.alertmanagers)
  }

  send(alerts: readonly NotifierAlert[]): void {
    const labelled = alerts.flatMap((alert) => {
      const labels = relabel(withExternal(alert.labels, this.#externalLabels), this.#relabelConfigs)
      return labels === undefined ? [] : [{ ...alert, labels }]
    })
    if (labelled.length === 0) return
    if (this.#builtInRuns) this.alertmanager.send(labelled)
    this.external.send(labelled)
  }

  async stop(): Promise<void> {
    await this.external.stop(STOP_GRACE_MS)
    await this.alertmanager.stop()
  }

  #isOurs(url: URL): boolean {
    const { options, listeners } = this.#input
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
    const ports = listeners.map((listener) => String(listener.port))
    if (options.alertmanagerListenAddress !== undefined)
      ports.push(String(splitAddress(options.alertmanagerListenAddress).port))
    return isLoopbackAddress(url.hostname.replace(/^\[|\]$/g, '')) && ports.includes(port)
  }
}

/** A misplaced `cluster:` block means the flags of that name: without peers it says nothing, with peers it asks for too much. */
function refusePeers({ loaded }: PreparedConfig, file: string): void {
  const { cluster } = loaded
  const peers =
    typeof cluster === 'object' && cluster !== null && !Array.isArray(cluster) ? cluster['peers'] : undefined
  if (Array.isArray(peers) && peers.length > 0)
    throw new Error(
      `${file}: cluster.peers: clustering is not supported yet (${peers.join(', ')}): leave the peers out`,
    )
}

/** Labels of the alert win over external ones. */
function withExternal(labels: Labels, external: Labels): Labels {
  let result = labels
  for (const [name, value] of external) if (!result.has(name)) result = result.with(name, value)
  return result
}

/** Without a configuration of its own, everything goes to the inbox of the pages, by way of a real webhook. */
function inboxConfig({ listeners, options }: AlertFanoutInput): string {
  return `route:
  receiver: inbox
  group_by: [alertname]
  group_wait: 5s
  group_interval: 30s
  repeat_interval: 4h
receivers:
  - name: inbox
    webhook_configs:
      - url: ${listeners[0]!.url}${options.routePrefix}/api/v1/inbox
        send_resolved: true
`
}
