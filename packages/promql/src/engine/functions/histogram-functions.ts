import type { Labels } from '@promontory/model'
import { parseNumber } from '../../parser/literals.ts'
import { formatShortest } from '../../parser/go-number.ts'
import type { Call, Expr } from '../../parser/ast.ts'
import { stringLiteralValue } from '../../parser/check-types.ts'
import { Column, FLOAT, HISTOGRAM, mergeEqualLabels } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import type { Grid } from '../grid.ts'
import { timeAt } from '../grid.ts'
import { signatureOf, withoutMetadata } from '../labels.ts'
import type { ClassicBucket } from './bucket-quantile.ts'
import { bucketFraction, bucketQuantile } from './bucket-quantile.ts'
import { histogramFraction, histogramQuantile } from './histogram-quantile.ts'

const BUCKET_LABEL = 'le'

/** A series that is one bucket of a classic histogram. */
interface BucketSeries {
  readonly column: Column
  readonly upperBound: number
}

/** A histogram of either kind: native in `native`, classic spread over `buckets`. */
interface HistogramGroup {
  readonly labels: Labels
  readonly native: Column[]
  readonly buckets: BucketSeries[]
  /** Result columns by the value of the label that tells them apart, `''` when there is none. */
  readonly out: Map<string, Column>
}

/** Computes over histograms, step by step. */
abstract class HistogramFunction {
  protected readonly evaluation: Evaluation
  protected readonly grid: Grid
  readonly #arg: Expr
  readonly #groups: HistogramGroup[]

  constructor(evaluation: Evaluation, arg: Expr, grid: Grid) {
    this.evaluation = evaluation
    this.grid = grid
    this.#arg = arg
    this.#groups = this.#group(evaluation.vector(arg, grid))
  }

  protected get position(): Expr['position'] {
    return this.#arg.position
  }

  /** Name and value of the label that tells result number `index` from the others; undefined when there is one only. */
  protected abstract labelAt(index: number, step: number): readonly [name: string, value: string] | undefined
  protected abstract native(
    step: number,
    histogram: NonNullable<ReturnType<Column['histogramAt']>>,
    metric: string,
  ): readonly number[]
  protected abstract classic(step: number, buckets: ClassicBucket[], metric: string): readonly number[]

  evaluate(): Column[] {
    const { annotations, settings, ledger } = this.evaluation
    for (const group of this.#groups) {
      ledger.worked(this.grid.count * (group.buckets.length + 1))
      const metric = settings.delayedNameRemoval ? group.labels.metricName : ''
      for (let step = 0; step < this.grid.count; step++) {
        const native = group.native.map((column) => column.histogramAt(step)).find((h) => h !== undefined)
        const buckets = bucketsAt(group, step)
        if (native !== undefined && buckets.length > 0) annotations.mixedClassicNative(metric, this.position)
        else if (native !== undefined) this.#set(group, step, this.native(step, native, metric))
        else if (buckets.length > 0) this.#set(group, step, this.classic(step, buckets, metric))
      }
    }
    const columns = this.#groups.flatMap((group) => [...group.out.values()])
    if (!settings.delayedNameRemoval)
      for (const column of columns) column.labels = withoutMetadata(column.labels)
    return mergeEqualLabels(columns)
  }

  #set(group: HistogramGroup, step: number, values: readonly number[]): void {
    values.forEach((value, index) => {
      const label = this.labelAt(index, step)
      const key = label?.[1] ?? ''
      let column = group.out.get(key)
      if (column === undefined) {
        const labels = label === undefined ? group.labels : group.labels.with(...label)
        group.out.set(key, (column = new Column(this.grid.count, labels, true)))
      }
      column.setFloat(step, value)
    })
  }

  /** Series by their labels: buckets without `le`, native histograms with all they have. */
  #group(columns: readonly Column[]): HistogramGroup[] {
    const { annotations, settings } = this.evaluation
    const groups = new Map<string, HistogramGroup>()
    const groupOf = (labels: Labels): HistogramGroup => {
      const key = signature(labels)
      let group = groups.get(key)
      if (group === undefined) groups.set(key, (group = { labels, native: [], buckets: [], out: new Map() }))
      return group
    }
    const signature = signatureOf([], false)
    for (const column of columns) {
      if (column.kinds.includes(HISTOGRAM)) groupOf(column.labels).native.push(column)
      if (!column.kinds.includes(FLOAT)) continue
      const label = column.labels.get(BUCKET_LABEL)
      const upperBound = parseBound(label)
      if (upperBound === undefined)
        annotations.badBucketLabel(
          settings.delayedNameRemoval ? column.labels.metricName : '',
          label,
          this.position,
        )
      else groupOf(column.labels.without(BUCKET_LABEL)).buckets.push({ column, upperBound })
    }
    return [...groups.values()]
  }
}

function bucketsAt({ buckets }: HistogramGroup, step: number): ClassicBucket[] {
  const found: ClassicBucket[] = []
  for (const { column, upperBound } of buckets)
    if (column.kinds[step] === FLOAT) found.push({ upperBound, count: column.values[step]! })
  return found
}

/** Undefined for what Go does not parse as a float. */
function parseBound(label: string): number | undefined {
  const [sign, rest] = /^([+-]?)(.*)$/s.exec(label)!.slice(1) as [string, string]
  try {
    const value = /^infinity$/i.test(rest)
      ? Infinity
      : parseNumber(/^0\d/.test(rest) ? `${Number(rest)}` : rest)
    return sign === '-' ? -value : value
  } catch {
    return undefined
  }
}

class Quantiles extends HistogramFunction {
  readonly #quantiles: readonly Float64Array[]
  readonly #label: string | undefined
  readonly #quantileArgs: readonly Expr[]

  constructor(evaluation: Evaluation, arg: Expr, grid: Grid, quantiles: readonly Expr[], label?: string) {
    super(evaluation, arg, grid)
    this.#quantileArgs = quantiles
    this.#quantiles = quantiles.map((quantile) => evaluation.scalar(quantile, grid))
    this.#label = label
    this.#quantiles.forEach((values, i) => {
      for (const value of values)
        if (!(value >= 0 && value <= 1))
          evaluation.annotations.invalidQuantile(value, this.#quantileArgs[i]!.position)
    })
  }

  protected override labelAt(index: number, step: number): [string, string] | undefined {
    if (this.#label === undefined) return undefined
    return [this.#label, openMetricsFloat(this.#quantiles[index]![step]!)]
  }

  protected override native(
    step: number,
    histogram: Parameters<HistogramFunction['native']>[1],
    metric: string,
  ): number[] {
    const { annotations } = this.evaluation
    return this.#quantiles.map((values) =>
      histogramQuantile(values[step]!, histogram, annotations, this.position, metric),
    )
  }

  protected override classic(step: number, buckets: ClassicBucket[], metric: string): number[] {
    return this.#quantiles.map((values) => {
      const own = buckets.map((bucket) => ({ ...bucket }))
      const { value, fix } = bucketQuantile(values[step]!, own)
      if (fix !== undefined)
        this.evaluation.annotations.forcedMonotonicity(metric, fix, timeAt(this.grid, step), this.position)
      return value
    })
  }
}

/** `0.5`, and `1.0` for whole numbers: how OpenMetrics writes values of labels that are numbers. */
export function openMetricsFloat(value: number): string {
  const text = formatShortest(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

class Fraction extends HistogramFunction {
  readonly #lower: Float64Array
  readonly #upper: Float64Array

  constructor(evaluation: Evaluation, call: Call, grid: Grid) {
    super(evaluation, call.args[2]!, grid)
    this.#lower = evaluation.scalar(call.args[0]!, grid)
    this.#upper = evaluation.scalar(call.args[1]!, grid)
  }

  protected override labelAt(): undefined {
    return undefined
  }

  protected override native(
    step: number,
    histogram: Parameters<HistogramFunction['native']>[1],
    metric: string,
  ): number[] {
    const { annotations } = this.evaluation
    const [lower, upper] = [this.#lower[step]!, this.#upper[step]!]
    return [histogramFraction(lower, upper, histogram, annotations, this.position, metric)]
  }

  protected override classic(step: number, buckets: ClassicBucket[]): number[] {
    return [bucketFraction(this.#lower[step]!, this.#upper[step]!, buckets)]
  }
}

/** `histogram_quantile`, `histogram_quantiles`, `histogram_fraction`. */
export function histogramFunction(evaluation: Evaluation, call: Call, grid: Grid): Column[] {
  const { args } = call
  switch (call.func.name) {
    case 'histogram_fraction':
      return new Fraction(evaluation, call, grid).evaluate()
    case 'histogram_quantiles':
      return new Quantiles(
        evaluation,
        args[0]!,
        grid,
        args.slice(2),
        stringLiteralValue(args[1]!)!,
      ).evaluate()
    default:
      return new Quantiles(evaluation, args[1]!, grid, args.slice(0, 1)).evaluate()
  }
}
