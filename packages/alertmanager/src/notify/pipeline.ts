import type { Clock, Logger } from '@promontory/base'
import { isResolvedAt, type Alert } from '../alerts/alert.ts'
import type { AlertmanagerMetrics } from '../alertmanager-metrics.ts'
import { containsTime, type TimeInterval } from '../config/time-interval.ts'
import type { Flush } from '../dispatch/alert-group.ts'
import type { History, HistoryEvent } from '../history/history.ts'
import type { Inhibitor } from '../inhibit/inhibitor.ts'
import {
  reasonToNotify,
  type NotificationEntry,
  type NotificationLog,
  type NotifyReason,
} from '../nflog/notification-log.ts'
import type { Silences } from '../silence/silences.ts'
import { notificationJson, type Notification } from '../template/notification-data.ts'
import type { NotificationTemplates } from '../template/notification-templates.ts'
import { alertWords, silenceWords, timeWords } from '../plain-words.ts'
import { NotifyError, type FailureReason, type Integration } from './integration.ts'
import { pauseAfter, wait } from './retry.ts'
import type { Turns } from './turns.ts'
import type { Acknowledgements } from '../acknowledge/acknowledgements.ts'

export interface PipelineOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: AlertmanagerMetrics
  readonly history: History
  readonly inhibitor: Inhibitor
  readonly silences: Silences
  readonly log: NotificationLog
  readonly templates: NotificationTemplates
  readonly intervals: ReadonlyMap<string, readonly TimeInterval[]>
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
  readonly externalUrl: string
  readonly acknowledgements: Acknowledgements
  /** Of several instances; undefined when this is the only one. */
  readonly turns: Turns | undefined
  /** Hears of each group before it is told: all its alerts, and those that nothing holds back. */
  readonly onGroup: ((flush: Flush, unmuted: readonly Alert[]) => void) | undefined
}

/**
 * What happens to a group whose time has come:
 * 1. alerts that are inhibited are left out; 2. a route outside its active or inside its mute times says nothing;
 * 3. silenced alerts are left out; then for each integration of the receiver, side by side:
 * 4. the notification log decides whether there is anything to tell; 5. the delivery is tried until the group interval
 * is over; 6. what was told is written down, after the send: a crash in between repeats it, none is lost.
 */
export class Pipeline {
  readonly #options: PipelineOptions

  constructor(options: PipelineOptions) {
    this.#options = options
  }

  /** Whether everything that had to be delivered was. */
  async run(due: Flush): Promise<boolean> {
    await this.#options.turns?.refresh()
    const flush = this.#options.turns === undefined ? due : { ...due, alerts: due.group.alerts }
    const alerts = this.#unmuted(flush)
    this.#options.onGroup?.(flush, alerts)
    if (alerts.length === 0) return true
    const { route } = flush.group
    await this.#reviewAcknowledgement(flush, alerts)
    const routeLabels = this.#routeLabels(flush, alerts)
    const integrations = this.#options.receivers.get(route.receiver) ?? []
    const results = await Promise.all(
      integrations.map((integration) => this.#tell(integration, flush, alerts, routeLabels)),
    )
    return results.every((delivered) => delivered)
  }

  /** Ends an acknowledgement that the alerts have outlived. */
  async #reviewAcknowledgement({ group, nowMs }: Flush, alerts: readonly Alert[]): Promise<void> {
    const { acknowledgements, logger } = this.#options
    const firing = alerts.filter((alert) => !isResolvedAt(alert, nowMs)).map(({ fingerprint }) => fingerprint)
    try {
      await acknowledgements.review(group.key, group.route.receiver, firing)
    } catch (error) {
      logger.error('The end of an acknowledgement cannot be written', { groupKey: group.key, err: error })
    }
  }

  // Muting

  /** What nothing holds back now, without a word about the rest. */
  #awake({ group, nowMs }: Flush): readonly Alert[] {
    const { silences, inhibitor } = this.#options
    return group.alerts.filter(
      ({ labels }) =>
        inhibitor.inhibitedBy(labels, nowMs) === undefined && silences.silencing(labels, nowMs).length === 0,
    )
  }

  #unmuted(flush: Flush): readonly Alert[] {
    const { silences, inhibitor, metrics } = this.#options
    const awake = flush.alerts.filter((alert) => {
      const source = inhibitor.inhibitedBy(alert.labels, flush.nowMs)
      if (source === undefined) return true
      const rule = source.rule === '' ? '' : ` (rule ${source.rule})`
      const words = alertWords(source.fingerprint, source.labels)
      this.#note(flush, 'inhibited', [alert], `inhibited by ${words}${rule}`)
      metrics.notificationsSuppressed.inc('inhibition')
      return false
    })
    if (awake.length === 0 || this.#isMutedByTime(flush, awake)) return []
    return awake.filter((alert) => {
      const ids = silences.silencing(alert.labels, flush.nowMs)
      if (ids.length === 0) return true
      const words = ids.map((id) => silenceWords(id, silences.get(id)))
      this.#note(flush, 'silenced', [alert], `silenced by ${words.join(', and by ')}`)
      metrics.notificationsSuppressed.inc('silence')
      return false
    })
  }

  #isMutedByTime(flush: Flush, alerts: readonly Alert[]): boolean {
    const { group, nowMs } = flush
    const { metrics } = this.#options
    const { activeTimeIntervals: active, muteTimeIntervals: mute } = group.route
    if (active.length > 0 && !active.some((name) => this.#holds(name, nowMs))) {
      group.mutedBy = active
      this.#note(flush, 'inactive', alerts, `outside of the active times ${active.join(', ')}`)
      metrics.notificationsSuppressed.add(alerts.length, 'active_time_interval')
      return true
    }
    group.mutedBy = mute.filter((name) => this.#holds(name, nowMs))
    if (group.mutedBy.length === 0) return false
    this.#note(flush, 'muted', alerts, `within the mute times ${group.mutedBy.join(', ')}`)
    metrics.notificationsSuppressed.add(alerts.length, 'mute_time_interval')
    return true
  }

  #holds(name: string, nowMs: number): boolean {
    return this.#options.intervals.get(name)?.some((interval) => containsTime(interval, nowMs)) ?? false
  }

  // Telling

  #routeLabels(flush: Flush, alerts: readonly Alert[]): Readonly<Record<string, string>> {
    const { labels } = flush.group.route
    if (Object.keys(labels).length === 0) return {}
    const raw = this.#notification(flush, alerts, labels, 'first notification')
    try {
      return this.#options.templates.routeLabels(notificationJson(raw))
    } catch (error) {
      this.#options.logger.error('failed to render route labels', { groupKey: flush.group.key, err: error })
      return {}
    }
  }

  #notification(
    { group, nowMs }: Flush,
    alerts: readonly Alert[],
    routeLabels: Readonly<Record<string, string>>,
    reason: NotifyReason,
  ): Notification {
    return {
      receiver: group.route.receiver,
      groupKey: group.key,
      groupLabels: group.labels,
      routeLabels,
      alerts,
      reason,
      nowMs,
      externalUrl: this.#options.externalUrl,
    }
  }

  async #tell(
    integration: Integration,
    flush: Flush,
    alerts: readonly Alert[],
    routeLabels: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const { group } = flush
    const name = `${group.route.receiver}/${integration.kind}/${integration.index}`
    if (!(await this.#hasNews(integration, name, flush, alerts))) return true
    const turn = await this.#options.turns?.take(group.key, name, flush.signal)
    if (turn?.entry !== undefined) this.#options.log.adopt(turn.entry)
    try {
      if (turn === undefined) return await this.#tellNow(integration, name, flush, alerts, routeLabels)
      // Another instance may have told it meanwhile, or heard of more.
      const current = this.#awake(flush)
      if (current.length === 0 || !(await this.#hasNews(integration, name, flush, current))) return true
      return await this.#tellNow(integration, name, flush, current, routeLabels)
    } finally {
      await turn?.finish()
    }
  }

  /** Whether there is anything to tell; when not, the history says why. */
  async #hasNews(
    integration: Integration,
    name: string,
    flush: Flush,
    alerts: readonly Alert[],
  ): Promise<boolean> {
    const { group } = flush
    const { entry, firing, reason } = this.#news(integration, name, flush, alerts)
    if (reason === undefined) {
      const isRepeat = entry !== undefined && firing.length > 0
      const detail = isRepeat
        ? `told at ${timeWords(entry.timestampMs)}, told again after ${group.route.repeatIntervalMs / 1000} s`
        : 'resolved before anybody was told'
      this.#note(flush, isRepeat ? 'repeated too early' : 'nothing new', alerts, detail, name)
      return false
    }
    if (reason !== 'repeat interval elapsed') return true
    const held = this.#options.acknowledgements.of(group.key, group.route.receiver)
    if (held === undefined) return true
    this.#note(
      flush,
      'acknowledged',
      alerts,
      `${held.owner} takes care: ${held.comment || 'no comment'}`,
      name,
    )
    return false
  }

  #news(
    integration: Integration,
    name: string,
    { group, nowMs }: Flush,
    alerts: readonly Alert[],
  ): {
    entry: NotificationEntry | undefined
    firing: readonly string[]
    resolved: readonly string[]
    reason: NotifyReason | undefined
  } {
    this.#options.metrics.nflog.queries.inc()
    const entry = this.#options.log.query(group.key, name)
    const isResolved = (alert: Alert): boolean => isResolvedAt(alert, nowMs)
    const firing = alerts.filter((alert) => !isResolved(alert)).map(({ fingerprint }) => fingerprint)
    const resolved = alerts.filter(isResolved).map(({ fingerprint }) => fingerprint)
    const { repeatIntervalMs } = group.route
    const { sendResolved } = integration
    const reason = reasonToNotify(entry, { firing, resolved }, { sendResolved, repeatIntervalMs, nowMs })
    return { entry, firing, resolved, reason }
  }

  async #tellNow(
    integration: Integration,
    name: string,
    flush: Flush,
    alerts: readonly Alert[],
    routeLabels: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const { group, nowMs } = flush
    const { repeatIntervalMs } = group.route
    const { entry, firing, resolved, reason } = this.#news(integration, name, flush, alerts)
    if (reason === undefined) return true
    const told = integration.sendResolved ? alerts : alerts.filter((alert) => !isResolvedAt(alert, nowMs))
    const data = new Map(Object.entries(reason === 'first notification' ? {} : (entry?.data ?? {})))
    if (told.length > 0) {
      const notification = this.#notification(flush, told, routeLabels, reason)
      if (!(await this.#deliver(integration, name, flush, notification, data))) return false
    }
    await this.#record({
      groupKey: group.key,
      integration: name,
      firing,
      resolved,
      data,
      nowMs,
      repeatIntervalMs,
    })
    return true
  }

  async #record(told: {
    groupKey: string
    integration: string
    firing: readonly string[]
    resolved: readonly string[]
    data: ReadonlyMap<string, string>
    nowMs: number
    repeatIntervalMs: number
  }): Promise<void> {
    const { log, clock, logger, metrics } = this.#options
    const { groupKey, integration, firing, resolved, data } = told
    const timestampMs = clock.nowMs()
    const expiresAtMs = timestampMs + 2 * told.repeatIntervalMs
    try {
      await log.record({
        groupKey, integration, firing, resolved, timestampMs, expiresAtMs,
        ...(data.size === 0 ? {} : { data: Object.fromEntries(data) }),
      }) // prettier-ignore
    } catch (error) {
      metrics.notificationLogErrors.inc()
      logger.error('Notification log cannot be written: a restart would repeat this notification', {
        groupKey,
        integration,
        err: error,
      })
    }
  }

  /** Tries until it works, cannot work, or the time of this flush is over. */
  async #deliver(
    integration: Integration,
    name: string,
    flush: Flush,
    notification: Notification,
    data: Map<string, string>,
  ): Promise<boolean> {
    const { clock, metrics, templates, logger } = this.#options
    const { kind } = integration
    const renderer = templates.renderer(notificationJson(notification))
    const labels = metrics.deliveryLabels(kind, flush.group.route.receiver)
    metrics.notifications.inc(...labels)
    for (let attempt = 0; ; attempt++) {
      const startMs = clock.monotonicMs()
      metrics.notificationRequests.inc(...labels)
      const error = await attemptOnce(() =>
        integration.notify({ notification, renderer, signal: flush.signal, data }),
      )
      metrics.notificationLatency.observe((clock.monotonicMs() - startMs) / 1000, ...labels)
      if (error === undefined) {
        const tries = attempt === 0 ? '' : ` after ${attempt + 1} tries`
        this.#note(flush, 'notified', notification.alerts, notification.reason + tries, name)
        return true
      }
      metrics.notificationRequestsFailed.inc(...labels)
      if (attempt === 0)
        logger.warn('Notify attempt failed', { integration: name, groupKey: flush.group.key, err: error })
      const again = error.retry && (await wait(clock, pauseAfter(attempt, Math.random()), flush.signal))
      if (again) {
        // Groups whose receiver is gone fail together: they must not come back in one turn of the event loop.
        await flush.takeTurn?.()
        continue
      }
      this.#failed(flush, notification, name, labels, attempt + 1, error)
      return false
    }
  }

  #failed(
    flush: Flush,
    notification: Notification,
    name: string,
    labels: readonly string[],
    attempts: number,
    error: NotifyError,
  ): void {
    const isLate = flush.signal.aborted && error.retry
    const reason: FailureReason =
      isLate && error.reason === 'other' ? 'contextDeadlineExceeded' : error.reason
    const what = error.retry ? 'notify retry canceled' : 'notify retry canceled due to unrecoverable error'
    const detail = `${what} after ${attempts} attempts: ${error.message}`
    this.#options.metrics.notificationsFailed.inc(...labels, reason)
    this.#options.logger.error('Notify for alerts failed', {
      integration: name,
      groupKey: flush.group.key,
      err: detail,
    })
    this.#note(flush, 'failed', notification.alerts, detail, name)
  }

  #note(
    { group }: Flush,
    kind: HistoryEvent['kind'],
    alerts: readonly Alert[],
    detail: string,
    integration?: string,
  ): void {
    this.#options.history.add({
      // Of a delivery that took long: when it ended.
      timeMs: this.#options.clock.nowMs(),
      kind,
      alerts: alerts.map(({ fingerprint }) => fingerprint),
      groupKey: group.key,
      receiver: group.route.receiver,
      ...(integration === undefined ? {} : { integration }),
      detail,
    })
  }
}

/** The failure of one try; template faults and the like are final. */
async function attemptOnce(notify: () => Promise<void>): Promise<NotifyError | undefined> {
  try {
    await notify()
    return undefined
  } catch (error) {
    if (error instanceof NotifyError) return error
    return new NotifyError(error instanceof Error ? error.message : String(error), {
      retry: false,
      cause: error,
    })
  }
}
