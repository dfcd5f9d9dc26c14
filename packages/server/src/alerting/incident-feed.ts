import { setTimeout } from 'node:timers/promises'
import type { Logger } from '@promontory/base'
import { type Alert, type Flush, isResolvedAt, matchesAll } from '@promontory/alertmanager'
import { type GroupReport, groupReport, type IncidentAlert, type Incidents } from '@promontory/incidents'
import type { IncidentTrigger } from '../config/promontory-config.ts'

/** Groups that may wait before there are pauses between reports. */
const UNHURRIED_MAX = 20

interface Waiting {
  readonly report: GroupReport
  readonly groupKey: string
}

/** Hands groups of the built-in Alertmanager that concern people on to the incidents, when something has changed. */
export class IncidentFeed {
  readonly #incidents: Incidents
  readonly #logger: Logger
  /** What was reported last, by receiver and group. */
  readonly #reported = new Map<string, string>()
  /** Not yet reported, by receiver and group. */
  readonly #waiting = new Map<string, readonly Waiting[]>()
  #isDraining = false
  triggers: readonly IncidentTrigger[] = []

  constructor(incidents: Incidents, logger: Logger) {
    this.#incidents = incidents
    this.#logger = logger
  }

  /** Never throws: the Alertmanager goes on whatever becomes of incidents. */
  take({ group, alerts, nowMs }: Flush, unmuted: readonly Alert[]): void {
    const { receiver } = group.route
    const triggers = this.triggers.filter(
      (trigger) => trigger.receiver === undefined || trigger.receiver === receiver,
    )
    if (triggers.length === 0) return
    const awake = new Set(unmuted)
    const concerned = alerts.filter(
      (alert) =>
        // What is held back opens nothing, but it has not resolved either.
        (awake.has(alert) || isResolvedAt(alert, nowMs)) &&
        triggers.some(({ matchers }) => matchesAll(matchers, alert.labels)),
    )
    if (concerned.length === 0) return
    const key = `${receiver}\0${group.key}`
    const told = concerned.map((alert) => incidentAlert(alert, nowMs))
    const digest = told
      .map(({ fingerprint, status }) => `${status[0]}${fingerprint}`)
      .sort()
      .join()
    if (this.#reported.get(key) === digest) return
    if (told.every(({ status }) => status === 'resolved')) this.#reported.delete(key)
    else this.#reported.set(key, digest)
    const groupLabels = group.labels.toObject()
    const report = groupReport({ source: 'alerts', key, reporter: receiver, groupLabels, alerts: told })
    this.#enqueue(key, { report, groupKey: group.key })
  }

  /** What has not been reported yet is replaced by what is newer, unless the newer one is an end: then both count. */
  #enqueue(key: string, waiting: Waiting): void {
    const before = this.#waiting.get(key) ?? []
    const isEnd = waiting.report.alerts.every(({ status }) => status === 'resolved')
    this.#waiting.set(key, isEnd ? [...before.slice(-1), waiting] : [waiting])
    if (!this.#isDraining) void this.#drain()
  }

  /** One after another: a storm of groups must not storm the database. */
  async #drain(): Promise<void> {
    this.#isDraining = true
    for (let next = this.#waiting.entries().next(); !next.done; next = this.#waiting.entries().next()) {
      const [key, reports] = next.value
      this.#waiting.delete(key)
      const startedMs = performance.now()
      for (const { report, groupKey } of reports)
        try {
          await this.#incidents.report(report)
        } catch (error) {
          // The next flush tries again.
          this.#reported.delete(key)
          this.#logger.error('A group of alerts could not be reported to the incidents', {
            groupKey,
            err: error,
          })
        }
      // A third of the time at most: alerts and their notifications come first.
      if (this.#waiting.size > UNHURRIED_MAX) await setTimeout(2 * (performance.now() - startedMs))
    }
    this.#isDraining = false
  }
}

function incidentAlert(alert: Alert, nowMs: number): IncidentAlert {
  const isResolved = isResolvedAt(alert, nowMs)
  return {
    fingerprint: alert.fingerprint,
    status: isResolved ? 'resolved' : 'firing',
    labels: alert.labels.toObject(),
    annotations: alert.annotations.toObject(),
    startsAtMs: Math.floor(alert.startsAtMs),
    ...(isResolved ? { endsAtMs: Math.floor(alert.endsAtMs) } : {}),
  }
}
