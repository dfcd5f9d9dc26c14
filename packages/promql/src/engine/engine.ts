import type { Queryable, VectorSample } from '@promontory/model'
import { Labels } from '@promontory/model'
import { QueryError } from '../errors.ts'
import type { Expr } from '../parser/ast.ts'
import { typeOf, withoutParens } from '../parser/ast.ts'
import { documentedType, stringLiteralValue } from '../parser/check-types.ts'
import type { ParserOptions } from '../parser/options.ts'
import { parserOptionsOfFeatures } from '../parser/options.ts'
import { parseExpr } from '../parser/parse.ts'
import type { MatrixSeries, QueryResult, QueryValue } from '../result.ts'
import { Annotations } from './annotations.ts'
import type { Column } from './column.ts'
import { mergeEqualLabels } from './column.ts'
import type { EvaluationSettings } from './evaluation.ts'
import { Evaluator } from './evaluator.ts'
import type { Grid } from './grid.ts'
import { makeGrid, timeAt } from './grid.ts'
import { withoutMetadata } from './labels.ts'
import { Ledger } from './ledger.ts'
import type { QueryTimes } from './prepare.ts'
import type { BatchParts, QueryBatch } from './query-batch.ts'
import { prepare, StepInvariance } from './prepare.ts'
import { matrixOf } from './range-matrix.ts'
import { columnToSeries, columnToVectorSample } from './result-columns.ts'
import type { Selection } from './select.ts'
import { SelectionPlan } from './select.ts'
import { SharedParts } from './shared-parts.ts'
import { evaluateSubquery } from './subquery.ts'

export interface EngineOptions {
  /** How far back an instant selector looks for a sample. Default 5 min. */
  readonly lookbackMs?: number
  /** Samples that a query may hold at once. Default 50 million. */
  readonly maxSamples?: number
  /** Default 2 min. */
  readonly timeoutMs?: number
  /** Step of subqueries that name none: the server's evaluation interval. Default 1 min. */
  readonly subqueryStepMs?: number
  /** Names as in Prometheus's `--enable-feature`; those that are not about PromQL are skipped. */
  readonly features?: Iterable<string>
}

export interface QueryOptions {
  readonly lookbackMs?: number
  readonly maxSamples?: number
  readonly timeoutMs?: number
  /** Asked between batches of work: true ends the query with a `canceled` error. Must be cheap. */
  readonly cancelled?: () => boolean
  /** Count the samples looked at for each step. */
  readonly perStepStats?: boolean
  /** The queries that are asked together with this one, which is one of them. */
  readonly batch?: QueryBatch
}

export interface TimeSteps {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** Evaluates PromQL over anything that is a {@link Queryable}. Holds no state of queries: one engine serves many. */
export class Engine {
  readonly #options: Required<Omit<EngineOptions, 'features'>>
  readonly #features: ReadonlySet<string>
  /** The parts of the language that the features switch on. */
  readonly parserOptions: ParserOptions

  constructor(options: EngineOptions = {}) {
    this.#options = {
      lookbackMs: options.lookbackMs ?? 300_000,
      maxSamples: options.maxSamples ?? 50_000_000,
      timeoutMs: options.timeoutMs ?? 120_000,
      subqueryStepMs: options.subqueryStepMs ?? 60_000,
    }
    this.#features = new Set(options.features)
    this.parserOptions = parserOptionsOfFeatures(this.#features)
  }

  /**
   * Evaluates at one time.
   * @throws ParseError, QueryError
   */
  async instant(
    queryable: Queryable,
    query: string,
    timeMs: number,
    options: QueryOptions = {},
  ): Promise<QueryResult> {
    const times = { startMs: timeMs, endMs: timeMs, stepMs: 0 }
    return await this.#run(queryable, query, parseExpr(query, this.parserOptions), times, options)
  }

  /**
   * Evaluates at each step from `startMs` to `endMs`, both included.
   * @throws ParseError, QueryError
   */
  async range(
    queryable: Queryable,
    query: string,
    steps: TimeSteps,
    options: QueryOptions = {},
  ): Promise<QueryResult> {
    if (!(steps.stepMs > 0))
      throw new QueryError(
        'bad_data',
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      )
    const expr = parseExpr(query, this.parserOptions)
    const type = typeOf(expr)
    if (type !== 'vector' && type !== 'scalar')
      throw new QueryError(
        'bad_data',
        `invalid expression type ${JSON.stringify(documentedType(type))} for range query, must be Scalar or instant Vector`,
      )
    return await this.#run(queryable, query, expr, steps, options)
  }

  async #run(
    queryable: Queryable,
    query: string,
    parsed: Expr,
    times: QueryTimes,
    options: QueryOptions,
  ): Promise<QueryResult> {
    const settings = this.#settings(options)
    const ledger = this.#ledger(options)
    ledger.poll()
    const expr = prepare(parsed, times)
    const plan = new SelectionPlan(expr, times, settings.lookbackMs, settings.subqueryStepMs)
    const querier = queryable.querier(plan.range)
    try {
      const selection = await plan.select(querier)
      ledger.poll()
      return evaluate({
        query,
        expr,
        times,
        settings,
        ledger,
        selection,
        perStepStats: options.perStepStats === true,
        batch: options.batch?.partsOver(times, settings.lookbackMs),
      })
    } finally {
      querier.close()
    }
  }

  #settings({ lookbackMs, perStepStats }: QueryOptions): EvaluationSettings {
    return {
      lookbackMs: lookbackMs ?? this.#options.lookbackMs,
      delayedNameRemoval: this.#features.has('promql-delayed-name-removal'),
      typeAndUnitLabels: this.#features.has('type-and-unit-labels'),
      useStartTimestamps: this.#features.has('use-start-timestamps'),
      perStepStats: perStepStats === true,
      subqueryStepMs: this.#options.subqueryStepMs,
    }
  }

  #ledger(options: QueryOptions): Ledger {
    const deadline = performance.now() + (options.timeoutMs ?? this.#options.timeoutMs)
    return new Ledger(options.maxSamples ?? this.#options.maxSamples, () => {
      if (options.cancelled?.() === true) return 'canceled'
      return performance.now() > deadline ? 'timeout' : undefined
    })
  }
}

interface Run {
  readonly query: string
  readonly expr: Expr
  readonly times: QueryTimes
  readonly settings: EvaluationSettings
  readonly ledger: Ledger
  readonly selection: Selection
  readonly perStepStats: boolean
  readonly batch: BatchParts | undefined
}

function evaluate({
  query,
  expr,
  times,
  settings,
  ledger,
  selection,
  perStepStats,
  batch,
}: Run): QueryResult {
  const annotations = new Annotations()
  for (const warning of selection.warnings) annotations.storageWarning(warning)
  for (const info of selection.infos) annotations.storageInfo(info)
  const invariance = new StepInvariance()
  const shared = new SharedParts(query, expr, selection, batch)
  const evaluator = new Evaluator({ settings, annotations, selection, ledger, invariance, shared })
  const grid = makeGrid(times.startMs, times.endMs, times.stepMs || 1, true)
  const value = valueOf(evaluator, expr, grid, times.stepMs === 0)
  const samples = grid.samplesAtStep!
  return {
    value,
    warnings: annotations.texts('warning', query),
    infos: annotations.texts('info', query),
    stats: {
      totalQueryableSamples: samples.reduce((sum, count) => sum + count, 0),
      peakSamples: ledger.peak,
      totalQueryableSamplesPerStep: perStepStats
        ? Array.from(samples, (count, step) => [timeAt(grid, step), count] as const)
        : undefined,
    },
  }
}

function valueOf(evaluator: Evaluator, expr: Expr, grid: Grid, isInstant: boolean): QueryValue {
  const inner = withoutParens(expr)
  const timeMs = grid.startMs
  switch (typeOf(expr)) {
    case 'string':
      return { type: 'string', timeMs, value: stringLiteralValue(inner)! }
    case 'scalar': {
      const values = evaluator.scalar(inner, grid)
      if (isInstant) return { type: 'scalar', timeMs, value: values[0]! }
      return { type: 'matrix', series: scalarSeries(values, grid) }
    }
    case 'matrix':
      return { type: 'matrix', series: sortSeries(rangeVector(evaluator, inner, grid)) }
  }
  if (isInstant && inner.type === 'vectorSelector') return selectedVector(evaluator, inner, grid)
  const vector = evaluator.vector(inner, grid)
  const columns = inner.type === 'vectorSelector' ? vector : finishNames(vector)
  if (isInstant) return { type: 'vector', timeMs, samples: columns.map(columnToVectorSample) }
  const times = Float64Array.from({ length: grid.count }, (_, step) => timeAt(grid, step))
  return { type: 'matrix', series: sortSeries(columns.map((column) => columnToSeries(column, times))) }
}

/** Selected series are all different, and have one point each: they need no columns of their own. */
function selectedVector(evaluator: Evaluator, selector: Expr, grid: Grid): QueryValue {
  const samples: VectorSample[] = []
  evaluator.stream(selector, grid, (column) => samples.push(columnToVectorSample(column)))
  return { type: 'vector', timeMs: grid.startMs, samples }
}

function scalarSeries(values: Float64Array, grid: Grid): MatrixSeries[] {
  if (grid.count === 0) return []
  const timesMs = Float64Array.from({ length: grid.count }, (_, step) => timeAt(grid, step))
  return [{ labels: Labels.EMPTY, count: grid.count, timesMs, values, histograms: undefined }]
}

function rangeVector(evaluator: Evaluator, expr: Expr, grid: Grid): MatrixSeries[] {
  if (expr.type === 'matrixSelector') return matrixOf(evaluator, expr, grid)
  if (expr.type !== 'subquery') throw new Error(`BUG: ${expr.type} is not a range vector`)
  const result = evaluateSubquery(evaluator, expr, grid, true)
  const samples = result.grid.samplesAtStep!.reduce((sum, count) => sum + count, 0)
  if (grid.samplesAtStep !== undefined) grid.samplesAtStep[0]! += samples
  const times = Float64Array.from({ length: result.grid.count }, (_, step) => timeAt(result.grid, step))
  return finishNames([...result.columns]).map((column) => columnToSeries(column, times))
}

/** Drops the names whose removal was put off; series that become the same are joined. */
function finishNames(columns: Column[]): Column[] {
  for (const column of columns) if (column.dropName) column.labels = withoutMetadata(column.labels)
  return mergeEqualLabels(columns)
}

function sortSeries(series: MatrixSeries[]): MatrixSeries[] {
  return series.sort((a, b) => a.labels.compare(b.labels))
}
