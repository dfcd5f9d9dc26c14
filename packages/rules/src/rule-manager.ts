import type { Clock, Logger, Registry, Timer } from '@promontory/base'
import type { ConfigNotice } from '@promontory/base/yaml'
import type { Appender, InstantQuery, Labels, Notifier, Queryable } from '@promontory/model'
import type { ParserOptions } from '@promontory/promql/parser'
import type { AlertStateStore, SavedGroup } from './alert-state.ts'
import { AlertingRule } from './alerting-rule.ts'
import { EvaluationSlots } from './evaluation-slots.ts'
import { parseRuleFile } from './rule-file.ts'
import { RuleGroup, type GroupEnvironment, type GroupSettings } from './rule-group.ts'
import { createRuleMetrics, forgetGroup } from './rule-metrics.ts'
import { SampleWriter } from './sample-writer.ts'

export interface RuleManagerOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly query: InstantQuery
  readonly queryable?: Queryable
  readonly appender: Appender
  /** Takes alerts without external labels; those are added by who sends them on. */
  readonly notifier: Notifier
  readonly state?: AlertStateStore
  /** `--web.external-url`, without a slash at its end. */
  readonly externalUrl: string
  /** `--rules.alert.resend-delay`, 1m by default. */
  readonly resendDelayMs?: number
  /** `--rules.alert.for-outage-tolerance`, 1h by default. */
  readonly outageToleranceMs?: number
  /** `--rules.alert.for-grace-period`, 10m by default. */
  readonly forGracePeriodMs?: number
  /** Feature `concurrent-rule-eval`: rules at once beside each group's own, over all groups. */
  readonly concurrentEvaluationsMax?: number
  readonly parserOptions?: ParserOptions
}

/** A rule file's name and content. */
export interface RuleSource {
  readonly file: string
  readonly text: string
}

/** Rules that were read and checked but do not run yet. */
export interface PreparedRules {
  readonly groups: ReadonlyMap<string, RuleGroup>
  readonly notices: readonly ConfigNotice[]
}

/** Runs the rule groups of all files. Nothing is evaluated before {@link start}. */
export class RuleManager {
  readonly #options: RuleManagerOptions
  readonly #environment: GroupEnvironment
  readonly #saved: ReadonlyMap<string, SavedGroup>
  readonly #staleTimers = new Set<Timer>()
  #groups: ReadonlyMap<string, RuleGroup> = new Map()
  #loadedOnce = false
  #running = false
  #stopped = false
  #changes: Promise<void> = Promise.resolve()

  constructor(options: RuleManagerOptions) {
    this.#options = options
    this.#environment = {
      clock: options.clock,
      logger: options.logger,
      metrics: createRuleMetrics(options.registry),
      query: options.query,
      queryable: options.queryable,
      appender: options.appender,
      notifier: options.notifier,
      state: options.state,
      externalUrl: options.externalUrl,
      resendDelayMs: options.resendDelayMs ?? 60_000,
      outageToleranceMs: options.outageToleranceMs ?? 3_600_000,
      forGracePeriodMs: options.forGracePeriodMs ?? 600_000,
      evaluationSlots:
        options.concurrentEvaluationsMax === undefined
          ? undefined
          : new EvaluationSlots(options.concurrentEvaluationsMax),
    }
    this.#saved = options.state?.load() ?? new Map<string, SavedGroup>()
  }

  /**
   * First phase: reads and checks the files; the running groups are untouched.
   * @throws ConfigErrors for the first file with faults, all of its faults named
   */
  prepare(sources: readonly RuleSource[], settings: GroupSettings): PreparedRules {
    const groups = new Map<string, RuleGroup>()
    const notices: ConfigNotice[] = []
    for (const { file, text } of sources) {
      const parsed = parseRuleFile(text, file, this.#options.parserOptions)
      notices.push(...parsed.notices)
      for (const config of parsed.groups) {
        const group = new RuleGroup(config, settings, this.#environment)
        groups.set(group.key, group)
      }
    }
    return { groups, notices }
  }

  /**
   * Second phase: replaces the groups. Unchanged ones go on undisturbed; changed ones keep their alerts; series of
   * vanished ones are marked stale two intervals later. Settles when replaced groups have stopped.
   */
  apply(prepared: PreparedRules): Promise<void> {
    if (this.#stopped) return Promise.resolve()
    this.#changes = this.#changes.then(() => this.#replace(prepared.groups))
    return this.#changes
  }

  /** {@link prepare} and {@link apply}. @throws ConfigErrors, the old groups going on */
  applyFiles(sources: readonly RuleSource[], settings: GroupSettings): Promise<void> {
    return this.apply(this.prepare(sources, settings))
  }

  /** Begins to evaluate; call it when the storage is ready. */
  start(): void {
    this.#running = true
    for (const group of this.#groups.values()) group.start()
  }

  /** Ends all timers and waits for running evaluations. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#staleTimers) timer.cancel()
    await this.#changes
    await Promise.all([...this.#groups.values()].map((group) => group.stop()))
  }

  /** By file, then name. */
  groups(): readonly RuleGroup[] {
    const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
    return [...this.#groups.values()].sort(
      (a, b) => order(a.config.file, b.config.file) || order(a.config.name, b.config.name),
    )
  }

  /** All alerting rules, the gravest state first. */
  alertingRules(): readonly AlertingRule[] {
    const rank = { firing: 0, pending: 1, inactive: 2 }
    return this.groups()
      .flatMap((group) => group.rules.map(({ rule }) => rule))
      .filter((rule) => rule instanceof AlertingRule)
      .sort((a, b) => rank[a.state()] - rank[b.state()])
  }

  async #replace(next: ReadonlyMap<string, RuleGroup>): Promise<void> {
    const old = this.#groups
    const groups = new Map<string, RuleGroup>()
    const fresh: RuleGroup[] = []
    const stopping: Promise<void>[] = []
    for (const [key, group] of next) {
      const known = old.get(key)
      if (known?.equals(group)) {
        groups.set(key, known)
        continue
      }
      groups.set(key, group)
      fresh.push(group)
      if (known !== undefined) stopping.push(known.stop().then(() => group.takeOver(known)))
      else if (!this.#loadedOnce) group.restore(this.#saved.get(key))
    }
    const gone = [...old.values()].filter((group) => !next.has(group.key))
    stopping.push(...gone.map((group) => group.stop()))
    await Promise.all(stopping)
    this.#groups = groups
    this.#loadedOnce = true
    if (this.#running) for (const group of fresh) group.start()
    for (const group of gone) this.#forget(group)
    this.#forgetSaved(groups)
  }

  /** State of groups that no file has any more is dropped, once the first set is known. */
  #forgetSaved(groups: ReadonlyMap<string, RuleGroup>): void {
    for (const key of this.#saved.keys()) if (!groups.has(key)) this.#dropState(key)
  }

  #dropState(key: string): void {
    this.#environment.state?.save(key, undefined).catch((error: unknown) => {
      this.#environment.logger.warn('Removing alert state failed', { group: key, err: error })
    })
  }

  #forget(group: RuleGroup): void {
    const { clock, appender, logger, metrics } = this.#environment
    forgetGroup(metrics, group.key)
    this.#dropState(group.key)
    const series = group.writtenSeries()
    if (series.length === 0) return
    const goneMs = clock.nowMs()
    // Two intervals: a renamed group gets the chance to write the same series first.
    const timer = clock.setTimer(2 * group.intervalMs, () => {
      this.#staleTimers.delete(timer)
      const kept = new Set(
        this.groups().flatMap((other) => other.writtenSeries().map((labels) => labels.key())),
      )
      try {
        const orphans: Labels[] = series.filter((labels) => !kept.has(labels.key()))
        new SampleWriter(appender).writeStale(orphans, goneMs - group.queryOffsetMs)
      } catch (error) {
        logger.warn('Stale sample appending for previous configuration failed', { err: error })
      }
    })
    this.#staleTimers.add(timer)
  }
}
