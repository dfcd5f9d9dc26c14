import {
  type ByteWriter,
  type QueryResult,
  type QueryValue,
  writeResult as writeValue,
} from '@promontory/promql'
import type { PostedVector, StatsWanted } from './protocol.ts'

const encoder = new TextEncoder()

const TRUNCATED = 'results truncated due to limit'

/** Writes the response body of a query: envelope, data, annotations, stats. */
export function writeResult(
  result: QueryResult,
  task: { readonly limit: number; readonly stats: StatsWanted },
  writer: ByteWriter,
): void {
  const { value, truncated } = limit(result.value, task.limit)
  const warnings = capped(result.warnings, 'warning')
  if (truncated) warnings.push(TRUNCATED)
  const infos = capped(result.infos, 'info')
  writer.ascii('{"status":"success","data":')
  writeValue(value, writer)
  if (task.stats !== 'none') {
    writer.dropLast()
    writer.raw(encoder.encode(`,"stats":${JSON.stringify(statsOf(result, task.stats))}}`))
  }
  if (warnings.length > 0) writer.raw(encoder.encode(`,"warnings":${JSON.stringify(warnings)}`))
  if (infos.length > 0) writer.raw(encoder.encode(`,"infos":${JSON.stringify(infos)}`))
  writer.ascii('}')
}

/** More annotations of a kind than this are counted only, as in Prometheus. */
const ANNOTATIONS_MAX = 10

function capped(texts: readonly string[], kind: 'warning' | 'info'): string[] {
  if (texts.length <= ANNOTATIONS_MAX) return [...texts]
  return [
    ...texts.slice(0, ANNOTATIONS_MAX),
    `${texts.length - ANNOTATIONS_MAX} more ${kind} annotations omitted`,
  ]
}

function limit(value: QueryValue, most: number): { value: QueryValue; truncated: boolean } {
  if (most === 0) return { value, truncated: false }
  if (value.type === 'vector' && value.samples.length > most)
    return { value: { ...value, samples: value.samples.slice(0, most) }, truncated: true }
  if (value.type === 'matrix' && value.series.length > most)
    return { value: { ...value, series: value.series.slice(0, most) }, truncated: true }
  return { value, truncated: false }
}

function statsOf({ stats }: QueryResult, wanted: StatsWanted): object {
  const perStep = stats.totalQueryableSamplesPerStep?.map(([timeMs, samples]) => [timeMs / 1000, samples])
  return {
    samples: {
      ...(wanted === 'all' && perStep !== undefined ? { totalQueryableSamplesPerStep: perStep } : {}),
      totalQueryableSamples: stats.totalQueryableSamples,
      peakSamples: stats.peakSamples,
    },
  }
}

/** An instant answer as columns; a scalar is one element without labels, as rules take it. */
export function postVector({ value, warnings, infos }: QueryResult): PostedVector {
  if (value.type === 'scalar') return { labels: [[]], values: Float64Array.of(value.value), warnings, infos }
  if (value.type !== 'vector') throw new TypeError('rule result is not a vector or scalar')
  const histograms = new Map<number, object>()
  const values = new Float64Array(value.samples.length)
  value.samples.forEach((sample, i) => {
    values[i] = sample.value
    if (sample.histogram !== undefined) histograms.set(i, { ...sample.histogram })
  })
  return {
    labels: value.samples.map(({ labels }) => labels.pairs),
    values,
    ...(histograms.size > 0 ? { histograms } : {}),
    warnings,
    infos,
  }
}
