import { setTimeout } from 'node:timers/promises'
import type { Logger } from '@promontory/base'
import { type Alert, type Flush, isResolvedAt, matchesAll } from '@promontory/alertmanager'
import { type GroupReport, groupReport, type IncidentAlert, type Incidents } from '@promontory/incidents'
import type { IncidentTrigger } from '../config/promontory-config.ts'

/** Groups that are reported at once. */
const BATCH_MAX = 100
/** Between two batches: others gather meanwhile, so that a storm of groups costs few transactions. */
const PAUSE_MS = 200
/** After so many failures one after another it is the database, and the rest of a batch is not tried. */
const FAILURES_MAX = 2

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

  async #drain(): Promise<void> {
    this.#isDraining = true
    while (this.#waiting.size > 0) {
      await this.#report(this.#takeBatch())
      await setTimeout(PAUSE_MS, undefined, { ref: false })
    }
    this.#isDraining = false
  }

  /** The first report of each of some groups. */
  #takeBatch(): Map<string, Waiting> {
    const batch = new Map<string, Waiting>()
    for (const [key, [first, ...later]] of this.#waiting) {
      batch.set(key, first!)
      if (later.length === 0) this.#waiting.delete(key)
      else this.#waiting.set(key, later)
      if (batch.size === BATCH_MAX) break
    }
    return batch
  }

  async #report(batch: ReadonlyMap<string, Waiting>): Promise<void> {
    try {
      return await this.#incidents.reportAll([...batch.values()].map(({ report }) => report))
    } catch {
      // One of them may be at fault, or another instance has opened one just now: one by one then.
    }
    let failures = 0
    for (const [key, waiting] of batch) {
      if (failures < FAILURES_MAX && (await this.#reportOne(waiting))) failures = 0
      else {
        failures++
        // The next flush tries again.
        this.#reported.delete(key)
      }
    }
  }

  /** Whether it was written. */
  async #reportOne({ report, groupKey }: Waiting): Promise<boolean> {
    try {
      await this.#incidents.report(report)
      return true
    } catch (error) {
      this.#logger.error('A group of alerts could not be reported to the incidents', { groupKey, err: error })
      return false
    }
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
