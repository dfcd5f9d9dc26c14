import type { Labels } from '@promontory/model'
import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram, METRIC_NAME } from '@promontory/model'
import { parseNumber } from '../parser/literals.ts'
import type { LoadedSeries } from './script.ts'

interface Point {
  buckets: Map<number, number>
  count: number | undefined
  sum: number | undefined
}

/**
 * Joins classic histogram series (`x_bucket{le}`, `x_count`, `x_sum`) to native histograms with custom buckets, one
 * series `x` per label set.
 */
export function toCustomBuckets(series: readonly LoadedSeries[]): LoadedSeries[] {
  const byLabels = new Map<string, { labels: Labels; points: Point[] }>()
  for (const { labels, values } of series) {
    const match = /^(.*)_(bucket|count|sum)$/.exec(labels.metricName)
    if (match === null) continue
    const [, name, part] = match as unknown as [string, string, string]
    const bound = part === 'bucket' ? parseBound(labels.get('le')) : undefined
    if (part === 'bucket' && bound === undefined) continue
    const base = labels.without('le').with(METRIC_NAME, name)
    let group = byLabels.get(base.key())
    if (group === undefined) byLabels.set(base.key(), (group = { labels: base, points: [] }))
    values.forEach(({ value, omitted, stale }, i) => {
      if (omitted || stale || value === undefined) return
      const point = (group.points[i] ??= { buckets: new Map(), count: undefined, sum: undefined })
      if (bound !== undefined) point.buckets.set(bound, value)
      else if (part === 'count') point.count = value
      else point.sum = value
    })
  }
  return [...byLabels.values()]
    .filter(({ points }) => points.some((point) => point !== undefined && point.buckets.size > 0))
    .map(({ labels, points }) => ({
      labels,
      values: Array.from(points, (point) =>
        point === undefined ? { omitted: true } : { histogram: histogramOf(point) },
      ),
      startOffsetsMs: undefined,
    }))
}

function parseBound(text: string): number | undefined {
  try {
    const value = parseNumber(text.replace(/^\+/, ''))
    return Number.isNaN(value) ? undefined : value
  } catch {
    return text.startsWith('-') ? negativeBound(text.slice(1)) : undefined
  }
}

function negativeBound(text: string): number | undefined {
  const bound = parseBound(text)
  return bound === undefined ? undefined : -bound
}

function histogramOf({ buckets, count, sum }: Point): FloatHistogram {
  const bounds = [...buckets.keys()].filter((bound) => bound !== Infinity).sort((a, b) => a - b)
  const total = buckets.get(Infinity) ?? count ?? buckets.get(bounds.at(-1)!) ?? 0
  const counts: number[] = []
  let below = 0
  for (const bound of bounds) {
    counts.push(buckets.get(bound)! - below)
    below = buckets.get(bound)!
  }
  counts.push(total - below)
  const spans: { offset: number; length: number }[] = []
  const kept: number[] = []
  let gap = 0
  for (const bucket of counts) {
    if (bucket === 0) {
      gap++
      continue
    }
    const last = spans.at(-1)
    if (last !== undefined && gap === 0) last.length++
    else spans.push({ offset: gap, length: 1 })
    gap = 0
    kept.push(bucket)
  }
  return new FloatHistogram({
    schema: CUSTOM_BUCKETS_SCHEMA,
    customBounds: bounds,
    count: count ?? total,
    sum: sum ?? 0,
    positiveSpans: spans,
    positiveBuckets: kept,
  })
}
