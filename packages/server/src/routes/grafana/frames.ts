import { type JsonObject, textOf } from '@promontory/dashboards'

type Sample = readonly [seconds: number, value: string]

/** The `data` of Prometheus's answers. */
export interface PrometheusResult {
  readonly resultType: 'matrix' | 'vector' | 'scalar' | 'string'
  readonly result:
    | readonly {
        readonly metric: Readonly<Record<string, string>>
        readonly values?: readonly Sample[]
        readonly value?: Sample
      }[]
    | Sample
}

/** Grafana's data frames of an answer: one frame per series with a column of times and one of values. */
export function framesOf(data: PrometheusResult, query: JsonObject, stepMs: number): JsonObject[] {
  const refId = textOf(query, 'refId') || 'A'
  if (data.resultType === 'scalar' || data.resultType === 'string')
    return [frame(refId, {}, [data.result as Sample], data.resultType, stepMs, '')]
  const series = data.result as Exclude<PrometheusResult['result'], Sample>
  return series.map(({ metric, values, value }) =>
    frame(
      refId,
      metric,
      values ?? (value === undefined ? [] : [value]),
      data.resultType,
      stepMs,
      textOf(query, 'legendFormat'),
    ),
  )
}

function frame(
  refId: string,
  metric: Readonly<Record<string, string>>,
  samples: readonly Sample[],
  resultType: string,
  stepMs: number,
  legend: string,
): JsonObject {
  const { __name__, ...labels } = metric
  const name = legend === '' || legend === '__auto' ? seriesName(metric) : expandLegend(legend, metric)
  const times = samples.map(([seconds]) => Math.round(seconds * 1000))
  const numbers = samples.map(([, text]) => Number(text.replace(/Inf$/, 'Infinity')))
  const { values, entities } = jsonColumn(numbers)
  return {
    schema: {
      refId,
      name,
      meta: {
        type: resultType === 'matrix' ? 'timeseries-multi' : 'numeric-multi',
        typeVersion: [0, 1],
        custom: { resultType },
      },
      fields: [
        { name: 'Time', type: 'time', typeInfo: { frame: 'time.Time' }, config: { interval: stepMs } },
        {
          name: __name__ ?? 'Value',
          type: 'number',
          typeInfo: { frame: 'float64' },
          labels: __name__ === undefined ? labels : metric,
          config: { displayNameFromDS: name },
        },
      ],
    },
    data: { values: [times, values], ...(entities === undefined ? {} : { entities: [null, entities] }) },
  }
}

/** JSON has no NaN and no infinities: they are null, and named beside the column by their indexes. */
function jsonColumn(numbers: readonly number[]): { values: (number | null)[]; entities?: JsonObject } {
  const at: Record<'NaN' | 'Inf' | 'NegInf', number[]> = { NaN: [], Inf: [], NegInf: [] }
  const values = numbers.map((value, index) => {
    if (Number.isFinite(value)) return value
    at[Number.isNaN(value) ? 'NaN' : value > 0 ? 'Inf' : 'NegInf'].push(index)
    return null
  })
  const entities = Object.fromEntries(Object.entries(at).filter(([, indexes]) => indexes.length > 0))
  return Object.keys(entities).length === 0 ? { values } : { values, entities }
}

function seriesName(metric: Readonly<Record<string, string>>): string {
  const { __name__ = '', ...labels } = metric
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? __name__ : `${__name__}{${pairs.join(', ')}}`
}

function expandLegend(legend: string, metric: Readonly<Record<string, string>>): string {
  return legend.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, name: string) => metric[name] ?? '')
}
