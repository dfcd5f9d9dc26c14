import type { Labels } from '@promontory/model'
import { RE2JS } from 're2js'
import { Engine } from '../engine/engine.ts'
import { MemoryStorage } from '../memory.ts'
import { typeOf } from '../parser/ast.ts'
import { ALL_PARSER_OPTIONS } from '../parser/options.ts'
import { parseExpr } from '../parser/parse.ts'
import type { MatrixSeries, QueryResult } from '../result.ts'
import { atVariants } from './at-variants.ts'
import { almostEqual, difference } from './compare.ts'
import { toCustomBuckets } from './custom-buckets.ts'
import type { Command, EvalCommand, Expectation, ExpectedRow, LoadCommand } from './script.ts'
import { parseScript } from './script.ts'
import { StoredHints } from './stored-hints.ts'

export interface PromqlTestFailure {
  readonly file: string
  /** Line of the `eval`. */
  readonly line: number
  readonly query: string
  readonly message: string
}

export interface PromqlTestResult {
  readonly passed: number
  readonly failed: number
  readonly failures: readonly PromqlTestFailure[]
}

const FEATURES = [
  'promql-experimental-functions', 'promql-extended-range-selectors', 'promql-binop-fill-modifiers',
  'promql-delayed-name-removal', 'use-start-timestamps',
] // prettier-ignore

/** Differences shown for one evaluation. */
const DIFFERENCES_MAX = 5
const MINUTE_MS = 60_000

/**
 * Runs a script of the promqltest language, in which Prometheus's own tests are written, on a fresh engine and store.
 * Each instant evaluation is run in several ways that must agree: as written, pinned by `@` at other times, and as
 * range queries.
 * @throws ScriptSyntaxError when the script itself is wrong
 */
export async function runPromqlTest(text: string, options: { file: string }): Promise<PromqlTestResult> {
  const runner = new ScriptRunner(options.file)
  for (const command of parseScript(text, options.file)) await runner.run(command)
  const { passed, failures } = runner
  return { passed, failed: failures.length, failures }
}

class ScriptRunner {
  readonly #file: string
  readonly #engine = new Engine({ features: FEATURES, maxSamples: 10_000, timeoutMs: 100_000 })
  #storage = new MemoryStorage()
  passed = 0
  readonly failures: PromqlTestFailure[] = []

  constructor(file: string) {
    this.#file = file
  }

  async run(command: Command): Promise<void> {
    switch (command.type) {
      case 'clear':
        this.#storage = new MemoryStorage()
        break
      case 'load':
        this.#load(command)
        break
      case 'eval': {
        const message = await this.#evaluate(command)
        if (message === undefined) this.passed++
        else this.failures.push({ file: this.#file, line: command.line, query: command.query, message })
      }
    }
  }

  #load(command: LoadCommand): void {
    // A series that is defined twice in one load has its last values only.
    const byLabels = new Map(command.series.map((series) => [series.labels.key(), series]))
    const series = [...byLabels.values()]
    const all = command.withCustomBuckets ? [...series, ...toCustomBuckets(series)] : series
    for (const { labels, values, startOffsetsMs } of all) {
      const hints = new StoredHints()
      values.forEach((written, i) => {
        if (written.omitted) return
        const value = hints.next(written)
        const timeMs = i * command.stepMs
        const offset = startOffsetsMs?.[i]
        this.#storage.append(labels, [
          { timeMs, ...value, ...(offset === undefined ? {} : { startTimeMs: timeMs + offset }) },
        ])
      })
    }
  }

  async #evaluate(command: EvalCommand): Promise<string | undefined> {
    const { query, startMs } = command
    if (command.stepMs > 0)
      return await this.#check(command, query, 'as written', () => this.#range(query, command))
    const ways = [{ query, timeMs: startMs, as: 'as written' }]
    const expr = parseExpr(query, ALL_PARSER_OPTIONS)
    for (const variant of atVariants(expr, startMs))
      ways.push({ ...variant, as: `as ${variant.query} at ${variant.timeMs / 1000}s` })
    const comparable =
      ['vector', 'scalar'].includes(typeOf(expr)) && !/\b(?:start|end|range|step)\(\)/.test(query)
    for (const way of ways) {
      const instant = await this.#check(command, way.query, way.as, () =>
        this.#engine.instant(this.#storage, way.query, way.timeMs),
      )
      if (instant !== undefined) return instant
      if (!comparable || command.ordered || command.rangeVector !== undefined) continue
      const steps = { startMs: way.timeMs - MINUTE_MS, endMs: way.timeMs + MINUTE_MS, stepMs: MINUTE_MS }
      const middle = await this.#check(command, way.query, `${way.as}, as a range query`, async () =>
        middleStep(await this.#range(way.query, steps), way.timeMs, command.scalar !== undefined),
      )
      if (middle !== undefined) return middle
    }
    return undefined
  }

  async #range(
    query: string,
    steps: { startMs: number; endMs: number; stepMs: number },
  ): Promise<QueryResult> {
    return await this.#engine.range(this.#storage, query, steps)
  }

  /** @returns what is wrong */
  async #check(
    command: EvalCommand,
    query: string,
    as: string,
    evaluate: () => Promise<QueryResult>,
  ): Promise<string | undefined> {
    const fail = command.expectations.find(({ kind }) => kind === 'fail')
    const context = as === 'as written' ? '' : ` (${as})`
    let result: QueryResult
    try {
      result = await evaluate()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (fail === undefined) return `unexpected error${context}: ${message}`
      return matches(fail, message) ? undefined : `wrong error${context}: ${message}`
    }
    if (fail !== undefined) return `expected an error${context}, got a result`
    const asRange = command.stepMs === 0 && as.endsWith('range query')
    const problems = [
      ...(asRange ? [] : annotationProblems(command, result, query !== command.query)),
      ...(command.stepMs > 0 ? matrixProblems(command, result) : instantProblems(command, result)),
    ]
    return problems.length === 0 ? undefined : problems.slice(0, DIFFERENCES_MAX).join('; ') + context
  }
}

function matches({ message, regex }: Expectation, text: string): boolean {
  if (message !== undefined) return text === message
  return regex === undefined || RE2JS.compile(regex).matcher(text).find()
}

/** @param moved  the query was rewritten, so that positions differ from the expected ones */
function annotationProblems(command: EvalCommand, result: QueryResult, moved: boolean): string[] {
  const problems: string[] = []
  const kinds = [
    ['warn', result.warnings, command.noWarn],
    ['info', result.infos, command.noInfo],
  ] as const
  for (const [kind, texts, none] of kinds) {
    const wanted = command.expectations.filter((expectation) => expectation.kind === kind)
    if (none && texts.length > 0) problems.push(`expected no ${kind}, got: ${texts.join(' | ')}`)
    if (wanted.length === 0) continue
    const strip = (text: string): string => (moved ? text.replace(/ \(\d+:\d+\)$/, '') : text)
    const fits = (expectation: Expectation, text: string): boolean =>
      expectation.message === undefined
        ? matches(expectation, text) ||
          matches(expectation, strip(text)) ||
          (moved &&
            matches(
              { ...expectation, regex: (expectation.regex ?? '').replace(/ ?\\?\(\d+:\d+\\?\)\$?$/, '') },
              text,
            ))
        : strip(expectation.message) === strip(text)
    for (const expectation of wanted)
      if (!texts.some((text) => fits(expectation, text)))
        problems.push(
          `no ${kind} ${expectation.message ?? expectation.regex ?? ''} among [${texts.join(' | ')}]`,
        )
    for (const text of texts)
      if (!wanted.some((expectation) => fits(expectation, text))) problems.push(`unexpected ${kind}: ${text}`)
  }
  return problems
}

function instantProblems(command: EvalCommand, { value }: QueryResult): string[] {
  if (command.string !== undefined) {
    const got = value.type === 'string' ? value.value : undefined
    return got === command.string
      ? []
      : [`expected string ${JSON.stringify(command.string)}, got ${JSON.stringify(got)}`]
  }
  if (command.scalar !== undefined) {
    if (value.type !== 'scalar') return [`expected a scalar, got a ${value.type}`]
    return almostEqual(command.scalar, value.value) ? [] : [`expected ${command.scalar}, got ${value.value}`]
  }
  if (command.rangeVector !== undefined) {
    if (value.type !== 'matrix') return [`expected a range vector, got a ${value.type}`]
    return compareMatrix(command.rows, value.series, command.rangeVector.startMs, command.rangeVector.stepMs)
  }
  if (value.type !== 'vector') return [`expected a vector, got a ${value.type}`]
  const problems: string[] = []
  const wanted = new Map(command.rows.map((row) => [row.labels.key(), row]))
  value.samples.forEach((sample, position) => {
    const row = wanted.get(sample.labels.key())
    if (row === undefined) {
      problems.push(
        `unexpected ${String(sample.labels)} ${sample.histogram === undefined ? sample.value : 'histogram'}`,
      )
      return
    }
    wanted.delete(sample.labels.key())
    if (command.ordered && command.rows[position] !== row)
      problems.push(`${String(sample.labels)} at the wrong position ${position + 1}`)
    const wrong = difference(row.values[0] ?? {}, sample.value, sample.histogram)
    if (wrong !== undefined) problems.push(`${String(sample.labels)}: ${wrong}`)
  })
  for (const row of wanted.values()) problems.push(`missing ${String(row.labels)}`)
  return problems
}

function matrixProblems(command: EvalCommand, { value }: QueryResult): string[] {
  if (value.type !== 'matrix') return [`expected a matrix, got a ${value.type}`]
  const problems = compareMatrix(command.rows, value.series, command.startMs, command.stepMs)
  value.series.forEach(({ labels }, i) => {
    if (i > 0 && value.series[i - 1]!.labels.compare(labels) > 0)
      problems.push(`${String(labels)} is not in order`)
  })
  return problems
}

function compareMatrix(
  rows: readonly ExpectedRow[],
  series: readonly MatrixSeries[],
  startMs: number,
  stepMs: number,
): string[] {
  const problems: string[] = []
  const wanted = new Map(rows.map((row) => [row.labels.key(), row]))
  for (const got of series) {
    const row = wanted.get(got.labels.key())
    if (row === undefined) problems.push(`unexpected ${String(got.labels)} ${describe(got)}`)
    else problems.push(...compareRow(row, got, startMs, stepMs))
    wanted.delete(got.labels.key())
  }
  for (const row of wanted.values())
    if (row.values.some(({ omitted }) => !omitted)) problems.push(`missing ${String(row.labels)}`)
  return problems
}

function describe({ count, timesMs, values, histograms }: MatrixSeries): string {
  return Array.from(
    { length: count },
    (_, i) => `${histograms?.[i] === undefined ? values[i] : 'H'}@${timesMs[i]! / 1000}`,
  ).join(' ')
}

function compareRow(row: ExpectedRow, got: MatrixSeries, startMs: number, stepMs: number): string[] {
  const problems: string[] = []
  const points = row.values
    .map((value, i) => ({ value, timeMs: startMs + i * stepMs }))
    .filter(({ value }) => !value.omitted)
  if (points.length !== got.count)
    return [`${String(row.labels)}: expected ${points.length} points, got ${got.count}: ${describe(got)}`]
  points.forEach(({ value, timeMs }, i) => {
    const wrong =
      got.timesMs[i] === timeMs
        ? difference(value, got.values[i]!, got.histograms?.[i])
        : `expected a point at ${timeMs / 1000}s, got one at ${got.timesMs[i]! / 1000}s`
    if (wrong !== undefined) problems.push(`${String(row.labels)} at ${timeMs / 1000}s: ${wrong}`)
  })
  return problems
}

/** The middle of a range result as if it were an instant one. */
function middleStep(result: QueryResult, timeMs: number, scalar: boolean): QueryResult {
  const { value } = result
  if (value.type !== 'matrix') return result
  const samples = value.series.flatMap(({ labels, count, timesMs, values, histograms }: MatrixSeries) => {
    const at = timesMs.subarray(0, count).indexOf(timeMs)
    if (at < 0) return []
    const histogram = histograms?.[at]
    return [
      { labels: labels as Labels, value: values[at]!, ...(histogram === undefined ? {} : { histogram }) },
    ]
  })
  if (scalar) return { ...result, value: { type: 'scalar', timeMs, value: samples[0]?.value ?? NaN } }
  return { ...result, value: { type: 'vector', timeMs, samples } }
}
