import type { Clock, Logger, Timer } from '@promontory/base'
import type { Appender, InstantQuery, Labels, Notifier, Queryable, VectorSample } from '@promontory/model'
import {
  loadAlert,
  saveAlert,
  type AlertStateStore,
  type SavedAlert,
  type SavedGroup,
} from './alert-state.ts'
import { AlertingRule, type EvaluationContext } from './alerting-rule.ts'
import { independentBatches } from './dependencies.ts'
import type { EvaluationSlots } from './evaluation-slots.ts'
import { noDataPolicyOf, type NoDataRule } from './no-data.ts'
import { RecordingRule } from './recording-rule.ts'
import { restoreForState } from './restore.ts'
import type { RuleGroupConfig } from './rule-file.ts'
import { touchGroup, type RuleMetrics } from './rule-metrics.ts'
import { SampleWriter, type WrittenSeries } from './sample-writer.ts'

/** What all groups of a manager share. */
export interface GroupEnvironment {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RuleMetrics
  readonly query: InstantQuery
  /** For finding ALERTS_FOR_STATE after a restart; without it only saved state is restored. */
  readonly queryable: Queryable | undefined
  readonly appender: Appender
  readonly notifier: Notifier
  readonly state: AlertStateStore | undefined
  readonly externalUrl: string
  readonly resendDelayMs: number
  readonly outageToleranceMs: number
  readonly forGracePeriodMs: number
  /** For evaluating independent rules side by side; undefined: one after another. */
  readonly evaluationSlots: EvaluationSlots | undefined
}

/** Global settings at the time of loading. */
export interface GroupSettings {
  readonly intervalMs: number
  readonly queryOffsetMs: number
  readonly externalLabels: Labels
  /** What rules do without data; without it as upstream. */
  readonly noData?: readonly NoDataRule[]
}

/** How a rule did at its last evaluation. */
export interface RuleHealth {
  health: 'unknown' | 'ok' | 'err'
  lastError: string
  /** Duration in seconds. */
  evaluationSeconds: number
  /** Undefined before the first one. */
  evaluatedAtMs: number | undefined
}

interface RuleSlot extends RuleHealth {
  readonly rule: AlertingRule | RecordingRule
  readonly identity: string
  written: WrittenSeries
}

const NOTHING_WRITTEN: WrittenSeries = new Map()

/**
 * A group of rules on its own aligned timer:
 * 1. slots are `interval` apart, shifted by a hash of file and name, so that groups spread out and restarts agree;
 * 2. the rules run one after another, all with the slot's time;
 * 3. each rule's samples and stale markers are one batch; its messages go out at once;
 * 4. the alerts' state is saved in one piece.
 * A slot that passes while an evaluation is still running is missed and counted.
 */
export class RuleGroup {
  readonly config: RuleGroupConfig
  readonly key: string
  readonly intervalMs: number
  readonly queryOffsetMs: number
  readonly externalLabels: Labels
  readonly #environment: GroupEnvironment
  readonly #slots: readonly RuleSlot[]
  /** What may run side by side, batch after batch. */
  readonly #batches: readonly (readonly RuleSlot[])[]
  readonly #writer: SampleWriter
  readonly #abort = new AbortController()
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #restoreFrom: 'nothing' | 'series' = 'nothing'
  #iterations = 0
  #orphans: Labels[] = []
  evaluationSeconds = 0
  evaluatedAtMs: number | undefined

  constructor(config: RuleGroupConfig, settings: GroupSettings, environment: GroupEnvironment) {
    this.config = config
    this.key = keyOf(config)
    this.intervalMs = config.intervalMs ?? settings.intervalMs
    this.queryOffsetMs = config.queryOffsetMs ?? settings.queryOffsetMs
    this.externalLabels = settings.externalLabels
    this.#environment = environment
    this.#writer = new SampleWriter(environment.appender)
    this.#slots = slotsOf(config, settings.noData ?? [])
    this.#batches =
      environment.evaluationSlots === undefined
        ? this.#slots.map((slot) => [slot])
        : independentBatches(config.rules).map((batch) => batch.map((index) => this.#slots[index]!))
  }

  get rules(): readonly (RuleHealth & { readonly rule: AlertingRule | RecordingRule })[] {
    return this.#slots
  }

  /** Whether replacing this group by the other would change nothing. */
  equals(other: RuleGroup): boolean {
    return fingerprint(this) === fingerprint(other)
  }

  /** Takes over alerts and written series of the group that this one replaces, rule by rule. */
  takeOver(from: RuleGroup): void {
    this.evaluationSeconds = from.evaluationSeconds
    this.evaluatedAtMs = from.evaluatedAtMs
    this.#restoreFrom = from.#restoreFrom
    const old = new Map(from.#slots.map((slot) => [slot.identity, slot]))
    for (const slot of this.#slots) {
      const match = old.get(slot.identity)
      if (match === undefined) continue
      old.delete(slot.identity)
      slot.written = match.written
      if (slot.rule instanceof AlertingRule && match.rule instanceof AlertingRule) {
        slot.rule.adopt(match.rule.alerts())
        slot.rule.restored = match.rule.restored
      }
    }
    this.#orphans = [...from.#orphans]
    for (const { written } of old.values())
      for (const { labels } of written.values()) this.#orphans.push(labels)
  }

  /** Brings back what was saved; without anything saved, pending alerts are looked for in ALERTS_FOR_STATE. */
  restore(saved: SavedGroup | undefined): void {
    if (saved === undefined) {
      if (this.#environment.queryable === undefined) return
      this.#restoreFrom = 'series'
      for (const { rule } of this.#slots) if (rule instanceof AlertingRule) rule.restored = false
      return
    }
    const nowMs = this.#environment.clock.nowMs()
    const isStale = nowMs - saved.evaluatedAtMs > this.#environment.outageToleranceMs
    for (const { rule, identity } of this.#slots) {
      if (!(rule instanceof AlertingRule)) continue
      const alerts = (saved.rules[identity] ?? []).map(loadAlert)
      // After a long outage nobody knows whether the condition held; what was firing still owes its resolved notice.
      rule.adopt(alerts.filter(({ state }) => !isStale || state !== 'pending'))
    }
  }

  start(): void {
    touchGroup(this.#environment.metrics, this.key, this.#slots.length, this.intervalMs)
    const slotMs = this.#slotBefore(this.#environment.clock.nowMs())
    this.#schedule(slotMs + this.intervalMs)
  }

  /** Ends the timer and waits for a running evaluation, whose query is told to stop. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#abort.abort()
    await this.#running
  }

  /** Labels of all series that the group keeps up to date, for marking them stale once it is gone. */
  writtenSeries(): Labels[] {
    return [
      ...this.#orphans,
      ...this.#slots.flatMap(({ written }) => [...written.values()].map(({ labels }) => labels)),
    ]
  }

  /** Evaluates all rules at `timeMs`, in order. Never rejects: faults are the rules' health. */
  async evaluate(timeMs: number): Promise<void> {
    const { clock, metrics } = this.#environment
    const startMs = clock.monotonicMs()
    metrics.iterations.inc(this.key)
    let samples = 0
    for (const batch of this.#batches) {
      if (this.#abort.signal.aborted) return
      samples += await this.#evaluateBatch(batch, timeMs)
    }
    if (this.#abort.signal.aborted) return
    this.#markOrphans(timeMs)
    metrics.samples.set(samples, this.key)
    const seconds = (clock.monotonicMs() - startMs) / 1000
    this.#finish(timeMs, seconds)
    await this.#save(timeMs)
    await this.#restoreFromSeries()
  }

  // Time

  #slotBefore(nowMs: number): number {
    const offsetMs = evaluationOffsetMs(this.config, this.intervalMs)
    return Math.floor((nowMs - offsetMs) / this.intervalMs) * this.intervalMs + offsetMs
  }

  #schedule(slotMs: number): void {
    if (this.#abort.signal.aborted) return
    const { clock } = this.#environment
    // Never longer than an interval: a clock that is set back must not silence the rules.
    const delayMs = Math.min(Math.max(0, slotMs - clock.nowMs()), this.intervalMs)
    this.#timer = clock.setTimer(delayMs, () => {
      this.#running = this.#turn(this.#realign(slotMs))
    })
  }

  #realign(slotMs: number): number {
    const nowMs = this.#environment.clock.nowMs()
    return nowMs < slotMs - this.intervalMs ? this.#slotBefore(nowMs) : slotMs
  }

  async #turn(slotMs: number): Promise<void> {
    const { clock, metrics } = this.#environment
    const late = Math.floor((clock.nowMs() - slotMs) / this.intervalMs)
    if (late > 0) {
      metrics.iterationsMissed.add(late, this.key)
      metrics.iterations.add(late, this.key)
    }
    const timeMs = slotMs + Math.max(0, late) * this.intervalMs
    await this.evaluate(timeMs)
    this.#schedule(timeMs + this.intervalMs)
  }

  /** The rules of a batch side by side as far as there are slots, the others one after another meanwhile. */
  async #evaluateBatch(batch: readonly RuleSlot[], timeMs: number): Promise<number> {
    const slots = this.#environment.evaluationSlots
    const beside: Promise<number>[] = []
    let samples = 0
    for (const slot of batch) {
      if (this.#abort.signal.aborted) break
      if (batch.length > 1 && slots?.tryTake())
        beside.push(this.#evaluateRule(slot, timeMs).finally(() => slots.release()))
      else samples += await this.#evaluateRule(slot, timeMs)
    }
    for (const count of await Promise.all(beside)) samples += count
    return samples
  }

  // One rule

  async #evaluateRule(slot: RuleSlot, timeMs: number): Promise<number> {
    const { clock, metrics } = this.#environment
    const startMs = clock.monotonicMs()
    slot.evaluatedAtMs = clock.nowMs()
    metrics.evaluations.inc(this.key)
    let count = 0
    try {
      const samples = await slot.rule.evaluate(this.#context(timeMs))
      if (this.#abort.signal.aborted) return 0
      count = samples.length
      slot.health = 'ok'
      slot.lastError = ''
      this.#notify(slot, timeMs)
      this.#write(slot, samples, timeMs)
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#failed(slot, error)
    }
    slot.evaluationSeconds = (clock.monotonicMs() - startMs) / 1000
    metrics.evaluationDuration.observe(slot.evaluationSeconds)
    metrics.evaluationDurationHistogram.observe(slot.evaluationSeconds)
    return count
  }

  #context(timeMs: number): EvaluationContext {
    const { query, metrics, logger, externalUrl } = this.#environment
    return {
      timeMs,
      queryOffsetMs: this.queryOffsetMs,
      limit: this.config.limit,
      externalLabels: this.externalLabels,
      externalUrl,
      query: (expr, askedMs, signal) =>
        query(expr, askedMs, signal, { file: this.config.file, group: this.config.name }),
      signal: this.#abort.signal,
      metrics,
      logger,
    }
  }

  #failed(slot: RuleSlot, error: unknown): void {
    slot.health = 'err'
    slot.lastError = error instanceof Error ? error.message : String(error)
    this.#environment.metrics.evaluationFailures.inc(this.key)
    this.#environment.logger.warn('Evaluating rule failed', {
      file: this.config.file,
      group: this.config.name,
      name: slot.rule.config.name,
      err: slot.lastError,
    })
  }

  #notify(slot: RuleSlot, timeMs: number): void {
    if (!(slot.rule instanceof AlertingRule)) return
    const { notifier, resendDelayMs, externalUrl } = this.#environment
    const messages = slot.rule.due(timeMs, resendDelayMs, this.intervalMs, externalUrl)
    if (messages.length > 0) notifier.send(messages)
  }

  #write(slot: RuleSlot, samples: readonly VectorSample[], timeMs: number): void {
    const outcome = this.#writer.write(samples, timeMs - this.queryOffsetMs, slot.written)
    slot.written = outcome.written
    if (outcome.refused.size === 0) return
    const reasons = [...outcome.refused].map(([reason, count]) => `${reason} (${count} samples)`)
    slot.health = 'err'
    slot.lastError = reasons.join(', ')
    this.#environment.logger.warn('Rule evaluation result discarded', {
      group: this.config.name,
      name: slot.rule.config.name,
      err: slot.lastError,
    })
  }

  // After the rules

  #markOrphans(timeMs: number): void {
    if (this.#orphans.length === 0) return
    try {
      this.#writer.writeStale(this.#orphans, timeMs - this.queryOffsetMs)
      this.#orphans = []
    } catch (error) {
      this.#environment.logger.warn('Stale sample appending for previous configuration failed', {
        err: error,
      })
    }
  }

  #finish(timeMs: number, seconds: number): void {
    const { metrics } = this.#environment
    this.evaluationSeconds = seconds
    this.evaluatedAtMs = timeMs
    this.#iterations++
    metrics.groupDuration.observe(seconds)
    metrics.groupDurationHistogram.observe(seconds)
    metrics.lastDuration.set(seconds, this.key)
    metrics.lastEvaluation.set(timeMs / 1000, this.key)
    const sum = this.#slots.reduce((total, slot) => total + slot.evaluationSeconds, 0)
    metrics.lastRuleDurationSum.set(sum, this.key)
  }

  async #save(timeMs: number): Promise<void> {
    const { state, logger } = this.#environment
    if (state === undefined) return
    const rules: Record<string, SavedAlert[]> = {}
    for (const { rule, identity } of this.#slots) {
      if (!(rule instanceof AlertingRule)) continue
      const alerts = [...rule.alerts()].map(saveAlert)
      if (alerts.length > 0) rules[identity] = alerts
    }
    const saved = Object.keys(rules).length === 0 ? undefined : { evaluatedAtMs: timeMs, rules }
    try {
      await state.save(this.key, saved)
    } catch (error) {
      logger.error('Saving alert state failed; a restart now would restart "for"', {
        group: this.key,
        err: error,
      })
    }
  }

  /** After the second evaluation, as upstream: by then scrapes and recording rules have run. */
  async #restoreFromSeries(): Promise<void> {
    const { queryable, clock, metrics, outageToleranceMs, forGracePeriodMs, logger } = this.#environment
    if (this.#restoreFrom !== 'series' || this.#iterations < 2 || queryable === undefined) return
    this.#restoreFrom = 'nothing'
    const startMs = clock.monotonicMs()
    for (const { rule } of this.#slots) {
      if (!(rule instanceof AlertingRule)) continue
      try {
        await restoreForState(rule, { queryable, nowMs: clock.nowMs(), outageToleranceMs, forGracePeriodMs })
      } catch (error) {
        // There is no second try: counting from now is better than never firing.
        rule.restored = true
        logger.error("Failed to restore 'for' state", { alertname: rule.config.name, err: error })
      }
    }
    metrics.lastRestoreDuration.set((clock.monotonicMs() - startMs) / 1000, this.key)
  }
}

function slotsOf({ rules, name }: RuleGroupConfig, noData: readonly NoDataRule[]): RuleSlot[] {
  const counts = new Map<string, number>()
  return rules.map((config) => {
    const base = `${config.name}${config.labels.toString()}`
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    return {
      rule:
        config.kind === 'alerting'
          ? new AlertingRule(config, true, noDataPolicyOf(noData, name, config.name))
          : new RecordingRule(config),
      identity: count === 0 ? base : `${base}#${count}`,
      written: NOTHING_WRITTEN,
      health: 'unknown',
      lastError: '',
      evaluationSeconds: 0,
      evaluatedAtMs: undefined,
    }
  })
}

function fingerprint({ config, intervalMs, queryOffsetMs, externalLabels, rules: slots }: RuleGroup): string {
  const rules = config.rules.map((rule) => [
    rule.kind,
    rule.name,
    rule.query,
    rule.forMs,
    rule.keepFiringForMs,
    rule.labelTemplates,
    rule.annotations.key(),
  ])
  return JSON.stringify([
    config.file,
    config.name,
    intervalMs,
    queryOffsetMs,
    config.limit,
    externalLabels.key(),
    slots.map(({ rule }) => (rule instanceof AlertingRule ? rule.noData : '')),
    rules,
  ])
}

function keyOf({ file, name }: Pick<RuleGroupConfig, 'file' | 'name'>): string {
  return `${file};${name}`
}

/** How far behind multiples of its interval a group is evaluated: groups spread out, and restarts agree. */
export function evaluationOffsetMs(
  group: Pick<RuleGroupConfig, 'file' | 'name'>,
  intervalMs: number,
): number {
  return hash(keyOf(group)) % intervalMs
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}
