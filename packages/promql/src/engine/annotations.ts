import { quote } from '@promontory/model'
import { formatShortest } from '../parser/go-number.ts'
import type { Position } from '../parser/position.ts'
import { lineColumn } from '../parser/position.ts'

type Kind = 'warning' | 'info'

/** An annotation as it was made, to be made again elsewhere. */
export type Recorded = Annotation

interface Annotation {
  readonly kind: Kind
  readonly text: string
  readonly position: Position | undefined
  /** Put between the text and the position when it is shown. */
  readonly detail?: () => string
}

/** Where bucket counts of classic histograms fell with rising bounds. */
export interface MonotonicityFix {
  readonly minBucket: number
  readonly maxBucket: number
  readonly maxDiff: number
}

interface FixRange extends MonotonicityFix {
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly samples: number
}

/**
 * What a query has to say about itself besides its result. The same text counts once, wherever it came from; the last
 * position wins. Texts are Prometheus's.
 */
export class Annotations {
  readonly #entries = new Map<string, Annotation>()
  readonly #fixes = new Map<string, FixRange>()
  readonly #overlaps = new Map<string, number>()
  #recording: Annotation[] | undefined

  warn(text: string, position?: Position): void {
    this.#add({ kind: 'warning', text: `PromQL warning: ${text}`, position })
  }

  info(text: string, position?: Position): void {
    this.#add({ kind: 'info', text: `PromQL info: ${text}`, position })
  }

  /** A warning of the storage, shown as it is. */
  storageWarning(text: string): void {
    this.#entries.set(text, { kind: 'warning', text, position: undefined })
  }

  /** An info of the storage, shown as it is. */
  storageInfo(text: string): void {
    this.#entries.set(text, { kind: 'info', text, position: undefined })
  }

  #add(annotation: Annotation): void {
    this.#entries.set(annotation.text, annotation)
    this.#recording?.push(annotation)
  }

  /**
   * Runs `compute` and notes the annotations that it makes.
   * @returns with `recorded` undefined when there are some that cannot be made again by {@link replay}
   */
  record<T>(compute: () => T): { result: T; recorded: readonly Recorded[] | undefined } {
    const outer = this.#recording
    const own: Annotation[] = []
    this.#recording = own
    const result = compute()
    this.#recording = outer
    if (outer !== undefined) for (const annotation of own) outer.push(annotation)
    return { result, recorded: own.some(({ detail }) => detail !== undefined) ? undefined : own }
  }

  /** Makes annotations again, for a part of the query that stands `shift` bytes behind the first. */
  replay(recorded: readonly Recorded[], shift: number): void {
    for (const { kind, text, position } of recorded) {
      const moved =
        position === undefined ? undefined : { start: position.start + shift, end: position.end + shift }
      this.#add({ kind, text, position: moved })
    }
  }

  /** The texts of one kind, each with the place in `query` that it is about. */
  texts(kind: Kind, query: string): string[] {
    const texts: string[] = []
    for (const { kind: own, text, position, detail } of this.#entries.values()) {
      if (own !== kind) continue
      const shown = detail === undefined ? text : `${text}${detail()}`
      texts.push(position === undefined ? shown : `${shown} (${lineColumn(query, position.start)})`)
    }
    return texts
  }

  invalidQuantile(quantile: number, position: Position): void {
    this.warn(`quantile value should be between 0 and 1, got ${formatShortest(quantile)}`, position)
  }

  invalidRatio(ratio: number, cappedTo: number, position: Position): void {
    this.warn(
      `ratio value should be between -1 and 1, got ${formatShortest(ratio)}, capping to ${formatShortest(cappedTo)}`,
      position,
    )
  }

  badBucketLabel(metric: string, label: string, position: Position): void {
    this.warn(
      `bucket label "le" is missing or has a malformed value of ${quote(label)}${forMetric(metric)}`,
      position,
    )
  }

  mixedFloatsHistograms(metric: string, position: Position): void {
    this.warn(`encountered a mix of histograms and floats for metric name ${quote(metric)}`, position)
  }

  mixedFloatsHistogramsAggregation(position: Position): void {
    this.warn('encountered a mix of histograms and floats for aggregation', position)
  }

  mixedClassicNative(metric: string, position: Position): void {
    this.warn(`vector contains a mix of classic and native histograms${forMetric(metric)}`, position)
  }

  histogramNotCounter(metric: string, position: Position): void {
    this.warn(`this native histogram metric is not a counter: ${quote(metric)}`, position)
  }

  histogramNotGauge(metric: string, position: Position): void {
    this.warn(`this native histogram metric is not a gauge: ${quote(metric)}`, position)
  }

  mixedExponentialCustom(metric: string, position: Position): void {
    this.warn(
      `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${quote(metric)}`,
      position,
    )
  }

  incompatibleBucketLayout(operator: string, position: Position): void {
    this.warn(`incompatible bucket layout encountered for binary operator ${operator}`, position)
  }

  sortInRangeQuery(position: Position): void {
    this.warn('sort is ineffective for range queries since results are always ordered by labels', position)
  }

  counterResetCollision(operation: HistogramOperation, position: Position): void {
    this.warn(`conflicting counter resets during histogram ${operation}`, position)
  }

  boundsReconciled(operation: HistogramOperation, position: Position): void {
    this.info(`mismatched custom buckets were reconciled during ${operation}`, position)
  }

  possibleNonCounter(metric: string, position: Position): void {
    this.info(
      `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(metric)}`,
      position,
    )
  }

  possibleNonCounterType(metric: string, type: string, position: Position): void {
    this.info(
      `metric might not be a counter, __type__ label is not set to "counter" or "histogram", got ${quote(type)}: ${quote(metric)}`,
      position,
    )
  }

  incompatibleTypes(left: string, operator: string, right: string, position: Position): void {
    this.info(
      `incompatible sample types encountered for binary operator ${quote(operator)}: ${left} ${operator} ${right}`,
      position,
    )
  }

  ignoredHistogramInAggregation(aggregation: string, position: Position): void {
    this.info(`ignored histogram in ${aggregation} aggregation`, position)
  }

  ignoredHistogramsInRange(metric: string, position: Position): void {
    this.info(
      `ignored histograms in a range containing both floats and histograms for metric name ${quote(metric)}`,
      position,
    )
  }

  quantileIsNaN(metric: string, position: Position): void {
    this.info(`input to histogram_quantile has NaN observations, result is NaN${forMetric(metric)}`, position)
  }

  quantileIsSkewed(metric: string, position: Position): void {
    this.info(
      `input to histogram_quantile has NaN observations, result is skewed higher${forMetric(metric)}`,
      position,
    )
  }

  fractionExcludesNaN(metric: string, position: Position): void {
    this.info(
      `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(metric)}`,
      position,
    )
  }

  forcedMonotonicity(metric: string, fix: MonotonicityFix, timeMs: number, position: Position): void {
    const text =
      'PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/' +
      `prometheus/latest/querying/functions/#histogram_quantile)${forMetric(metric)}`
    const old = this.#fixes.get(text)
    const joined: FixRange = {
      minBucket: Math.min(fix.minBucket, old?.minBucket ?? Infinity),
      maxBucket: Math.max(fix.maxBucket, old?.maxBucket ?? -Infinity),
      maxDiff: Math.max(fix.maxDiff, old?.maxDiff ?? 0),
      minTimeMs: Math.min(timeMs, old?.minTimeMs ?? Infinity),
      maxTimeMs: Math.max(timeMs, old?.maxTimeMs ?? -Infinity),
      samples: 1 + (old?.samples ?? 0),
    }
    this.#fixes.set(text, joined)
    this.#add({ kind: 'info', text, position, detail: () => describeFix(joined) })
  }

  startTimeOverlap(metric: string, position: Position): void {
    const text = `PromQL warning: sample has start time that overlaps with previous sample timestamp for metric ${quote(metric)}`
    const count = (this.#overlaps.get(text) ?? 0) + 1
    this.#overlaps.set(text, count)
    this.#add({
      kind: 'warning',
      text,
      position,
      detail: () => (count > 1 ? ` (${count} occurrences)` : ''),
    })
  }
}

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation'

function forMetric(metric: string): string {
  return metric === '' ? '' : ` for metric name ${quote(metric)}`
}

function describeFix({ minBucket, maxBucket, maxDiff, minTimeMs, maxTimeMs, samples }: FixRange): string {
  const time = (ms: number): string =>
    new Date(Math.trunc(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
  return (
    `, from buckets ${formatShortest(minBucket)} to ${formatShortest(maxBucket)}, with a max diff of ` +
    `${twoDigits(maxDiff)}, over ${samples} samples from ${time(minTimeMs)} to ${time(maxTimeMs)}`
  )
}

/** Go's `%.2g`. */
function twoDigits(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatShortest(value)
  const [mantissa, exponent] = value.toExponential(1).split('e') as [string, string]
  const power = Number(exponent)
  if (power >= -4 && power < 2) return String(Number(value.toPrecision(2)))
  const sign = power < 0 ? '-' : '+'
  return `${String(Number(mantissa))}e${sign}${String(Math.abs(power)).padStart(2, '0')}`
}
