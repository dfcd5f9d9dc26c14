import type { Queryable } from '@promontory/model'
import { Labels } from '@promontory/model'
import {
  type Engine,
  type Extent,
  joinExtents,
  type MatrixSeries,
  QueryError,
  type QueryOptions,
  type QueryResult,
} from '@promontory/promql'
import type { PartTask, PostedPart, PostedSeries, RangeTask } from './protocol.ts'

/** Evaluates steps of a range query for another worker. */
export async function evaluatePart(
  engine: Engine,
  reader: Queryable,
  task: PartTask,
  options: QueryOptions,
): Promise<PostedPart> {
  const { value, warnings, infos, stats } = await engine.range(reader, task.expr, task, {
    ...options,
    maxSamples: task.maxSamples,
  })
  if (value.type !== 'matrix') throw new Error(`BUG: a range query gave a ${value.type}`)
  const { totalQueryableSamples: samples, peakSamples } = stats
  return { series: postSeries(value.series), warnings, infos, samples, peakSamples }
}

/** Undefined when there are native histograms: those are not worth a form of their own here. */
function postSeries(series: readonly MatrixSeries[]): PostedSeries | undefined {
  if (series.some(({ histograms }) => histograms !== undefined)) return undefined
  const counts = Uint32Array.from(series, ({ count }) => count)
  const points = counts.reduce((sum, count) => sum + count, 0)
  const [first] = series
  const sameTimes = series.every(({ timesMs, count }) => timesMs === first!.timesMs && count === first!.count)
  const timesMs = new Float64Array(sameTimes ? (first?.count ?? 0) : points)
  const values = new Float64Array(points)
  let at = 0
  for (const { timesMs: times, values: own, count } of series) {
    if (!sameTimes) timesMs.set(times.subarray(0, count), at)
    values.set(own.subarray(0, count), at)
    at += count
  }
  if (sameTimes && first !== undefined) timesMs.set(first.timesMs.subarray(0, first.count))
  return { labels: series.map(({ labels }) => labels.pairs), counts, timesMs, values }
}

function takeSeries({ labels, counts, timesMs, values }: PostedSeries): MatrixSeries[] {
  const sameTimes = timesMs.length < values.length || labels.length === 1
  let at = 0
  return labels.map((pairs, i) => {
    const count = counts[i]!
    const series: MatrixSeries = {
      labels: Labels.fromSorted(pairs),
      count,
      timesMs: sameTimes ? timesMs : timesMs.subarray(at, at + count),
      values: values.subarray(at, at + count),
      histograms: undefined,
    }
    at += count
    return series
  })
}

/** Annotations that count over the whole range: those of two parts cannot be put together. */
const COUNTING = / occurrences\)|needed to be fixed for monotonicity/

/**
 * Evaluates the first part of a range query and puts the others behind it. Where anything is special (an error, histograms, annotations that
 * count), the whole query is evaluated here, so that the answer is what one worker alone would say.
 */
export async function evaluateSplit(
  engine: Engine,
  reader: Queryable,
  task: RangeTask & { readonly split: NonNullable<RangeTask['split']> },
  others: readonly Promise<PostedPart | undefined>[],
  options: QueryOptions & { readonly maxSamples: number },
): Promise<QueryResult> {
  const { startMs, stepMs, expr, split } = task
  const whole = (): Promise<QueryResult> => engine.range(reader, expr, task, options)
  let own: QueryResult
  try {
    const maxSamples = Math.ceil(options.maxSamples / (1 + others.length))
    own = await engine.range(
      reader,
      expr,
      { startMs, endMs: split.ownEndMs, stepMs },
      { ...options, maxSamples },
    )
  } catch (error) {
    if (!(error instanceof QueryError) || error.errorType !== 'execution') throw error
    return await whole()
  }
  const parts = await Promise.all(others)
  const extents = [extentOf(own)]
  for (const part of parts) {
    if (part?.series === undefined) return await whole()
    extents.push({ startMs, endMs: startMs, series: takeSeries(part.series), infos: [] })
  }
  const all = parts as PostedPart[]
  const warnings = union([own.warnings, ...all.map((part) => part.warnings)])
  const infos = union([own.infos, ...all.map((part) => part.infos)])
  if ([...warnings, ...infos].some((text) => COUNTING.test(text))) return await whole()
  return {
    value: { type: 'matrix', series: joinExtents(extents).series },
    warnings,
    infos,
    stats: {
      totalQueryableSamples: all.reduce((sum, { samples }) => sum + samples, own.stats.totalQueryableSamples),
      peakSamples: all.reduce((sum, { peakSamples }) => sum + peakSamples, own.stats.peakSamples),
      totalQueryableSamplesPerStep: undefined,
    },
  }
}

/** Of the joining only the series count. */
function extentOf({ value }: QueryResult): Extent {
  if (value.type !== 'matrix') throw new Error(`BUG: a range query gave a ${value.type}`)
  return { startMs: 0, endMs: 0, series: value.series, infos: [] }
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())]
}
