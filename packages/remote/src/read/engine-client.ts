import { HttpClient } from '@promontory/http-client'
import { STALE_HIGH, STALE_LOW } from '@promontory/model'
import {
  decodeReadRequest,
  encodeReadResponse,
  type OutgoingSample,
  type OutgoingSeries,
  type ReadQuery,
} from '@promontory/wire'
import { READ_BYTES_MAX, type ReadTarget } from './read-client.ts'

/** How a server without remote read is asked for raw samples: VictoriaMetrics's export, or an instant query over a range. */
export type EngineApi = 'export' | 'query'

const words = new Float64Array(1)
const bits = new Uint32Array(words.buffer)

/**
 * Asks a server that has no remote read through its own API, and answers in remote read's message. Floats only: these APIs have no form that
 * a native histogram could be read back from.
 */
export class EngineClient {
  readonly #target: ReadTarget
  readonly #api: EngineApi
  readonly #http: HttpClient

  /** @param target its `url` is that of the API's path */
  constructor(target: ReadTarget, api: EngineApi, userAgent: string) {
    this.#target = target
    this.#api = api
    this.#http = new HttpClient(target, { userAgent })
  }

  /** @param message a remote read request @returns a remote read response @throws HttpRequestError, WireError, Error */
  async read(message: Uint8Array): Promise<Buffer> {
    const { queries } = decodeReadRequest(Buffer.from(message))
    return encodeReadResponse(await Promise.all(queries.map((query) => this.#ask(query))))
  }

  close(): void {
    this.#http.close()
  }

  async #ask(query: ReadQuery): Promise<OutgoingSeries[]> {
    const { url, headers, remote_timeout: timeoutMs } = this.#target
    const response = await this.#http.request({
      url,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: (this.#api === 'export' ? exportForm(query) : queryForm(query)).toString(),
      signal: AbortSignal.timeout(timeoutMs),
      bodyBytesMax: READ_BYTES_MAX,
    })
    const text = Buffer.from(response.bytes.subarray(0, response.length)).toString('utf8')
    if (response.status !== 200)
      throw new Error(
        `${url.replace(/\/\/[^/@]*@/, '//')} returned http status ${response.statusText}: ${text.slice(0, 300).trim()}`,
      )
    return this.#api === 'export' ? exportedSeries(text) : queriedSeries(text)
  }
}

function selector({ matchers }: ReadQuery): string {
  return `{${matchers.map(({ name, operator, value }) => `${name}${operator}${JSON.stringify(value)}`).join(',')}}`
}

function exportForm(query: ReadQuery): URLSearchParams {
  return new URLSearchParams({
    'match[]': selector(query),
    start: (query.startMs / 1000).toFixed(3),
    end: (query.endMs / 1000).toFixed(3),
    // Of several samples of one time each counts here; a proxy's cache would hold old ones.
    nocache: '1',
  })
}

/** The range is open at its start. */
function queryForm(query: ReadQuery): URLSearchParams {
  const rangeMs = query.endMs - query.startMs + 1
  return new URLSearchParams({
    query: `${selector(query)}[${rangeMs}ms]`,
    time: (query.endMs / 1000).toFixed(3),
  })
}

/** A JSON object per line and series; a series may come in several. A value that is null is a stale marker. */
function exportedSeries(text: string): OutgoingSeries[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { metric, values, timestamps } = JSON.parse(line) as {
        metric: Record<string, string>
        values: readonly (number | string | null)[]
        timestamps: readonly number[]
      }
      return series(
        metric,
        timestamps.map((timeMs, i) => sample(timeMs, values[i] ?? null)),
      )
    })
}

function queriedSeries(text: string): OutgoingSeries[] {
  const answer = JSON.parse(text) as {
    data?: { result?: readonly { metric: Record<string, string>; values?: readonly [number, string][] }[] }
  }
  return (answer.data?.result ?? []).map(({ metric, values = [] }) =>
    series(
      metric,
      values.map(([timeS, value]) => sample(Math.round(timeS * 1000), value)),
    ),
  )
}

function series(
  metric: Readonly<Record<string, string>>,
  samples: readonly OutgoingSample[],
): OutgoingSeries {
  const labels = Object.entries(metric)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat()
  return { labels, samples, histograms: [], exemplars: [] }
}

function sample(timeMs: number, value: number | string | null): OutgoingSample {
  if (value === null) return { timeMs, low: STALE_LOW, high: STALE_HIGH }
  words[0] = typeof value === 'number' ? value : floatOf(value)
  return { timeMs, low: bits[0]!, high: bits[1]! }
}

function floatOf(text: string): number {
  if (/^\+?inf(inity)?$/i.test(text)) return Infinity
  return /^-inf(inity)?$/i.test(text) ? -Infinity : Number(text)
}
