import { SampleColumns } from '@promontory/model'
import { executionError } from '../errors.ts'
import type { MatrixSelector } from '../parser/ast.ts'
import type { MatrixSeries } from '../result.ts'
import type { Evaluation } from './evaluation.ts'
import type { Grid } from './grid.ts'
import { interpolate } from './interpolate.ts'
import { RangeSamples } from './range-samples.ts'

/** A range selector as the result of an instant query: the samples themselves. */
export function matrixOf(
  evaluation: Evaluation,
  { selector, rangeMs }: MatrixSelector,
  grid: Grid,
): MatrixSeries[] {
  const { ledger, settings, selection } = evaluation
  const extended = selector.anchored || selector.smoothed
  const endMs = (selector.atMs ?? grid.startMs) - selector.offsetMs
  const startMs = endMs - rangeMs
  const oldestMs = startMs - (extended ? settings.lookbackMs : 0)
  const newestMs = endMs + (selector.smoothed ? settings.lookbackMs : 0)
  const samples = new RangeSamples()
  const columns = new SampleColumns()
  const series: MatrixSeries[] = []
  selection.read(selector, columns, (labels) => {
    samples.loadColumns(labels, columns, false)
    ledger.worked(columns.length)
    if (!extended && samples.histograms.length === 0) {
      const made = floatSeries(labels, samples, oldestMs, newestMs)
      if (made.count === 0) return
      ledger.add(made.count)
      if (grid.samplesAtStep !== undefined) grid.samplesAtStep[0]! += made.count
      series.push(made)
      return
    }
    let points = pointsIn(samples, oldestMs, newestMs)
    if (extended) {
      const modifier = selector.anchored ? 'anchored' : 'smoothed'
      if (points.some(({ histogram }) => histogram !== undefined))
        throw executionError(`${modifier} modifier is not supported with histograms`)
      points = extend(points, startMs, endMs, selector.smoothed)
    }
    if (points.length === 0) return
    const made = toSeries(labels, points)
    let weight = points.length
    if (made.histograms !== undefined)
      weight =
        samples.histogramWeight(0, samples.histograms.length) +
        points.filter((p) => p.histogram === undefined).length
    ledger.add(weight)
    if (grid.samplesAtStep !== undefined) grid.samplesAtStep[0]! += weight
    series.push(made)
  })
  return series
}

/** The floats in (oldest, newest]. */
function floatSeries(
  labels: MatrixSeries['labels'],
  { timesMs, values, count }: RangeSamples,
  oldestMs: number,
  newestMs: number,
): MatrixSeries {
  let from = 0
  let to = count
  while (from < to && timesMs[from]! <= oldestMs) from++
  while (to > from && timesMs[to - 1]! > newestMs) to--
  return {
    labels,
    count: to - from,
    timesMs: timesMs.slice(from, to),
    values: values.slice(from, to),
    histograms: undefined,
  }
}

interface Point {
  readonly timeMs: number
  readonly value: number
  readonly histogram: RangeSamples['histograms'][number] | undefined
}

/** Samples in (oldest, newest], floats and histograms in one sequence. */
function pointsIn(samples: RangeSamples, oldestMs: number, newestMs: number): Point[] {
  const points: Point[] = []
  for (let i = 0; i < samples.count; i++)
    points.push({ timeMs: samples.timesMs[i]!, value: samples.values[i]!, histogram: undefined })
  samples.histograms.forEach((histogram, i) =>
    points.push({ timeMs: samples.histogramTimesMs[i]!, value: 0, histogram }),
  )
  const inside = points.filter(({ timeMs }) => timeMs > oldestMs && timeMs <= newestMs)
  return samples.histograms.length > 0 ? inside.sort((a, b) => a.timeMs - b.timeMs) : inside
}

function toSeries(labels: MatrixSeries['labels'], points: readonly Point[]): MatrixSeries {
  return {
    labels,
    count: points.length,
    timesMs: Float64Array.from(points, ({ timeMs }) => timeMs),
    values: Float64Array.from(points, ({ value }) => value),
    histograms: points.some(({ histogram }) => histogram !== undefined)
      ? points.map(({ histogram }) => histogram)
      : undefined,
  }
}

/** The samples of an extended range, with one at each of its ends. */
function extend(points: readonly Point[], startMs: number, endMs: number, smoothed: boolean): Point[] {
  if (points.length === 0) return []
  const inside = points.filter(({ timeMs }) => timeMs > startMs && timeMs < endMs)
  const before = points.findLast(({ timeMs }) => timeMs <= startMs)
  const atOrBeforeEnd = points.findLast(({ timeMs }) => timeMs <= endMs)
  const after = points.find(({ timeMs }) => timeMs >= endMs)
  const newest = points.at(-1)!
  if (newest.timeMs <= startMs || (!smoothed && atOrBeforeEnd!.timeMs <= startMs)) return []
  const left = before ?? points[0]!
  const next = points.find(({ timeMs }) => timeMs > startMs)!
  const between = (a: Point, b: Point, timeMs: number): number =>
    interpolate(a.value, a.timeMs, b.value, b.timeMs, timeMs, false)
  const leftValue = smoothed && left.timeMs < startMs ? between(left, next, startMs) : left.value
  const right = smoothed ? (after ?? newest) : newest
  const previous = points.findLast(({ timeMs }) => timeMs < endMs)
  const rightValue =
    smoothed && right.timeMs > endMs && previous !== undefined ? between(previous, right, endMs) : right.value
  return [
    { timeMs: startMs, value: leftValue, histogram: undefined },
    ...inside,
    { timeMs: endMs, value: rightValue, histogram: undefined },
  ]
}
