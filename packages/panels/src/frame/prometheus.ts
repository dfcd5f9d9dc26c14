import { TIME, VALUE } from './field-name.ts'
import { frameOf, type Field, type Frame, type Labels } from './frame.ts'

/** A series of a Prometheus answer: `values` of a range query, `value` of an instant one. Times are seconds. */
export interface PrometheusSeries {
  readonly metric: Labels
  readonly values?: readonly (readonly [number, string])[]
  readonly value?: readonly [number, string]
  readonly histograms?: readonly (readonly [number, PrometheusHistogram])[]
  readonly histogram?: readonly [number, PrometheusHistogram]
}

/** A native histogram: buckets are `[boundary rule, lower, upper, count]`. */
export interface PrometheusHistogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [number, string, string, string])[]
}

/** The `data` of `/api/v1/query` and `/api/v1/query_range`. */
export type PrometheusData =
  | { readonly resultType: 'matrix'; readonly result: readonly PrometheusSeries[] }
  | { readonly resultType: 'vector'; readonly result: readonly PrometheusSeries[] }
  | { readonly resultType: 'scalar'; readonly result: readonly [number, string] }
  | { readonly resultType: 'string'; readonly result: readonly [number, string] }

/** What of a panel's target decides over the shape of its frames. */
export interface PrometheusTarget {
  readonly refId: string
  /** With variables filled in. */
  readonly expr: string
  readonly legendFormat: string
  readonly format: 'time_series' | 'table' | 'heatmap'
}

/** The grid of a range query, in milliseconds. */
export interface QueryGrid {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** An answer and the target that asked. */
export interface PrometheusAnswer {
  readonly target: PrometheusTarget
  readonly data: PrometheusData
  readonly grid?: QueryGrid
}

/** The value column of a table is called after its query when there are several tables. */
export function framesOf(answers: readonly PrometheusAnswer[]): Frame[] {
  const tables = new Set(answers.filter(({ target }) => target.format === 'table').map((a) => a.target.refId))
  const merged = mergedByTable(answers)
  return merged.flatMap((answer) => {
    const { format, refId } = answer.target
    if (format === 'table') return [tableFrame(answer, tables.size > 1 ? `${VALUE} #${refId}` : VALUE)]
    if (format === 'heatmap') return heatmapFrames(answer)
    return seriesOf(answer.data).map((series) => seriesFrame(series, answer))
  })
}

/** A table target that asks both for a range and an instant gets one table. */
function mergedByTable(answers: readonly PrometheusAnswer[]): PrometheusAnswer[] {
  const out: PrometheusAnswer[] = []
  for (const answer of answers) {
    const same = out.findIndex(
      ({ target }) => target.format === 'table' && target.refId === answer.target.refId,
    )
    if (answer.target.format !== 'table' || same === -1) out.push(answer)
    else
      out[same] = {
        ...answer,
        data: { resultType: 'matrix', result: [...seriesOf(out[same]!.data), ...seriesOf(answer.data)] },
      }
  }
  return out
}

function seriesOf(data: PrometheusData): readonly PrometheusSeries[] {
  if (data.resultType === 'scalar' || data.resultType === 'string')
    return [{ metric: {}, value: data.result }]
  return data.result
}

/** A sample's text as a number: Prometheus writes `NaN`, `+Inf` and `-Inf`. */
export function sampleValue(text: string): number {
  return text === '+Inf' || text === 'Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}

function pointsOf(series: PrometheusSeries): readonly (readonly [number, string])[] {
  return series.values ?? (series.value === undefined ? [] : [series.value])
}

/** The legend's text of a series; undefined with `__auto`, where what tells series apart becomes the name. */
export function legendOf(target: PrometheusTarget, labels: Labels): string | undefined {
  const { legendFormat, expr } = target
  const hasLabels = Object.keys(labels).length > 0
  if (legendFormat === '__auto') return hasLabels ? undefined : expr
  if (legendFormat === '') return hasLabels ? metricText(labels) : expr
  const text = legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? '')
  return text === '' ? expr : text
}

function metricText(labels: Labels): string {
  const { __name__: name = '', ...rest } = labels
  const inner = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return inner.length === 0 ? name : `${name}{${inner.join(', ')}}`
}

/** Times of grids: series without gaps share one column, which charts recognise. */
const gridTimes = new WeakMap<QueryGrid, number[]>()

function timesOf(grid: QueryGrid): number[] {
  const known = gridTimes.get(grid)
  if (known !== undefined) return known
  const count = Math.floor((grid.endMs - grid.startMs) / grid.stepMs + 1e-6) + 1
  const made = Array.from({ length: Math.max(0, count) }, (_, i) => grid.startMs + i * grid.stepMs)
  gridTimes.set(grid, made)
  return made
}

function seriesFrame(series: PrometheusSeries, { target, grid }: PrometheusAnswer): Frame {
  const points = pointsOf(series)
  const legend = legendOf(target, series.metric)
  const shared = grid === undefined ? undefined : timesOf(grid)
  const times = shared?.length === points.length ? shared : points.map(([timeS]) => Math.round(timeS * 1000))
  const fields: Field[] = [
    {
      name: TIME,
      type: 'time',
      values: times,
      config: grid === undefined ? {} : { interval: grid.stepMs },
    },
    {
      name: VALUE,
      type: 'number',
      values: points.map(([, text]) => sampleValue(text)),
      labels: series.metric,
      config: legend === undefined ? {} : { displayNameFromDS: legend },
    },
  ]
  return frameOf(fields, {
    refId: target.refId,
    ...(legend === undefined ? {} : { name: legend }),
    ...(grid === undefined ? {} : { meta: { grid } }),
  })
}

/** One row per sample: its time, a column per label (by name), the value. `le` is a number. */
function tableFrame({ target, data }: PrometheusAnswer, valueName: string): Frame {
  const rows = seriesOf(data).flatMap((series) => pointsOf(series).map((point) => ({ series, point })))
  const names = [...new Set(seriesOf(data).flatMap(({ metric }) => Object.keys(metric).sort()))]
  const labels = names.map((name): Field => {
    const isNumber = name === 'le'
    return {
      name,
      type: isNumber ? 'number' : 'string',
      config: { filterable: true },
      values: rows.map(({ series }) => {
        const text = series.metric[name] ?? ''
        return isNumber ? sampleValue(text) : text
      }),
    }
  })
  return frameOf(
    [
      { name: TIME, type: 'time', config: {}, values: rows.map(({ point }) => Math.round(point[0] * 1000)) },
      ...labels,
      {
        name: valueName,
        type: 'number',
        config: {},
        values: rows.map(({ point }) => sampleValue(point[1])),
      },
    ],
    { refId: target.refId },
  )
}

/** Buckets as fields, lowest first; cumulative counts of classic histograms are taken apart. */
function heatmapFrames(answer: PrometheusAnswer): Frame[] {
  const all = seriesOf(answer.data)
  const native = all.filter(({ histograms }) => histograms !== undefined)
  const classic = all.filter(({ metric }) => metric['le'] !== undefined)
  const rest = all.filter((series) => !native.includes(series) && !classic.includes(series))
  const frames = rest.map((series) => seriesFrame(series, answer))
  if (native.length > 0) frames.push(nativeHeatmap(native, answer))
  if (classic.length > 0) frames.push(classicHeatmap(classic, answer))
  return frames
}

function classicHeatmap(series: readonly PrometheusSeries[], { target, grid }: PrometheusAnswer): Frame {
  const sorted = [...series].sort((a, b) => sampleValue(a.metric['le']!) - sampleValue(b.metric['le']!))
  const times = [
    ...new Set(sorted.flatMap((one) => pointsOf(one).map(([timeS]) => Math.round(timeS * 1000)))),
  ].sort((a, b) => a - b)
  const row = new Map(times.map((time, i) => [time, i]))
  const cumulative = sorted.map((one) => {
    const column = Array<number | null>(times.length).fill(null)
    for (const [timeS, text] of pointsOf(one)) column[row.get(Math.round(timeS * 1000))!] = sampleValue(text)
    return column
  })
  const fields = sorted.map((one, i): Field => {
    const legend = legendOf(target, one.metric)
    return {
      name: one.metric['le']!,
      type: 'number',
      labels: one.metric,
      config: legend === undefined ? {} : { displayNameFromDS: legend },
      values: cumulative[i]!.map((value, k) => {
        const below = i === 0 ? 0 : (cumulative[i - 1]![k] ?? 0)
        // A scrape between two writes can see less in the larger bucket.
        return value === null ? null : Math.max(0, value - below)
      }),
    }
  })
  return heatmapFrame(times, fields, target.refId, grid)
}

function nativeHeatmap(series: readonly PrometheusSeries[], { target, grid }: PrometheusAnswer): Frame {
  const counts = new Map<number, Map<number, number>>()
  const times = new Set<number>()
  for (const { histograms = [] } of series)
    for (const [timeS, { buckets = [] }] of histograms) {
      const timeMs = Math.round(timeS * 1000)
      times.add(timeMs)
      for (const [, , upper, count] of buckets) {
        const bound = sampleValue(upper)
        const column = counts.get(bound) ?? new Map<number, number>()
        column.set(timeMs, (column.get(timeMs) ?? 0) + sampleValue(count))
        counts.set(bound, column)
      }
    }
  const sortedTimes = [...times].sort((a, b) => a - b)
  const fields = [...counts.entries()]
    .sort(([a], [b]) => a - b)
    .map(([bound, column]): Field => ({
      name: String(Number(bound.toPrecision(6))),
      type: 'number',
      config: {},
      values: sortedTimes.map((time) => column.get(time) ?? 0),
    }))
  return heatmapFrame(sortedTimes, fields, target.refId, grid)
}

function heatmapFrame(
  times: readonly number[],
  fields: readonly Field[],
  refId: string,
  grid: QueryGrid | undefined,
): Frame {
  return frameOf([{ name: TIME, type: 'time', config: {}, values: times }, ...fields], {
    refId,
    meta: { kind: 'heatmap', ...(grid === undefined ? {} : { grid }) },
  })
}
