import type { Counter, Gauge, Histogram, Registry, Summary } from '@promontory/base'
import { FAILURE_REASONS } from './notify/integration.ts'

/** Alertmanager's metrics, under its names. */
export interface AlertmanagerMetrics {
  readonly alerts: Gauge
  readonly alertsReceived: Counter
  readonly alertsInvalid: Counter
  readonly alertsLimited: Counter
  readonly alertsPerNameMax: Gauge
  readonly processingSeconds: Summary
  readonly notifications: Counter
  readonly notificationsFailed: Counter
  readonly notificationsSuppressed: Counter
  readonly notificationRequests: Counter
  readonly notificationRequestsFailed: Counter
  readonly notificationLatency: Histogram
  readonly notificationLogErrors: Counter
  readonly silences: Gauge
  readonly receivers: Gauge
  readonly integrations: Gauge
  readonly inhibitionRules: Gauge
  readonly groups: Gauge
  readonly configHash: Gauge
  readonly reloadSuccessful: Gauge
  readonly reloadTime: Gauge
  readonly nflog: KeptMetrics
  readonly silenceStore: KeptMetrics
  /** Label values of a delivery: the kind of receiver, and its name where that was asked for. */
  deliveryLabels(kind: string, receiver: string): string[]
  /** Lets the counters of receivers begin at 0, so that the first failure is seen as a rise. */
  seed(receivers: ReadonlyMap<string, readonly { readonly kind: string }[]>): void
}

/** How a store that outlives the process is asked and kept small. */
export interface KeptMetrics {
  readonly queries: Counter
  readonly maintenance: Counter
  readonly maintenanceErrors: Counter
  readonly snapshotSeconds: Summary
}

/** Features of Alertmanager that add labels: `receiver-name-in-metrics`, `alert-names-in-metrics`. */
export interface MetricLabels {
  readonly receiverNames: boolean
  readonly alertNames: boolean
}

const SUPPRESSED = ['silence', 'inhibition', 'mute_time_interval', 'active_time_interval']

/** Registers the metrics; once per registry. */
export function createAlertmanagerMetrics(
  registry: Registry,
  { receiverNames, alertNames }: MetricLabels = { receiverNames: false, alertNames: false },
): AlertmanagerMetrics {
  const delivery = receiverNames ? ['integration', 'receiver_name'] : ['integration']
  const counter = (name: string, help: string, labels: string[] = []): Counter =>
    registry.counter({ name: `alertmanager_${name}`, help, labels })
  const gauge = (name: string, help: string, labels: string[] = []): Gauge =>
    registry.gauge({ name: `alertmanager_${name}`, help, labels })
  singleInstance(gauge)
  const metrics = {
    alerts: gauge('alerts', 'How many alerts by state.', ['state']),
    alertsReceived: counter('alerts_received_total', 'The total number of received alerts.', ['status', 'version']),
    alertsInvalid: counter('alerts_invalid_total', 'The total number of received alerts that were invalid.', ['version']),
    alertsLimited: counter('alerts_limited_total', 'Total number of alerts that were dropped due to per alert name limit', alertNames ? ['alertname'] : []),
    alertsPerNameMax: gauge('alerts_per_alert_limit', 'Current limit on number of alerts per alert name'),
    processingSeconds: registry.summary({
      name: 'alertmanager_dispatcher_alert_processing_duration_seconds',
      help: 'Summary of latencies for the processing of alerts.',
      quantiles: [],
    }),
    notifications: counter('notifications_total', 'The total number of attempted notifications.', delivery),
    notificationsFailed: counter('notifications_failed_total', 'The total number of failed notifications.', [...delivery, 'reason']),
    notificationsSuppressed: counter('notifications_suppressed_total', 'The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.', ['reason']),
    notificationRequests: counter('notification_requests_total', 'The total number of attempted notification requests.', delivery),
    notificationRequestsFailed: counter('notification_requests_failed_total', 'The total number of failed notification requests.', delivery),
    notificationLatency: registry.histogram({
      name: 'alertmanager_notification_latency_seconds',
      help: 'The latency of notifications in seconds.',
      labels: delivery,
      buckets: [1, 5, 10, 15, 20],
    }),
    notificationLogErrors: counter('nflog_write_errors_total', 'Notifications whose entry could not be written to the notification log.'),
    silences: gauge('silences', 'How many silences by state.', ['state']),
    receivers: gauge('receivers', 'Number of configured receivers.'),
    integrations: gauge('integrations', 'Number of configured integrations.'),
    inhibitionRules: gauge('inhibition_rules', 'Number of configured inhibition rules.'),
    groups: gauge('dispatcher_aggregation_groups', 'Number of active aggregation groups'),
    configHash: gauge('config_hash', 'Hash of the currently loaded alertmanager configuration. Note that this is not a cryptographically strong hash.'),
    reloadSuccessful: gauge('config_last_reload_successful', 'Whether the last configuration reload attempt was successful.'),
    reloadTime: gauge('config_last_reload_success_timestamp_seconds', 'Timestamp of the last successful configuration reload.'),
    nflog: keptMetrics(registry, 'nflog', 'notification log'),
    silenceStore: keptMetrics(registry, 'silences', 'silence'),
    deliveryLabels: (kind: string, receiver: string) => (receiverNames ? [kind, receiver] : [kind]),
  } // prettier-ignore
  metrics.processingSeconds.touch()
  for (const reason of SUPPRESSED) metrics.notificationsSuppressed.add(0, reason)
  const seed = (receivers: Parameters<AlertmanagerMetrics['seed']>[0]): void => {
    for (const [name, integrations] of receivers)
      for (const { kind } of integrations) seedDelivery(metrics, metrics.deliveryLabels(kind, name))
  }
  return { ...metrics, seed }
}

function seedDelivery(metrics: Omit<AlertmanagerMetrics, 'seed'>, labels: readonly string[]): void {
  metrics.notifications.add(0, ...labels)
  metrics.notificationRequests.add(0, ...labels)
  metrics.notificationRequestsFailed.add(0, ...labels)
  metrics.notificationLatency.touch(...labels)
  for (const reason of FAILURE_REASONS) metrics.notificationsFailed.add(0, ...labels, reason)
}

function keptMetrics(registry: Registry, name: 'nflog' | 'silences', what: string): KeptMetrics {
  const counter = (suffix: string, help: string): Counter => {
    const made = registry.counter({ name: `alertmanager_${name}_${suffix}`, help })
    made.add(0)
    return made
  }
  // Queries go to memory: they do not fail, and nobody would learn from their times.
  counter('query_errors_total', `Number ${what} received queries that failed.`)
  const metrics = {
    queries: counter('queries_total', `Number of ${what} queries were received.`),
    maintenance: counter('maintenance_total', `How many maintenances were executed for the ${what}.`),
    maintenanceErrors: counter('maintenance_errors_total', `How many maintenances were executed for the ${what} that failed.`),
    snapshotSeconds: registry.summary({
      name: `alertmanager_${name}_snapshot_duration_seconds`,
      help: `Duration of the last ${what} snapshot.`,
      quantiles: [],
    }),
  } // prettier-ignore
  metrics.snapshotSeconds.touch()
  return metrics
}

/** What the well-known alerts on clusters read: one healthy member. */
function singleInstance(gauge: (name: string, help: string) => Gauge): void {
  gauge('cluster_enabled', 'Indicates whether the clustering is enabled or not.').set(0)
  gauge('cluster_members', 'Number indicating current number of members in cluster.').set(1)
  gauge('cluster_failed_peers', 'Number indicating the current number of failed peers in the cluster.').set(0)
  gauge(
    'cluster_health_score',
    "Health score of the cluster. Lower values are better and zero means 'totally healthy'.",
  ).set(0)
  gauge(
    'peer_position',
    "Position the Alertmanager instance believes it's in. The position determines a peer's behavior in the cluster.",
  ).set(0)
}
