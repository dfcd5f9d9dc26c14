import type { Envelope, QueryData } from '@promontory/api'
import { Labels } from '@promontory/model'
import type { SeriesSamples } from '@promontory/tsdb/block'
import { type ServerClient, textOf } from './server-client.ts'

/** Collects floats by series, in the order in which they come. */
export class SeriesCollector {
  readonly #series = new Map<string, SeriesSamples>()

  get series(): SeriesSamples[] {
    return [...this.#series.values()]
  }

  add(labels: Labels, timeMs: number, value: number): void {
    let known = this.#series.get(labels.key())
    if (known === undefined) this.#series.set(labels.key(), (known = { labels, timesMs: [], values: [] }))
    known.timesMs.push(timeMs)
    known.values.push(value)
  }
}

/** One series of an answer. */
export interface MatrixRow {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [timeS: number, value: string])[]
  /** How many native histograms it has besides. */
  readonly histograms: number
}

/**
 * Asks a server with Prometheus's API for a matrix: `query` with a range selector, or `query_range`.
 * @throws Error with the server's own words
 */
export async function askMatrix(
  server: ServerClient,
  path: 'query' | 'query_range',
  parameters: Readonly<Record<string, string>>,
): Promise<MatrixRow[]> {
  const url = `${server.url}/api/v1/${path}`
  const response = await server.request(`/api/v1/${path}`, { body: new URLSearchParams(parameters) })
  const text = textOf(response)
  let envelope: Envelope<QueryData>
  try {
    envelope = JSON.parse(text) as Envelope<QueryData>
  } catch {
    throw new Error(`${url} answered ${response.status} without JSON: ${text.slice(0, 200)}`)
  }
  if (envelope.status === 'error') throw new Error(`${url}: ${envelope.errorType}: ${envelope.error}`)
  if (envelope.data.resultType !== 'matrix')
    throw new Error(`rule result is wrong type ${envelope.data.resultType}: a matrix is needed`)
  return envelope.data.result.map(({ metric, values = [], histograms = [] }) => ({
    metric: metric as Readonly<Record<string, string>>,
    values,
    histograms: histograms.length,
  }))
}

/** `1.5`, `NaN`, `+Inf`, `-Inf` */
export function sampleValue(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}

export function labelsOf(metric: Readonly<Record<string, string>>): Labels {
  return Labels.from(Object.entries(metric))
}
