import { createHash } from 'node:crypto'
import type { Clock, Logger, Registry, Timer } from '@promontory/base'
import { formatFault, type ConfigNotice } from '@promontory/base/yaml'
import type { Notifier, NotifierAlert } from '@promontory/model'
import {
  createAlertmanagerMetrics,
  type AlertmanagerMetrics,
  type KeptMetrics,
  type MetricLabels,
} from './alertmanager-metrics.ts'
import { alertFault, createAlert, isResolvedAt, type Alert, type AlertFields } from './alerts/alert.ts'
import { TimeSlice } from './time-slice.ts'
import { AlertStore } from './alerts/alert-store.ts'
import { Intake } from './alerts/intake.ts'
import { loadAlertmanagerConfig, type LoadedConfig } from './config/alertmanager-config.ts'
import type { AlertGroup } from './dispatch/alert-group.ts'
import { Dispatcher } from './dispatch/dispatcher.ts'
import { Route } from './dispatch/route.ts'
import { History, type HistoryStore } from './history/history.ts'
import { Inhibitor } from './inhibit/inhibitor.ts'
import type { MatcherMode } from './matchers/alert-matcher.ts'
import { Acknowledgements, type Acknowledgement } from './acknowledge/acknowledgements.ts'
import type { Flush } from './dispatch/alert-group.ts'
import { Maintenance } from './maintenance/maintenance.ts'
import type { MaintenanceWindow } from './maintenance/maintenance-window.ts'
import type { Turns } from './notify/turns.ts'
import { NotificationLog, type NotificationEntry } from './nflog/notification-log.ts'
import { createIntegrations } from './notify/create-integrations.ts'
import type { Integration } from './notify/integration.ts'
import { Pipeline } from './notify/pipeline.ts'
import { timeWords } from './plain-words.ts'
import { MemoryRecordLog, type RecordLog } from './record-log.ts'
import type { Silence } from './silence/silence.ts'
import { operatorOf, silenceState } from './silence/silence.ts'
import { Silences, type SilenceLimits } from './silence/silences.ts'
import { notificationJson } from './template/notification-data.ts'
import { NotificationTemplates } from './template/notification-templates.ts'

export interface AlertmanagerOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  /** `--alertmanager.web.external-url`, without a slash at its end: links in notifications start with it. */
  readonly externalUrl: string
  readonly silenceLog?: RecordLog<Silence>
  readonly notificationLog?: RecordLog<NotificationEntry>
  readonly acknowledgementLog?: RecordLog<Acknowledgement>
  /** Without it there are no windows that come again. */
  readonly maintenanceLog?: RecordLog<MaintenanceWindow>
  /** Of several instances; left out when this is the only one. */
  readonly turns?: Turns
  /** Hears of each alert that was sent here, joined with what was known of it; not of those of other instances. Must not throw. */
  readonly onAlert?: (alert: Alert) => void
  /** Hears of each group before it is told: all its alerts, and those that nothing holds back. Must not throw. */
  readonly onGroup?: (flush: Flush, unmuted: readonly Alert[]) => void
  readonly silenceLimits?: Partial<SilenceLimits>
  /** `--alerts.per-alertname-limit`; 0 for any number. */
  readonly alertsPerNameMax?: number
  /** Events of the history held in memory. */
  readonly historyEventsMax?: number
  /** Where the history outlives the process. */
  readonly historyStore?: HistoryStore
  readonly matcherMode?: MatcherMode
  readonly userAgent?: string
  /** `--alerts.gc-interval`, 30m. */
  readonly gcIntervalMs?: number
  /** `--data.maintenance-interval`, 15m. */
  readonly maintenanceIntervalMs?: number
  /** `--dispatch.start-delay`: after the start nobody is told before it is over. */
  readonly startDelayMs?: number
  /** `--log.silences`: beginnings, changes and ends of silences by hand stand in the log. */
  readonly logsSilences?: boolean
  readonly metricLabels?: MetricLabels
}

/** A configuration that is valid but asks for what is not there; the message names each place. */
export class UnsupportedConfigError extends Error {
  override readonly name = 'UnsupportedConfigError'
}

/** A configuration ready to be applied. */
export interface PreparedConfig {
  readonly loaded: LoadedConfig
  readonly root: Route
  readonly inhibitor: Inhibitor
  readonly templates: NotificationTemplates
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
  /** Warnings for the log. */
  readonly notices: readonly ConfigNotice[]
}

/** How an alert stands. */
export interface AlertStatus {
  readonly state: 'unprocessed' | 'active' | 'suppressed'
  readonly silencedBy: readonly string[]
  readonly inhibitedBy: readonly string[]
  readonly mutedBy: readonly string[]
}

/** How often the silences of maintenance windows are looked after. */
const MAINTENANCE_CHECK_MS = 60_000

interface Running {
  readonly prepared: PreparedConfig
  readonly dispatcher: Dispatcher
}

/**
 * Routes, groups, mutes and delivers alerts. Takes them from the rules of this process (as a `Notifier`) and from the
 * API. Nothing is delivered before a configuration was applied; alerts that come earlier wait.
 */
export class Alertmanager implements Notifier {
  readonly silences: Silences
  readonly acknowledgements: Acknowledgements
  readonly maintenance: Maintenance
  readonly history: History
  readonly startedAtMs: number
  readonly #options: AlertmanagerOptions
  readonly #metrics: AlertmanagerMetrics
  readonly #alerts: AlertStore
  readonly #log: NotificationLog
  readonly #timers = new Set<Timer>()
  readonly #intake: Intake<AlertFields & { readonly faults: string[] }>
  #running: Running | undefined
  /** Of a configuration that is being applied: hears of alerts before it is asked about any. */
  #nextInhibitor: Inhibitor | undefined
  #applying: Promise<void> | undefined
  #isStopped = false
  #isCounting = false
  #countAgainMs = 0

  constructor(options: AlertmanagerOptions) {
    const { clock } = options
    this.#options = options
    this.startedAtMs = clock.nowMs()
    this.#metrics = createAlertmanagerMetrics(options.registry, options.metricLabels)
    this.#metrics.alertsPerNameMax.set(options.alertsPerNameMax ?? 0)
    this.#alerts = new AlertStore(options.alertsPerNameMax ?? 0)
    this.#intake = new Intake((fields) => this.#takeOne(fields, fields.faults))
    this.history = new History(options.historyEventsMax ?? 10_000, options.historyStore)
    this.silences = new Silences(clock, options.silenceLog ?? new MemoryRecordLog(), options.silenceLimits)
    if (options.logsSilences === true)
      this.silences.onChange = (change, silence) => options.logger.info(change, logFields(silence))
    this.acknowledgements = new Acknowledgements(clock, options.acknowledgementLog ?? new MemoryRecordLog())
    this.maintenance = new Maintenance(
      clock,
      options.logger,
      options.maintenanceLog ?? new MemoryRecordLog(),
      this.silences,
    )
    this.#log = new NotificationLog(options.notificationLog ?? new MemoryRecordLog(), clock.nowMs())
    options.registry.onCollect(() => this.#updateGauges())
    this.#every(options.gcIntervalMs ?? 1_800_000, () => void this.#collectGarbage())
    if (options.maintenanceLog !== undefined)
      this.#every(MAINTENANCE_CHECK_MS, () => void this.maintenance.makeSilences())
    void this.maintenance.makeSilences()
    this.#every(options.maintenanceIntervalMs ?? 900_000, () => this.#maintain())
  }

  // Configuration

  /**
   * First phase: reads and checks everything, templates too; what runs is untouched.
   * @throws ConfigErrors, UnsupportedConfigError, TemplateError
   */
  prepareConfig(content: string, file: string): PreparedConfig {
    try {
      return this.#prepare(content, file)
    } catch (error) {
      this.#metrics.reloadSuccessful.set(0)
      throw error
    }
  }

  #prepare(content: string, file: string): PreparedConfig {
    const loaded = loadAlertmanagerConfig(content, file, this.#options.matcherMode)
    const unsupported = loaded.notices.filter(({ kind }) => kind === 'unsupported')
    if (unsupported.length > 0)
      throw new UnsupportedConfigError(
        unsupported.map((notice) => formatFault(notice, notice.text)).join('\n'),
      )
    const { config } = loaded
    const templates = new NotificationTemplates(config.templates, () => this.#options.clock.nowMs())
    const userAgent = this.#options.userAgent ?? 'Alertmanager/0.34.0'
    return {
      loaded,
      root: new Route(config.route),
      inhibitor: new Inhibitor(config.inhibit_rules),
      templates,
      receivers: new Map(
        config.receivers.map((receiver) => [receiver.name, createIntegrations(receiver, userAgent)]),
      ),
      notices: loaded.notices,
    }
  }

  /** Second phase: from now on alerts go by this configuration. Settles when the old one's deliveries have ended. */
  applyConfig(prepared: PreparedConfig): Promise<void> {
    const applied =
      this.#applying === undefined ? this.#apply(prepared) : this.#applying.then(() => this.#apply(prepared))
    const settled = applied
      .catch(() => undefined)
      .then(() => {
        if (this.#applying === settled) this.#applying = undefined
      })
    this.#applying = settled
    return applied
  }

  async #apply(prepared: PreparedConfig): Promise<void> {
    const { clock, logger, externalUrl } = this.#options
    const { loaded, inhibitor, templates, receivers } = prepared
    const old = this.#running
    const pipeline = new Pipeline({
      clock,
      logger,
      metrics: this.#metrics,
      history: this.history,
      inhibitor,
      silences: this.silences,
      log: this.#log,
      templates,
      intervals: new Map(
        loaded.config.time_intervals.map(({ name, time_intervals }) => [name, time_intervals]),
      ),
      receivers,
      externalUrl,
      acknowledgements: this.acknowledgements,
      turns: this.#options.turns,
      onGroup: this.#options.onGroup,
    })
    const dispatcher = new Dispatcher(prepared.root, clock, (flush) => pipeline.run(flush))
    if (this.#alerts.size > 0) await this.#observeAll(inhibitor)
    this.#running = { prepared, dispatcher }
    dispatcher.hold()
    this.#countConfig(prepared)
    await old?.dispatcher.stop()
    await this.#dispatchAll(dispatcher)
    this.#releaseAfterStart(dispatcher)
    await closeAll(old?.prepared)
  }

  /** Alerts that are sent again after a restart must be there before groups are told without them. */
  #releaseAfterStart(dispatcher: Dispatcher): void {
    const { clock, startDelayMs = 0 } = this.#options
    const restMs = this.startedAtMs + startDelayMs - clock.nowMs()
    if (restMs <= 0) return dispatcher.release()
    const timer = clock.setTimer(restMs, () => {
      this.#timers.delete(timer)
      dispatcher.release()
    })
    this.#timers.add(timer)
  }

  /** Tells an inhibitor of all alerts, in turns, and of those that come meanwhile. */
  async #observeAll(inhibitor: Inhibitor): Promise<void> {
    this.#nextInhibitor = inhibitor
    const slice = new TimeSlice()
    for (const alert of this.#alerts.values()) {
      inhibitor.observe(alert)
      if (slice.isOver) await slice.pause()
    }
    if (this.#nextInhibitor === inhibitor) this.#nextInhibitor = undefined
  }

  async #dispatchAll(dispatcher: Dispatcher): Promise<void> {
    const slice = new TimeSlice()
    for (const { fingerprint } of this.#alerts.values()) {
      // What came during a pause was dispatched already: then this is the same again.
      const alert = this.#alerts.get(fingerprint)
      if (alert !== undefined && !isResolvedAt(alert, this.#options.clock.nowMs())) dispatcher.dispatch(alert)
      if (slice.isOver) await slice.pause()
    }
  }

  #countConfig({ loaded, receivers, inhibitor }: PreparedConfig): void {
    const metrics = this.#metrics
    metrics.receivers.set(receivers.size)
    metrics.integrations.set([...receivers.values()].flat().length)
    metrics.inhibitionRules.set(inhibitor.ruleCount)
    metrics.seed(receivers)
    metrics.configHash.set(createHash('md5').update(loaded.original).digest().readUIntBE(0, 6))
    metrics.reloadSuccessful.set(1)
    metrics.reloadTime.set(this.#options.clock.nowMs() / 1000)
  }

  /** The configuration in force. */
  get config(): LoadedConfig | undefined {
    return this.#running?.prepared.loaded
  }

  get templates(): NotificationTemplates | undefined {
    return this.#running?.prepared.templates
  }

  /** The memory of what was told. */
  get notificationLog(): NotificationLog {
    return this.#log
  }

  /** The routing tree in force. */
  get rootRoute(): Route | undefined {
    return this.#running?.prepared.root
  }

  /** The ways out of a receiver, e.g. for sending a test. */
  integrations(receiver: string): readonly Integration[] {
    return this.#running?.prepared.receivers.get(receiver) ?? []
  }

  /** Ends all timers and waits for deliveries under way, which are told to stop. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const timer of this.#timers) timer.cancel()
    await this.#running?.dispatcher.stop()
    await closeAll(this.#running?.prepared)
    await this.history.close()
  }

  // Alerts in

  /** From the rules of this process. */
  send(alerts: readonly NotifierAlert[]): void {
    const updatedAtMs = this.#options.clock.nowMs()
    const batch = alerts.map((alert) => ({ ...alert, updatedAtMs, timeout: false }))
    void this.receive(batch, (fault) =>
      this.#options.logger.error('Failed to validate alerts', { err: fault }),
    )
  }

  /**
   * Takes alerts that have their times; good ones of a batch count even when others are bad. Short batches are taken on
   * return, long ones in turns of the event loop.
   * @returns the faults, in upstream's words, when all have been taken
   */
  async receive(batch: readonly AlertFields[], onFault?: (fault: string) => void): Promise<string[]> {
    const faults: string[] = []
    const taken = this.#intake.add(batch.map((fields) => ({ ...fields, faults })))
    if (taken !== undefined) await taken
    if (onFault !== undefined) for (const fault of faults) onFault(fault)
    return faults
  }

  /** Takes over what another instance was sent, unless something newer is known. Settles when it is grouped. */
  async adopt(alerts: readonly Alert[]): Promise<void> {
    const slice = new TimeSlice()
    for (const alert of alerts) {
      const known = this.#alerts.get(alert.fingerprint)
      if (known === undefined || known.updatedAtMs < alert.updatedAtMs)
        this.#put(alert, this.nowMs, { isJoined: true })
      if (slice.isOver) await slice.pause()
    }
  }

  #takeOne(fields: AlertFields, faults: string[]): void {
    const startedMs = performance.now()
    const nowMs = this.#options.clock.nowMs()
    this.#metrics.alertsReceived.inc(fields.endsAtMs > nowMs ? 'firing' : 'resolved', 'v2')
    const fault = alertFault(fields, this.#options.matcherMode !== 'classic')
    if (fault === undefined) {
      const stored = this.#put(createAlert(fields), nowMs)
      if (stored !== undefined) this.#options.onAlert?.(stored)
    } else {
      faults.push(fault)
      this.#metrics.alertsInvalid.inc('v2')
    }
    this.#metrics.processingSeconds.observe((performance.now() - startedMs) / 1000)
  }

  /** @returns the alert joined with what was known of it; undefined when there is no room */
  #put(alert: Alert, nowMs: number, options: { readonly isJoined?: boolean } = {}): Alert | undefined {
    const known = this.#alerts.get(alert.fingerprint)
    const stored = this.#alerts.put(alert, nowMs, options)
    if (stored === undefined) {
      this.#metrics.alertsLimited.inc(
        ...(this.#options.metricLabels?.alertNames ? [alert.labels.get('alertname')] : []),
      )
      this.#options.logger.warn('Alert dropped: its alertname has reached the limit', {
        alert: alert.labels.toString(),
      })
      return undefined
    }
    const isResolved = isResolvedAt(stored, nowMs)
    const wasFiring = known !== undefined && !isResolvedAt(known, nowMs)
    if (isResolved === wasFiring || (known === undefined && !isResolved))
      this.#noteChange(stored, isResolved, nowMs)
    this.#nextInhibitor?.observe(stored)
    if (this.#running === undefined) return stored
    this.#running.prepared.inhibitor.observe(stored)
    for (const group of this.#running.dispatcher.dispatch(stored)) {
      if (wasFiring || isResolved) continue
      this.history.add({
        timeMs: nowMs,
        kind: 'grouped',
        alerts: [stored.fingerprint],
        groupKey: group.key,
        receiver: group.route.receiver,
        detail: `waits for the group's notification at ${timeWords(group.nextFlushMs)}`,
      })
    }
    return stored
  }

  #noteChange(alert: Alert, isResolved: boolean, nowMs: number): void {
    this.history.add({
      timeMs: nowMs,
      kind: isResolved ? 'resolved' : 'received',
      alerts: [alert.fingerprint],
      detail: alert.labels.toString(),
    })
  }

  // Alerts out

  alert(fingerprint: string): Alert | undefined {
    return this.#alerts.get(fingerprint)
  }

  /** Alerts that have not ended, in order of their fingerprints. */
  activeAlerts(): Alert[] {
    return [...this.eachActiveAlert()]
  }

  /** The same in no order: where many are looked at and few wanted, memory is read in the order in which it was written. */
  *eachActiveUnsorted(): IterableIterator<Alert> {
    const nowMs = this.#options.clock.nowMs()
    for (const alert of this.#alerts.values()) if (!isResolvedAt(alert, nowMs)) yield alert
  }

  /** The same one by one, for who pauses in between. */
  *eachActiveAlert(): IterableIterator<Alert> {
    const nowMs = this.#options.clock.nowMs()
    for (const alert of this.#alerts.sorted()) if (!isResolvedAt(alert, nowMs)) yield alert
  }

  /** The group of a route with these labels. */
  group(route: Route, labels: Alert['labels']): AlertGroup | undefined {
    return this.#running?.dispatcher.group(route, labels)
  }

  get externalUrl(): string {
    return this.#options.externalUrl
  }

  groups(): readonly AlertGroup[] {
    return this.#running?.dispatcher.groups() ?? []
  }

  /** The same, sorted in turns of the event loop. */
  async groupsInTurns(): Promise<readonly AlertGroup[]> {
    return (await this.#running?.dispatcher.groupsInTurns()) ?? []
  }

  /** The routes that an alert with these labels takes. */
  routesOf(labels: Alert['labels']): readonly Route[] {
    return this.#running?.prepared.root.match(labels) ?? []
  }

  /** A group's route labels with their templates filled in; empty where they fail. */
  routeLabelsOf(group: AlertGroup): Readonly<Record<string, string>> {
    const { labels } = group.route
    if (Object.keys(labels).length === 0 || this.templates === undefined) return {}
    const json = notificationJson({
      receiver: group.route.receiver,
      groupKey: group.key,
      groupLabels: group.labels,
      routeLabels: labels,
      alerts: group.alerts,
      reason: 'first notification',
      nowMs: this.#options.clock.nowMs(),
      externalUrl: this.#options.externalUrl,
    })
    try {
      return this.templates.routeLabels(json)
    } catch (error) {
      this.#options.logger.error('failed to render route labels', { groupKey: group.key, err: error })
      return {}
    }
  }

  /** How matchers in requests are read. */
  get matcherMode(): MatcherMode {
    return this.#options.matcherMode ?? 'fallback'
  }

  /** How an alert stands at this moment. */
  statusOf(alert: Alert, mutedBy: readonly string[] = []): AlertStatus {
    const nowMs = this.#options.clock.nowMs()
    this.#metrics.silenceStore.queries.inc()
    const silencedBy = this.silences.silencing(alert.labels, nowMs)
    const source = this.#running?.prepared.inhibitor.inhibitedBy(alert.labels, nowMs)
    const inhibitedBy = source === undefined ? [] : [source.fingerprint]
    const isSuppressed = silencedBy.length > 0 || inhibitedBy.length > 0 || mutedBy.length > 0
    const state = this.#running === undefined ? 'unprocessed' : isSuppressed ? 'suppressed' : 'active'
    return { state, silencedBy, inhibitedBy, mutedBy }
  }

  get nowMs(): number {
    return this.#options.clock.nowMs()
  }

  // Housekeeping

  #every(intervalMs: number, work: () => void): void {
    const timer = this.#options.clock.setTimer(intervalMs, () => {
      this.#timers.delete(timer)
      if (this.#isStopped) return
      work()
      this.#every(intervalMs, work)
    })
    this.#timers.add(timer)
  }

  async #collectGarbage(): Promise<void> {
    await this.#alerts.collectGarbage(this.#options.clock.nowMs(), (alert) =>
      this.#running?.prepared.inhibitor.forget(alert),
    )
  }

  #maintain(): void {
    const report = (error: unknown): void => this.#options.logger.error('Maintenance failed', { err: error })
    const kept = async (metrics: KeptMetrics, maintain: () => Promise<void>): Promise<void> => {
      metrics.maintenance.inc()
      const startMs = this.#options.clock.monotonicMs()
      try {
        await maintain()
      } catch (error) {
        metrics.maintenanceErrors.inc()
        report(error)
      }
      metrics.snapshotSeconds.observe((this.#options.clock.monotonicMs() - startMs) / 1000)
    }
    void kept(this.#metrics.silenceStore, () => this.silences.maintain())
    void kept(this.#metrics.nflog, () => this.#log.maintain(this.#options.clock.nowMs()))
    this.acknowledgements.maintain().catch(report)
    this.maintenance.maintain().catch(report)
    this.history.maintain().catch(report)
  }

  #countStates(): StateCounts {
    const states: StateCounts = { active: 0, suppressed: 0, unprocessed: 0 }
    for (const alert of this.activeAlerts()) states[this.statusOf(alert).state]++
    return states
  }

  async #countSlowly(): Promise<void> {
    this.#isCounting = true
    const startedMs = performance.now()
    const slice = new TimeSlice()
    const states: StateCounts = { active: 0, suppressed: 0, unprocessed: 0 }
    for (const alert of this.eachActiveUnsorted()) {
      states[this.statusOf(alert).state]++
      if (slice.isOver) await slice.pause()
    }
    this.#showStates(states)
    this.#isCounting = false
    // A twentieth of the time at most goes into counting.
    const endedMs = performance.now()
    this.#countAgainMs = endedMs + 20 * (endedMs - startedMs)
  }

  #showStates(states: StateCounts): void {
    for (const [state, count] of Object.entries(states)) this.#metrics.alerts.set(count, state)
  }

  #updateGauges(): void {
    const nowMs = this.#options.clock.nowMs()
    // Few are counted at once; of many the last count is shown while the next one runs beside.
    if (this.#alerts.size <= COUNTED_AT_ONCE_MAX) this.#showStates(this.#countStates())
    else if (!this.#isCounting && performance.now() >= this.#countAgainMs) void this.#countSlowly()
    const silences = { active: 0, expired: 0, pending: 0 }
    for (const silence of this.silences.all()) silences[silenceState(silence, nowMs)]++
    for (const [state, count] of Object.entries(silences)) this.#metrics.silences.set(count, state)
    this.#metrics.groups.set(this.#running?.dispatcher.groupCount ?? 0)
  }
}

/** Alerts whose states are counted within one turn of the event loop. */
const COUNTED_AT_ONCE_MAX = 1000

/** Upstream's names of the fields. */
function logFields(silence: Silence): Record<string, string> {
  const second = (timeMs: number): string => new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    Id: silence.id,
    CreatedBy: silence.createdBy,
    Comment: silence.comment,
    StartsAt: second(silence.startsAtMs),
    EndsAt: second(silence.endsAtMs),
    Matchers: silence.matchers
      .map((matcher) => `${matcher.name}${operatorOf(matcher)}${matcher.value}`)
      .join(','),
  }
}

type StateCounts = Record<AlertStatus['state'], number>

async function closeAll(prepared: PreparedConfig | undefined): Promise<void> {
  await Promise.all(
    [...(prepared?.receivers.values() ?? [])].flat().map((integration) => integration.close()),
  )
}
