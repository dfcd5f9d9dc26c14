import type { MatrixSeries, QueryData, VectorSeries } from '@promontory/api'
import { ask, type Answer } from './api.ts'
import { seriesName } from './format.ts'
import type { ChartData } from '../parts/chart.tsx'

/** Points of a chart at most: more than pixels help nobody. */
const POINTS = 250

export async function instantQuery(
  expr: string,
  signal?: AbortSignal,
  timeS?: number,
): Promise<Answer<QueryData>> {
  return ask<QueryData>('query', { query: expr, time: timeS }, signal)
}

export interface RangeAnswer extends Answer<readonly MatrixSeries[]> {
  readonly startS: number
  readonly endS: number
  readonly stepS: number
}

/** Start and end are moved to multiples of the step, so that a repeated question asks for the same points. */
export async function rangeQuery(
  expr: string,
  fromS: number,
  toS: number,
  signal?: AbortSignal,
  wantedStepS?: number,
): Promise<RangeAnswer> {
  const stepS = wantedStepS ?? Math.max(1, Math.ceil((toS - fromS) / POINTS))
  const startS = Math.floor(fromS / stepS) * stepS
  const endS = Math.floor(toS / stepS) * stepS
  const answer = await ask<QueryData>(
    'query_range',
    { query: expr, start: startS, end: endS, step: stepS },
    signal,
  )
  if (answer.data.resultType !== 'matrix')
    throw new Error(`a range query answered with a ${answer.data.resultType}`)
  return { ...answer, data: answer.data.result, startS, endS, stepS }
}

/** Lays the series of a range answer onto one axis of times. */
export function toChart({ data, startS, endS, stepS }: RangeAnswer): ChartData {
  const count = Math.floor((endS - startS) / stepS + 1e-6) + 1
  const times = Array.from({ length: count }, (_, i) => startS + i * stepS)
  // A native histogram is no line: such series are left out.
  const lines = data.filter(({ values = [] }) => values.length > 0)
  const series = lines.map(({ metric, values = [] }) => {
    const column = Array<number | null>(count).fill(null)
    for (const [timeS, value] of values) column[Math.round((timeS - startS) / stepS)] = toNumber(value)
    return { name: seriesName(metric), values: column }
  })
  return { times, series }
}

/** A value of the API as a number; null for NaN, which a chart leaves out. */
export function toNumber(text: string): number | null {
  const value = text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
  return Number.isNaN(value) ? null : value
}

/** The value of a query that answers with one element; undefined when it is empty. */
export function singleValue(data: QueryData | undefined): number | undefined {
  if (data === undefined) return undefined
  const text =
    data.resultType === 'scalar'
      ? data.result[1]
      : data.resultType === 'vector'
        ? data.result[0]?.value?.[1]
        : undefined
  return text === undefined ? undefined : (toNumber(text) ?? undefined)
}

export function vectorOf(data: QueryData | undefined): readonly VectorSeries[] {
  return data?.resultType === 'vector' ? data.result : []
}
