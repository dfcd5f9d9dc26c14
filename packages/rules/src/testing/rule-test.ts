import { globSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { FakeClock, formatFloat, Registry, silentLogger } from '@promontory/base'
import {
  decodeYaml,
  float,
  list,
  mapOf,
  optional,
  str,
  bool,
  struct,
  text,
  withDefault,
  type Schema,
  type StructOf,
} from '@promontory/base/yaml'
import {
  AppendBatch,
  formatDuration,
  Labels,
  parseDuration,
  type Appender,
  type FloatHistogram,
  type InstantQuery,
} from '@promontory/model'
import { parseSelector, type ParserOptions } from '@promontory/promql/parser'
import { RE2JS } from 're2js'
import { AlertingRule } from '../alerting-rule.ts'
import { RuleManager } from '../rule-manager.ts'
import { parseSeriesNotation } from './series-notation.ts'

/** A storage of its own for one test group, and the engine that asks it. */
export interface RuleTestEnvironment {
  readonly appender: Appender
  readonly query: InstantQuery
  close(): Promise<void>
}

export interface RuleTestOptions {
  /** @param subqueryIntervalMs default step of subqueries: the evaluation interval */
  readonly open: (subqueryIntervalMs: number) => Promise<RuleTestEnvironment>
  /** `--run`: only test groups whose name matches one of these (RE2). */
  readonly run?: readonly string[]
  readonly parserOptions?: ParserOptions
}

/** One deviation, in promtool's words; `test` is the group's name or `unnamed#i`. */
export interface RuleTestFailure {
  readonly test: string
  readonly message: string
}

const duration: Schema<number> = text('model.Duration', parseDuration, formatDuration)

const TEST_GROUP_FIELDS = {
  interval: withDefault(duration, 0),
  name: withDefault(str, ''),
  start_timestamp: withDefault(text('testStartTimestamp', parseStart), 0),
  external_labels: withDefault(mapOf(str), {}),
  external_url: withDefault(str, ''),
  input_series: withDefault(list(struct('main.series', { series: str, values: withDefault(str, '') })), []),
  alert_rule_test: withDefault(
    list(
      struct('main.alertTestCase', {
        eval_time: withDefault(duration, 0),
        alertname: withDefault(str, ''),
        exp_alerts: withDefault(
          list(
            struct('main.alert', {
              exp_labels: withDefault(mapOf(str), {}),
              exp_annotations: withDefault(mapOf(str), {}),
            }),
          ),
          [],
        ),
      }),
    ),
    [],
  ),
  promql_expr_test: withDefault(
    list(
      struct('main.promqlTestCase', {
        expr: withDefault(str, ''),
        eval_time: withDefault(duration, 0),
        exp_samples: withDefault(
          list(
            struct('main.sample', {
              labels: withDefault(str, ''),
              value: withDefault(float, 0),
              histogram: optional(str),
            }),
          ),
          [],
        ),
      }),
    ),
    [],
  ),
}
type TestGroup = StructOf<typeof TEST_GROUP_FIELDS>

const FILE = struct('main.unitTestFile', {
  rule_files: withDefault(list(str), []),
  evaluation_interval: withDefault(duration, 60_000),
  group_eval_order: withDefault(list(str), []),
  fuzzy_compare: withDefault(bool, false),
  tests: withDefault(list(struct('main.testGroup', TEST_GROUP_FIELDS)), []),
})
type TestFile = ReturnType<typeof readTestFile>

function readTestFile(file: string) {
  return decodeYaml(readFileSync(file, 'utf8'), { file }, FILE).value
}

function parseStart(source: string): number {
  if (/^-?\d+(\.\d+)?$/.test(source)) return Math.round(Number(source) * 1000)
  const ms = Date.parse(source)
  if (Number.isNaN(ms)) throw new Error(`cannot parse "${source}" to a valid timestamp`)
  return ms
}

/**
 * Runs one file of promtool's `test rules` format.
 * @returns the deviations; none means success
 * @throws ConfigErrors for a test or rule file with faults, Error for one that cannot be read
 */
export async function runRuleTests(file: string, options: RuleTestOptions): Promise<RuleTestFailure[]> {
  const testFile = readTestFile(file)
  const repeated = testFile.group_eval_order.find((name, i, all) => all.indexOf(name) !== i)
  if (repeated !== undefined) throw new Error(`group name repeated in evaluation order: ${repeated}`)
  const ruleFiles = testFile.rule_files.flatMap((pattern) =>
    globSync(isAbsolute(pattern) ? pattern : join(dirname(file), pattern)).sort(),
  )
  const wanted = options.run === undefined ? undefined : RE2JS.compile(options.run.join('|'))
  const failures: RuleTestFailure[] = []
  for (const [index, group] of testFile.tests.entries()) {
    if (wanted !== undefined && !wanted.matcher(group.name).find()) continue
    const test = group.name === '' ? `unnamed#${index}` : group.name
    const environment = await options.open(testFile.evaluation_interval)
    try {
      const run = new TestRun(testFile, group, ruleFiles, environment, options)
      failures.push(...(await run.failures()).map((message) => ({ test, message })))
    } finally {
      await environment.close()
    }
  }
  return failures
}

type InputSamples = Map<number, { readonly ref: number; readonly value: number | 'stale' | FloatHistogram }[]>

class TestRun {
  readonly #file: TestFile
  readonly #group: TestGroup
  readonly #ruleFiles: readonly string[]
  readonly #environment: RuleTestEnvironment
  readonly #options: RuleTestOptions

  constructor(
    file: TestFile,
    group: TestGroup,
    ruleFiles: readonly string[],
    environment: RuleTestEnvironment,
    options: RuleTestOptions,
  ) {
    this.#file = file
    this.#group = group
    this.#ruleFiles = ruleFiles
    this.#environment = environment
    this.#options = options
  }

  async failures(): Promise<string[]> {
    const nameless = this.#group.alert_rule_test.find(({ alertname }) => alertname === '')
    if (nameless !== undefined)
      return [
        `an item under alert_rule_test misses required attribute alertname at eval_time ${formatDuration(nameless.eval_time)}`,
      ]
    const manager = await this.#manager()
    const alertFailures = await this.#evaluate(manager, this.#samples())
    if (alertFailures.stopped) return alertFailures.messages
    return [...alertFailures.messages, ...(await this.#checkExpressions())]
  }

  async #manager(): Promise<RuleManager> {
    const { appender, query } = this.#environment
    const group = this.#group
    const manager = new RuleManager({
      clock: new FakeClock(group.start_timestamp),
      logger: silentLogger,
      registry: new Registry(),
      appender,
      query,
      notifier: { send: () => {} },
      externalUrl: group.external_url,
      ...(this.#options.parserOptions === undefined ? {} : { parserOptions: this.#options.parserOptions }),
    })
    const sources = this.#ruleFiles.map((file) => ({ file, text: readFileSync(file, 'utf8') }))
    await manager.applyFiles(sources, {
      intervalMs: this.#intervalMs,
      queryOffsetMs: 0,
      externalLabels: Labels.from(group.external_labels),
    })
    return manager
  }

  get #intervalMs(): number {
    return this.#group.interval === 0 ? this.#file.evaluation_interval : this.#group.interval
  }

  get #lastMs(): number {
    const times = [...this.#group.alert_rule_test, ...this.#group.promql_expr_test].map(
      (item) => item.eval_time,
    )
    return this.#group.start_timestamp + Math.max(0, ...times)
  }

  /** Input samples in order of time. */
  #samples(): InputSamples {
    const byTime: InputSamples = new Map()
    for (const { series, values } of this.#group.input_series) {
      const ref = this.#environment.appender.seriesRef(parseLabels(series))
      parseSeriesNotation(values).forEach((value, i) => {
        if (value === undefined) return
        const timeMs = this.#group.start_timestamp + i * this.#intervalMs
        const at = byTime.get(timeMs) ?? []
        at.push({ ref, value })
        byTime.set(timeMs, at)
      })
    }
    return new Map([...byTime].sort(([a], [b]) => a - b))
  }

  async #evaluate(
    manager: RuleManager,
    samples: InputSamples,
  ): Promise<{ messages: string[]; stopped: boolean }> {
    const order = this.#file.group_eval_order
    const groups = [...manager.groups()].sort(
      (a, b) => Math.max(0, order.indexOf(a.config.name)) - Math.max(0, order.indexOf(b.config.name)),
    )
    const messages: string[] = []
    const { start_timestamp: startMs } = this.#group
    const stepMs = this.#file.evaluation_interval
    for (let timeMs = startMs; timeMs <= this.#lastMs; timeMs += stepMs) {
      this.#loadTill(samples, timeMs)
      for (const group of groups) {
        await group.evaluate(timeMs)
        for (const slot of group.rules)
          if (slot.health === 'err')
            messages.push(
              `    rule: ${slot.rule.config.name}, time: ${formatDuration(timeMs)}, err: ${slot.lastError}`,
            )
      }
      if (messages.some((message) => message.startsWith('    rule: '))) return { messages, stopped: true }
      messages.push(...this.#checkAlerts(manager, timeMs - startMs, stepMs))
    }
    this.#loadTill(samples, Infinity)
    return { messages, stopped: false }
  }

  #loadTill(samples: InputSamples, untilMs: number): void {
    for (const [timeMs, values] of samples) {
      if (timeMs > untilMs) return
      const batch = new AppendBatch(values.length)
      for (const { ref, value } of values)
        if (value === 'stale') batch.pushStale(ref, timeMs)
        else if (typeof value === 'number') batch.push(ref, timeMs, value)
        else batch.histograms.push({ ref, timeMs, histogram: value })
      this.#environment.appender.append(batch)
      samples.delete(timeMs)
    }
  }

  #checkAlerts(manager: RuleManager, sinceStartMs: number, stepMs: number): string[] {
    const due = this.#group.alert_rule_test
      .filter(({ eval_time: at }) => sinceStartMs <= at && at < sinceStartMs + stepMs)
      .sort((a, b) => a.eval_time - b.eval_time)
    return due.flatMap((testCase) => {
      const got = manager
        .groups()
        .flatMap((group) => group.rules.map(({ rule }) => rule))
        .filter((rule) => rule instanceof AlertingRule && rule.config.name === testCase.alertname)
        .flatMap((rule) => (rule as AlertingRule).activeAlerts())
        .filter(({ state }) => state === 'firing')
      const expected = testCase.exp_alerts.map(({ exp_labels, exp_annotations }) => ({
        labels: Labels.from({ ...exp_labels, alertname: testCase.alertname }),
        annotations: Labels.from(exp_annotations),
      }))
      const [gotText, expectedText] = [showAlerts(got), showAlerts(expected)]
      if (gotText === expectedText) return []
      const name = this.#group.name === '' ? '' : `    name: ${this.#group.name},\n`
      return `${name}    alertname: ${testCase.alertname}, time: ${formatDuration(testCase.eval_time)}, \n        exp:${indent(expectedText)}, \n        got:${indent(gotText)}`
    })
  }

  async #checkExpressions(): Promise<string[]> {
    const messages: string[] = []
    for (const testCase of this.#group.promql_expr_test) {
      const where = `    expr: ${JSON.stringify(testCase.expr)}, time: ${formatDuration(testCase.eval_time)},`
      try {
        const answer = await this.#environment.query(
          testCase.expr,
          this.#group.start_timestamp + testCase.eval_time,
        )
        const got = answer.samples.map(({ labels, value, histogram }) => ({
          labels,
          value: histogram ?? value,
        }))
        const expected = testCase.exp_samples.map(({ labels, value, histogram }) => ({
          labels: parseLabels(labels),
          value: histogram === undefined ? value : (parseSeriesNotation(histogram)[0] as FloatHistogram),
        }))
        if (!sameSamples(expected, got, this.#file.fuzzy_compare))
          messages.push(`${where}\n        exp: ${showSamples(expected)}\n        got: ${showSamples(got)}`)
      } catch (error) {
        messages.push(`${where} err: ${(error as Error).message}`)
      }
    }
    return messages
  }
}

/** `name{a="b"}`, `{a="b"}` or nothing. @throws ParseError, Error for matchers other than `=` */
function parseLabels(source: string): Labels {
  if (source.trim() === '' || /^\{\s*\}$/.test(source.trim())) return Labels.EMPTY
  const matchers = parseSelector(source)
  const other = matchers.find(({ operator }) => operator !== '=')
  if (other !== undefined) throw new Error(`"${source}": expected a series with labels only, found ${other}`)
  return Labels.from(matchers.map(({ name, value }) => [name, value] as const))
}

interface ShownAlert {
  readonly labels: Labels
  readonly annotations: Labels
}

function showAlerts(alerts: readonly ShownAlert[]): string {
  if (alerts.length === 0) return '[]'
  const sorted = [...alerts].sort(
    (a, b) => a.labels.compare(b.labels) || a.annotations.compare(b.annotations),
  )
  const parts = sorted.map(
    ({ labels, annotations }, i) => `${i}:\n  Labels:${labels}\n  Annotations:${annotations}`,
  )
  return `[\n${parts.join(',\n')}\n]`
}

const indent = (lines: string): string => lines.replaceAll('\n', '\n            ')

interface ShownSample {
  readonly labels: Labels
  readonly value: number | FloatHistogram
}

function sameSamples(expected: readonly ShownSample[], got: readonly ShownSample[], fuzzy: boolean): boolean {
  if (expected.length !== got.length) return false
  const order = (samples: readonly ShownSample[]): ShownSample[] =>
    [...samples].sort((a, b) => a.labels.compare(b.labels))
  const other = order(got)
  return order(expected).every(({ labels, value }, i) => {
    const { labels: otherLabels, value: otherValue } = other[i]!
    return labels.equals(otherLabels) && sameValue(value, otherValue, fuzzy)
  })
}

function sameValue(a: number | FloatHistogram, b: number | FloatHistogram, fuzzy: boolean): boolean {
  if (typeof a !== 'number' || typeof b !== 'number')
    return typeof a === typeof b && showHistogram(a as FloatHistogram) === showHistogram(b as FloatHistogram)
  if (a === b) return true
  if (!fuzzy) return false
  const bits = new BigInt64Array(new Float64Array([a, b]).buffer)
  const distance = bits[0]! - bits[1]!
  return Number.isFinite(a) && Number.isFinite(b) && distance <= 1n && distance >= -1n
}

function showSamples(samples: readonly ShownSample[]): string {
  if (samples.length === 0) return 'nil'
  return samples
    .map(
      ({ labels, value }) =>
        `${labels} ${typeof value === 'number' ? exponential(value) : showHistogram(value)}`,
    )
    .join(', ')
}

function exponential(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value)
  return value
    .toExponential()
    .toUpperCase()
    .replace(/E([+-])(\d)$/, 'E$10$2')
}

/** promqltest's notation, runs of buckets closed up with zeros. */
function showHistogram(histogram: FloatHistogram): string {
  const side = (
    prefix: string,
    spans: FloatHistogram['positiveSpans'],
    buckets: readonly number[],
  ): string[] => {
    const dense: number[] = []
    let at = 0
    spans.forEach(({ offset, length }, i) => {
      if (i > 0) for (let gap = 0; gap < offset; gap++) dense.push(0)
      for (let k = 0; k < length; k++) dense.push(buckets[at++]!)
    })
    if (dense.length === 0) return []
    const start = spans[0]!.offset
    return [...(start === 0 ? [] : [`${prefix}offset:${start}`]), `${prefix}buckets:[${dense.join(' ')}]`]
  }
  const parts = [
    ...(histogram.schema === 0 ? [] : [`schema:${histogram.schema}`]),
    `count:${histogram.count}`,
    `sum:${histogram.sum}`,
    ...(histogram.zeroCount === 0 ? [] : [`z_bucket:${histogram.zeroCount}`]),
    ...(histogram.zeroThreshold === 0 ? [] : [`z_bucket_w:${histogram.zeroThreshold}`]),
    ...(histogram.customBounds.length === 0 ? [] : [`custom_values:[${histogram.customBounds.join(' ')}]`]),
    ...(histogram.counterResetHint === 'gauge' ? ['counter_reset_hint:gauge'] : []),
    ...side('', histogram.positiveSpans, histogram.positiveBuckets),
    ...side('n_', histogram.negativeSpans, histogram.negativeBuckets),
  ]
  return `{{${parts.join(' ')}}}`
}
