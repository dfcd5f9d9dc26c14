import type { Counter, Gauge, Histogram, Registry } from '@promontory/base'

/** Alertmanager's metrics, under its names. */
export interface AlertmanagerMetrics {
  readonly alerts: Gauge
  readonly alertsReceived: Counter
  readonly alertsInvalid: Counter
  readonly alertsLimited: Counter
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
}

/** Registers the metrics; once per registry. */
export function createAlertmanagerMetrics(registry: Registry): AlertmanagerMetrics {
  const counter = (name: string, help: string, labels: string[] = []): Counter =>
    registry.counter({ name: `alertmanager_${name}`, help, labels })
  const gauge = (name: string, help: string, labels: string[] = []): Gauge =>
    registry.gauge({ name: `alertmanager_${name}`, help, labels })
  singleInstance(gauge)
  return {
    alerts: gauge('alerts', 'How many alerts by state.', ['state']),
    alertsReceived: counter('alerts_received_total', 'The total number of received alerts.', ['status', 'version']),
    alertsInvalid: counter('alerts_invalid_total', 'The total number of received alerts that were invalid.', ['version']),
    alertsLimited: counter('alerts_limited_total', 'The total number of alerts that were dropped due to per alert name limit', ['alertname']),
    notifications: counter('notifications_total', 'The total number of attempted notifications.', ['integration']),
    notificationsFailed: counter('notifications_failed_total', 'The total number of failed notifications.', ['integration', 'reason']),
    notificationsSuppressed: counter('notifications_suppressed_total', 'The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.', ['reason']),
    notificationRequests: counter('notification_requests_total', 'The total number of attempted notification requests.', ['integration']),
    notificationRequestsFailed: counter('notification_requests_failed_total', 'The total number of failed notification requests.', ['integration']),
    notificationLatency: registry.histogram({
      name: 'alertmanager_notification_latency_seconds',
      help: 'The latency of notifications in seconds.',
      labels: ['integration'],
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
  } // prettier-ignore
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
