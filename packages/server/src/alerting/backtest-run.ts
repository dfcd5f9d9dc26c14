import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { Alertmanager, type Integration, MemoryRecordLog, type Silence } from '@promontory/alertmanager'
import { Labels, type InstantQuery, type NotifierAlert, parseDuration } from '@promontory/model'
import { backtest, BacktestError, parseRuleFile, type RangeQuery, type RangeSeries } from '@promontory/rules'
import type { ParserOptions } from '@promontory/promql/parser'
import type { QueryPool } from '../workers/query-pool.ts'

/** What one backtest asks for. Times in Unix milliseconds. */
export interface BacktestRequest {
  /** A rule as in a rule file, without `groups:`. */
  readonly rule: string
  readonly startMs: number
  readonly endMs: number
  readonly intervalMs: number
  readonly queryOffsetMs: number
}

export interface BacktestEnvironment {
  readonly query: InstantQuery
  readonly rangeQuery: RangeQuery
  readonly externalLabels: Labels
  /** External labels and relabelling, as alerts get them on their way. */
  readonly label: (alerts: readonly NotifierAlert[]) => readonly NotifierAlert[]
  readonly externalUrl: string
  readonly resendDelayMs: number
  readonly parserOptions: ParserOptions
  /** The Alertmanager's configuration and silences; undefined when alerts are not routed here. */
  readonly routing:
    | { readonly yaml: string; readonly file: string; readonly silences: readonly Silence[] }
    | undefined
}

/** One notification that would have left. */
export interface BacktestNotification {
  readonly timeMs: number
  readonly receiver: string
  readonly integration: string
  readonly status: 'firing' | 'resolved'
  readonly reason: string
  readonly alerts: number
}

/** Notifications that one answer lists; all are counted. */
const NOTIFICATIONS_MAX = 1000

/** A rule over the past, with the notifications that the present routing would have made of it. */
export async function runBacktest(
  request: BacktestRequest,
  environment: BacktestEnvironment,
  signal: AbortSignal,
): Promise<object> {
  const rule = readRule(request.rule, environment.parserOptions)
  const router =
    environment.routing === undefined ? undefined : await Router.open(environment, request.startMs)
  try {
    const result = await backtest({
      ...environment,
      ...request,
      rule,
      limit: 0,
      signal,
      logger: silentLogger,
      onEvaluation: async (timeMs, messages) => router?.take(timeMs, messages),
    })
    await router?.finish(request.endMs)
    const fired = result.periods.filter(({ firedAtMs }) => firedAtMs !== undefined)
    return {
      rule: { name: rule.name, query: rule.query, forMs: rule.forMs, keepFiringForMs: rule.keepFiringForMs },
      evaluations: result.evaluations,
      failures: [...result.failures].map(([error, count]) => ({ error, count })),
      fired: fired.length,
      firingSeries: new Set(fired.map(({ labels }) => labels.key())).size,
      periods: result.periods.map((period) => ({
        ...period,
        labels: period.labels.toObject(),
        annotations: period.annotations.toObject(),
        // JSON has no NaN and no infinities.
        lastValue: String(period.lastValue),
      })),
      ...(router === undefined
        ? {}
        : { notificationCount: router.count, notifications: router.notifications }),
    }
  } finally {
    await router?.close()
  }
}

function readRule(
  text: string,
  options: ParserOptions,
): ReturnType<typeof parseRuleFile>['groups'][0]['rules'][0] {
  const lines = text.trimEnd().split('\n')
  const isItem = /^\s*- /.test(lines[0] ?? '')
  const indent = (line: string, i: number): string =>
    isItem ? `    ${line}` : `${i === 0 ? '    - ' : '      '}${line}`
  const yaml = `groups:\n- name: backtest\n  rules:\n${lines.map(indent).join('\n')}\n`
  const [group] = parseRuleFile(yaml, 'rule', options).groups
  const rules = group?.rules ?? []
  if (rules.length !== 1 || rules[0]!.kind !== 'alerting')
    throw new BacktestError('expected one alerting rule: alert, expr and what belongs to it')
  return rules[0]!
}

/** An Alertmanager in the past: the present configuration on a clock of its own, whose receivers only count. */
class Router {
  readonly notifications: BacktestNotification[] = []
  count = 0
  readonly #clock: FakeClock
  readonly #alertmanager: Alertmanager
  readonly #label: BacktestEnvironment['label']

  private constructor(clock: FakeClock, alertmanager: Alertmanager, label: BacktestEnvironment['label']) {
    this.#clock = clock
    this.#alertmanager = alertmanager
    this.#label = label
  }

  static async open(environment: BacktestEnvironment, startMs: number): Promise<Router> {
    const { yaml, file, silences } = environment.routing!
    const clock = new FakeClock(startMs)
    const silenceLog = Object.assign(new MemoryRecordLog<Silence>(), { load: () => silences })
    const alertmanager = new Alertmanager({
      clock,
      logger: silentLogger,
      registry: new Registry(),
      externalUrl: environment.externalUrl,
      silenceLog,
    })
    const router = new Router(clock, alertmanager, environment.label)
    const prepared = alertmanager.prepareConfig(yaml, file)
    const receivers = new Map(
      [...prepared.receivers].map(([name, integrations]) => [
        name,
        integrations.map((integration) => router.#counting(integration)),
      ]),
    )
    await alertmanager.applyConfig({ ...prepared, receivers })
    return router
  }

  async take(timeMs: number, messages: readonly NotifierAlert[]): Promise<void> {
    if (messages.length === 0) return
    await this.#clock.advance(timeMs - this.#clock.nowMs())
    this.#alertmanager.send(this.#label(messages))
  }

  finish(endMs: number): Promise<void> {
    return this.#clock.advance(Math.max(0, endMs - this.#clock.nowMs()))
  }

  close(): Promise<void> {
    return this.#alertmanager.stop()
  }

  #counting(integration: Integration): Integration {
    const { kind, index, sendResolved } = integration
    return {
      kind,
      index,
      sendResolved,
      notify: async ({ notification, renderer }) => {
        this.count++
        if (this.notifications.length === NOTIFICATIONS_MAX) return
        this.notifications.push({
          timeMs: this.#clock.nowMs(),
          receiver: notification.receiver,
          integration: `${notification.receiver}/${kind}/${index}`,
          status: renderer.json.status,
          reason: notification.reason,
          alerts: notification.alerts.length,
        })
      },
      close: () => integration.close(),
    }
  }
}

interface MatrixBody {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly values?: readonly (readonly [number, string])[]
    }[]
  }
}

/** Range queries of a pool as columns. */
export function poolRangeQuery(pool: QueryPool): RangeQuery {
  return async (expr, range, signal) => {
    const answer = await pool.run(
      { kind: 'range', expr, ...range, stats: 'none', cached: false, limit: 0 },
      { signal },
    )
    if (answer.kind !== 'body') throw new Error('BUG: a range task answered without a body')
    const { data } = JSON.parse(Buffer.from(answer.body).toString()) as MatrixBody
    return data.result.map(({ metric, values = [] }): RangeSeries => ({
      labels: Labels.from(metric),
      timesMs: values.map(([timeS]) => Math.round(timeS * 1000)),
      values: values.map(([, text]) => numberOf(text)),
    }))
  }
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}

/** @throws BacktestError naming the parameter */
export function durationParam(name: string, text: string, fallbackMs: number): number {
  if (text === '') return fallbackMs
  try {
    return parseDuration(text)
  } catch (error) {
    throw new BacktestError(`${name}: ${(error as Error).message}`)
  }
}
