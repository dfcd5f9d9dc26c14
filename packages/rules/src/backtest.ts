import { setImmediate } from 'node:timers/promises'
import { Registry, type Logger } from '@promontory/base'
import type { InstantQuery, Labels, NotifierAlert, VectorSample } from '@promontory/model'
import { AlertingRule } from './alerting-rule.ts'
import type { RuleConfig } from './rule-file.ts'
import { createRuleMetrics } from './rule-metrics.ts'

/** One series of a range query's answer. */
export interface RangeSeries {
  readonly labels: Labels
  readonly timesMs: readonly number[]
  readonly values: readonly number[]
}

/** Evaluates an expression at `startMs`, `startMs + stepMs`, … up to `endMs`. */
export type RangeQuery = (
  expr: string,
  range: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
  signal: AbortSignal,
) => Promise<readonly RangeSeries[]>

export interface BacktestOptions {
  readonly rule: RuleConfig
  readonly startMs: number
  readonly endMs: number
  readonly intervalMs: number
  readonly queryOffsetMs: number
  readonly limit: number
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly resendDelayMs: number
  readonly rangeQuery: RangeQuery
  /** For templates. */
  readonly query: InstantQuery
  readonly signal: AbortSignal
  readonly logger: Logger
  /** After each evaluation, with the messages that would have left then. */
  readonly onEvaluation?: (timeMs: number, messages: readonly NotifierAlert[]) => Promise<void>
}

/** One life of one alert. Times in Unix milliseconds. */
export interface BacktestPeriod {
  readonly labels: Labels
  annotations: Labels
  readonly activeAtMs: number
  /** Undefined: it never fired. */
  firedAtMs: number | undefined
  /** Undefined: it was active at the end. */
  endedAtMs: number | undefined
  lastValue: number
}

export interface BacktestResult {
  readonly evaluations: number
  /** In order of their beginnings. */
  readonly periods: readonly BacktestPeriod[]
  /** Evaluations that failed, by their error. */
  readonly failures: ReadonlyMap<string, number>
}

/** Evaluations of one backtest at most. */
export const BACKTEST_EVALUATIONS_MAX = 200_000
/** Lives that one answer lists at most. */
export const BACKTEST_PERIODS_MAX = 10_000
/** Longest turn of the event loop: scrapes and alerts of the present go on meanwhile. */
const TURN_MS = 8
/** Evaluations that one range query covers. */
const CHUNK = 500

/** A backtest that asks for too much. */
export class BacktestError extends Error {
  override readonly name = 'BacktestError'
}

/**
 * Runs an alerting rule over stored samples as it would have run then: the same code with the same `for`, only its
 * queries are answered from range queries.
 * @throws BacktestError; what the queries reject with
 */
export async function backtest(options: BacktestOptions): Promise<BacktestResult> {
  const { rule: config, intervalMs, endMs, queryOffsetMs, signal } = options
  const startMs = Math.ceil(options.startMs / intervalMs) * intervalMs
  const evaluations = Math.max(0, Math.floor((endMs - startMs) / intervalMs) + 1)
  if (evaluations > BACKTEST_EVALUATIONS_MAX)
    throw new BacktestError(
      `${evaluations} evaluations are too many: at most ${BACKTEST_EVALUATIONS_MAX}; take a shorter range or a longer interval`,
    )
  const rule = new AlertingRule(config, true)
  const metrics = createRuleMetrics(new Registry())
  const periods = new PeriodRecorder()
  const failures = new Map<string, number>()
  // Where the range is part of the meaning, each moment is asked for itself.
  const isRangeBound = /@ (start|end)\(\)/.test(config.query)
  let window: StoredAnswers | undefined
  const query: InstantQuery = async (expr, timeMs, abort) => {
    if (expr !== config.query || isRangeBound) return options.query(expr, timeMs, abort)
    if (window === undefined || !window.covers(timeMs))
      window = await StoredAnswers.ask(
        options.rangeQuery,
        expr,
        timeMs,
        endMs - queryOffsetMs,
        intervalMs,
        signal,
      )
    return { samples: window.at(timeMs), warnings: [], infos: [] }
  }
  let turnEndsMs = performance.now() + TURN_MS
  for (let timeMs = startMs; timeMs <= endMs; timeMs += intervalMs) {
    if (performance.now() >= turnEndsMs) {
      await setImmediate()
      turnEndsMs = performance.now() + TURN_MS
    }
    signal.throwIfAborted()
    let messages: readonly NotifierAlert[] = []
    try {
      await rule.evaluate({ ...options, timeMs, query, metrics })
      messages = rule.due(timeMs, options.resendDelayMs, intervalMs, options.externalUrl)
    } catch (error) {
      signal.throwIfAborted()
      const text = error instanceof Error ? error.message : String(error)
      failures.set(text, (failures.get(text) ?? 0) + 1)
    }
    periods.look(rule, timeMs)
    await options.onEvaluation?.(timeMs, messages)
  }
  return { evaluations, periods: periods.all, failures }
}

/** Answers at many moments from one range query. */
class StoredAnswers {
  readonly #startMs: number
  readonly #stepMs: number
  readonly #byStep: readonly (readonly VectorSample[])[]

  private constructor(startMs: number, stepMs: number, byStep: readonly (readonly VectorSample[])[]) {
    this.#startMs = startMs
    this.#stepMs = stepMs
    this.#byStep = byStep
  }

  static async ask(
    rangeQuery: RangeQuery,
    expr: string,
    startMs: number,
    lastMs: number,
    stepMs: number,
    signal: AbortSignal,
  ): Promise<StoredAnswers> {
    const count = Math.min(CHUNK, Math.floor((lastMs - startMs) / stepMs) + 1)
    const byStep: VectorSample[][] = Array.from({ length: count }, () => [])
    const endMs = startMs + (count - 1) * stepMs
    for (const { labels, timesMs, values } of await rangeQuery(expr, { startMs, endMs, stepMs }, signal))
      timesMs.forEach((timeMs, i) =>
        byStep[Math.round((timeMs - startMs) / stepMs)]?.push({ labels, value: values[i]! }),
      )
    return new StoredAnswers(startMs, stepMs, byStep)
  }

  covers(timeMs: number): boolean {
    return timeMs >= this.#startMs && timeMs < this.#startMs + this.#byStep.length * this.#stepMs
  }

  at(timeMs: number): VectorSample[] {
    return [...(this.#byStep[Math.round((timeMs - this.#startMs) / this.#stepMs)] ?? [])]
  }
}

/** Follows the alerts of a rule from evaluation to evaluation. */
class PeriodRecorder {
  readonly all: BacktestPeriod[] = []
  readonly #open = new Map<string, BacktestPeriod>()

  look(rule: AlertingRule, timeMs: number): void {
    const active = new Set<string>()
    for (const alert of rule.activeAlerts()) {
      const key = alert.labels.key()
      active.add(key)
      let period = this.#open.get(key)
      if (period === undefined) {
        period = {
          labels: alert.labels,
          annotations: alert.annotations,
          activeAtMs: alert.activeAtMs,
          firedAtMs: undefined,
          endedAtMs: undefined,
          lastValue: alert.value,
        }
        this.#open.set(key, period)
        this.all.push(period)
        if (this.all.length > BACKTEST_PERIODS_MAX)
          throw new BacktestError(
            `more than ${BACKTEST_PERIODS_MAX} alerts would have been active: take a shorter range or a narrower expression`,
          )
      }
      period.firedAtMs = alert.firedAtMs
      period.annotations = alert.annotations
      period.lastValue = alert.value
    }
    for (const [key, period] of this.#open)
      if (!active.has(key)) {
        period.endedAtMs = timeMs
        this.#open.delete(key)
      }
  }
}
