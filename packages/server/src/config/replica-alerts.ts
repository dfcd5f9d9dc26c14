import { Labels } from '@promontory/model'
import { relabel } from '@promontory/model/relabel'
import type { AlertingConfig } from './alerting-config.ts'

/** Names by which replicas of one server are told apart: those of Prometheus's documents, of Thanos, of Mimir, of the Prometheus Operator. */
const REPLICA_NAMES = /^(prometheus_|rule_|receive_)?replica$|^__replica__$/

/**
 * External labels that tell replicas apart and are still on the alerts: an Alertmanager takes the alerts of each replica for others then, and
 * tells each of them.
 * @returns their names
 */
export function replicaLabelsOfAlerts(
  externalLabels: Readonly<Record<string, string>>,
  alerting: AlertingConfig,
): string[] {
  const names = Object.keys(externalLabels).filter((name) => REPLICA_NAMES.test(name))
  if (names.length === 0) return []
  const alert = Labels.from({ ...externalLabels, alertname: 'Example' })
  const common = relabel(alert, alerting.alert_relabel_configs)
  const sent = alerting.alertmanagers.map(({ alert_relabel_configs: own }) =>
    common === undefined ? undefined : relabel(common, own),
  )
  // Without Alertmanagers of the file the built-in one is told.
  const all = sent.length === 0 ? [common] : sent
  return names.filter((name) => all.some((labels) => labels?.has(name) === true))
}
