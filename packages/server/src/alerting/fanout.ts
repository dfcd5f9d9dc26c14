import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Clock, Gauge, Logger, Registry } from '@promontory/base'
import { formatFault } from '@promontory/base/yaml'
import { Alertmanager, type PreparedConfig } from '@promontory/alertmanager'
import { DiscoveryMetrics } from '@promontory/discovery'
import { Labels, type Notifier, type NotifierAlert } from '@promontory/model'
import { relabel, type RelabelConfig } from '@promontory/model/relabel'
import type { PrometheusConfig } from '../config/index.ts'
import { isLoopbackAddress, type Listener, splitAddress } from '../http/listener.ts'
import type { ServerOptions } from '../options.ts'
import { ExternalAlertmanagers } from './external-alertmanagers.ts'
import type { AlertMemory } from './alert-memory.ts'
import { ApiLimits } from './api-limits.ts'
import { Inbox } from './inbox.ts'
import { IncidentFeed } from './incident-feed.ts'
import type { Incidents } from '@promontory/incidents'
import type { PromontoryConfig } from '../config/promontory-config.ts'

export interface AlertFanoutInput {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly listeners: readonly Listener[]
  readonly externalUrl: string
  readonly memory: AlertMemory
  readonly incidents: Incidents
}

/** Where alerts will go, read and checked. */
export interface PreparedAlerting {
  readonly config: PrometheusConfig['alerting']
  /** For the built-in Alertmanager; undefined when it does not run. */
  readonly builtIn: PreparedConfig | undefined
  /** The text of that configuration and where it comes from. */
  readonly source: AlertmanagerSource | undefined
  readonly own: PromontoryConfig
}

export interface AlertmanagerSource {
  readonly yaml: string
  readonly file: string
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
  readonly apiLimits: ApiLimits
  readonly discoveryMetrics: DiscoveryMetrics
  readonly #input: AlertFanoutInput
  readonly #successful: Gauge
  #externalLabels: Labels = Labels.EMPTY
  #relabelConfigs: readonly RelabelConfig[] = []
  readonly #incidentFeed: IncidentFeed
  #source: AlertmanagerSource | undefined

  constructor(input: AlertFanoutInput) {
    this.#input = input
    const { options, clock, logger, registry, externalUrl } = input
    this.discoveryMetrics = new DiscoveryMetrics(registry)
    this.apiLimits = new ApiLimits(registry, options.alertmanagerWeb)
    this.alertmanager = new Alertmanager({
      clock,
      logger: logger.with({ component: 'alertmanager' }),
      registry,
      externalUrl,
      silenceLog: input.memory.silences,
      notificationLog: input.memory.notifications,
      acknowledgementLog: input.memory.acknowledgements,
      maintenanceLog: input.memory.maintenance,
      historyStore: input.memory.history,
      ...options.alertmanager,
      ...(input.memory.turns === undefined ? {} : { turns: input.memory.turns }),
      ...(input.memory.onAlert === undefined ? {} : { onAlert: input.memory.onAlert }),
      onGroup: (flush, unmuted) => this.#incidentFeed.take(flush, unmuted),
    })
    this.#incidentFeed = new IncidentFeed(input.incidents, logger.with({ component: 'incidents' }))
    input.memory.connect(this.alertmanager)
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
    return this.#source !== undefined
  }

  /** The built-in Alertmanager's configuration in force. */
  get source(): AlertmanagerSource | undefined {
    return this.#source
  }

  /** @throws ConfigErrors, UnsupportedConfigError, TemplateError of the Alertmanager's configuration */
  prepare({ alerting }: PrometheusConfig, own: PromontoryConfig): PreparedAlerting {
    const file = this.#input.options.alertmanagerConfigFile
    if (file !== undefined) {
      const path = resolve(file)
      const source = { yaml: readFileSync(path, 'utf8'), file: path }
      const builtIn = this.alertmanager.prepareConfig(source.yaml, path)
      refusePeers(builtIn, path)
      return { config: alerting, builtIn, source, own }
    }
    if (alerting.alertmanagers.length > 0)
      return { config: alerting, builtIn: undefined, source: undefined, own }
    const source = { yaml: inboxConfig(this.#input), file: 'built-in Alertmanager configuration' }
    return {
      config: alerting,
      builtIn: this.alertmanager.prepareConfig(source.yaml, source.file),
      source,
      own,
    }
  }

  apply({ config, builtIn, source, own }: PreparedAlerting, externalLabels: Labels): void {
    this.#externalLabels = externalLabels
    this.#relabelConfigs = config.alert_relabel_configs
    this.#source = source
    this.#incidentFeed.triggers = own.incidents.open_for
    this.#successful.set(builtIn === undefined ? 0 : 1)
    for (const notice of builtIn?.notices ?? []) this.#input.logger.warn(formatFault(notice, notice.text))
    if (builtIn !== undefined) void this.alertmanager.applyConfig(builtIn)
    this.external.applyConfig(config.alertmanagers)
  }

  /** Alerts with external labels, relabelled. */
  label(alerts: readonly NotifierAlert[]): NotifierAlert[] {
    return alerts.flatMap((alert) => {
      const labels = relabel(withExternal(alert.labels, this.#externalLabels), this.#relabelConfigs)
      return labels === undefined ? [] : [{ ...alert, labels }]
    })
  }

  send(alerts: readonly NotifierAlert[]): void {
    const labelled = this.label(alerts)
    if (labelled.length === 0) return
    if (this.builtInRuns) this.alertmanager.send(labelled)
    this.external.send(labelled)
  }

  async stop(): Promise<void> {
    await this.external.stop(STOP_GRACE_MS)
    await this.alertmanager.stop()
    this.#input.memory.stop()
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
