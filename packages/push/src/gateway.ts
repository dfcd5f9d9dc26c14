import { gunzipSync } from 'node:zlib'
import { type Counter, formatFloat, type Registry, type Summary } from '@promontory/base'
import { type ExpositionFormat, TEXT_CONTENT_TYPE } from '@promontory/exposition'
import { uncompressSnappy, WireError } from '@promontory/wire'
import { parseDuration } from '@promontory/model'
import { PushError } from './errors.ts'
import { writeGateway } from './gateway-text.ts'
import { type GroupStore, timeFamilies } from './group-store.ts'
import { type GroupingKey, groupingKeyOf } from './grouping-key.ts'
import { readFamilies } from './pushed-family.ts'

/** A body may be so long, before and after decompression. */
export const PUSH_BYTES_MAX: number = 64 * 1024 * 1024

export interface GatewayOptions {
  readonly store: GroupStore
  readonly registry: Registry
  readonly version: string
  /** `--web.enable-admin-api` */
  readonly enableAdminApi: boolean
  readonly flags: Readonly<Record<string, string>>
  readonly startedMs: number
}

export interface GatewayRequest {
  readonly method: string
  /** As in the request line, without the query. */
  readonly path: string
  readonly query?: URLSearchParams
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly body: Buffer
}

export interface GatewayAnswer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const PLAIN = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json'
const PUSH_METHODS = 'DELETE, OPTIONS, POST, PUT'

/** The HTTP API of the Pushgateway, without the HTTP: a request in, an answer out. Never throws. */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #requests: Counter
  readonly #durations: Summary
  readonly #sizes: Summary

  constructor(options: GatewayOptions) {
    this.#options = options
    const { registry } = options
    this.#requests = registry.counter({
      name: 'pushgateway_http_requests_total',
      help: 'Total HTTP requests processed by the Pushgateway, excluding scrapes.',
      labels: ['code', 'handler', 'method'],
    })
    const quantiles = [0.1, 0.5, 0.9]
    this.#durations = registry.summary({
      name: 'pushgateway_http_push_duration_seconds',
      help: 'HTTP request duration for pushes to the Pushgateway.',
      labels: ['method'],
      quantiles,
    })
    this.#sizes = registry.summary({
      name: 'pushgateway_http_push_size_bytes',
      help: 'HTTP request size for pushes to the Pushgateway.',
      labels: ['method'],
      quantiles,
    })
    registry
      .gauge({
        name: 'pushgateway_build_info',
        help: "A metric with a constant '1' value labeled by version.",
        labels: ['version'],
      })
      .set(1, options.version)
  }

  /** Answers one of the gateway's paths; undefined when the path is none of them. */
  answer(request: GatewayRequest): GatewayAnswer | undefined {
    const { method, path } = request
    if (path.startsWith('/metrics/job')) return this.#group(request)
    if (path === '/metrics' && isRead(method)) return this.#metrics()
    if (path === '/api/v1/metrics' && isRead(method)) return this.#groupsAsJson()
    if (path === '/api/v1/status' && isRead(method)) return this.#status()
    if (path === '/api/v1/admin/wipe') return this.#wipe(method)
    if ((path === '/-/healthy' || path === '/-/ready') && isRead(method)) return plain(200, 'OK')
    return undefined
  }

  #group(request: GatewayRequest): GatewayAnswer | undefined {
    const method = request.method.toLowerCase()
    const startedMs = performance.now()
    const isPush = method === 'put' || method === 'post'
    const answer = this.#push(request)
    if (answer === undefined || !(isPush || method === 'delete')) return answer
    this.#requests.inc(String(answer.status), isPush ? 'push' : 'delete', method)
    if (isPush) {
      this.#durations.observe((performance.now() - startedMs) / 1000, method)
      this.#sizes.observe(request.body.length, method)
    }
    return answer
  }

  #push(request: GatewayRequest): GatewayAnswer | undefined {
    const { store } = this.#options
    const { method, path } = request
    let key: GroupingKey | undefined
    try {
      key = groupingKeyOf(path)
      if (key === undefined) return undefined
      if (method === 'DELETE') {
        store.delete(key)
        return plain(202, '')
      }
      if (method !== 'PUT' && method !== 'POST')
        throw new PushError(405, `Method Not Allowed (allowed: ${PUSH_METHODS})`)
      const ttlMs = timeToLive(request.query)
      const families = readFamilies(decodedBody(request), formatOf(request.contentType ?? ''), key)
      store.push(key, families, method === 'PUT', ttlMs)
      return plain(200, '')
    } catch (error) {
      if (!(error instanceof PushError)) throw error
      // Only what the group's own metrics are to blame for, as in the Pushgateway.
      if (key !== undefined && error.message.startsWith('pushed metrics are invalid')) store.fail(key)
      return plain(error.status, `${error.message}\n`)
    }
  }

  #metrics(): GatewayAnswer {
    const { store, registry } = this.#options
    const own = registry.collect().filter(({ name }) => name.startsWith('pushgateway_'))
    const families = store.groups().flatMap((group) => [...group.families.values(), ...timeFamilies(group)])
    return { status: 200, type: TEXT_CONTENT_TYPE, text: writeGateway(families, own) }
  }

  #groupsAsJson(): GatewayAnswer {
    const data = this.#options.store.groups().map((group) => {
      const time_stamp = new Date(Math.max(group.pushTimeMs, group.failureTimeMs)).toISOString()
      const families = [...group.families.values(), ...timeFamilies(group)].map(
        ({ name, help, type, metrics }) => [
          name,
          {
            time_stamp,
            type: type.toUpperCase(),
            ...(help === undefined ? {} : { help }),
            metrics: metrics.map((metric) => metricAsJson(type, metric)),
          },
        ],
      )
      return {
        labels: Object.fromEntries(group.labels),
        last_push_successful: group.pushTimeMs > group.failureTimeMs,
        ...(Object.fromEntries(families) as object),
      }
    })
    return { status: 200, type: JSON_TYPE, text: JSON.stringify({ status: 'success', data }) }
  }

  #status(): GatewayAnswer {
    const { version, flags, startedMs } = this.#options
    const data = { build_information: { version }, flags, start_time: new Date(startedMs).toISOString() }
    return { status: 200, type: JSON_TYPE, text: JSON.stringify({ status: 'success', data }) }
  }

  #wipe(method: string): GatewayAnswer | undefined {
    if (!this.#options.enableAdminApi) return plain(404, 'the admin API needs --web.enable-admin-api\n')
    if (method !== 'PUT') return plain(405, 'Method Not Allowed (allowed: PUT)\n')
    this.#options.store.wipe()
    return plain(202, '')
  }
}

function metricAsJson(type: string, metric: Parameters<typeof shownLabels>[0] & MetricSamples): object {
  const labels = shownLabels(metric)
  const of = (suffix: string): string | undefined => {
    const sample = metric.samples.find((each) => each.suffix === suffix && each.extra === undefined)
    return sample === undefined ? undefined : formatFloat(sample.value)
  }
  if (type === 'summary' || type.endsWith('histogram')) {
    const parts = metric.samples.flatMap(({ extra, value }) =>
      extra === undefined ? [] : [[extra[1], formatFloat(value)]],
    )
    return {
      labels,
      [type === 'summary' ? 'quantiles' : 'buckets']: Object.fromEntries(parts) as object,
      count: of('_count'),
      sum: of('_sum'),
    }
  }
  return { labels, value: of('') }
}

interface MetricSamples {
  readonly samples: readonly {
    readonly suffix: string
    readonly extra: readonly [string, string] | undefined
    readonly value: number
  }[]
}

function shownLabels({ labels }: { readonly labels: readonly (readonly [string, string])[] }): object {
  return Object.fromEntries(labels)
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

function plain(status: number, text: string): GatewayAnswer {
  return { status, type: PLAIN, text }
}

/** Whatever is not named is text, as the Pushgateway takes it. */
function formatOf(contentType: string): ExpositionFormat {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
  if (mediaType === 'application/vnd.google.protobuf') return 'protobuf'
  return mediaType === 'application/openmetrics-text' ? 'openmetrics' : 'text'
}

/** `?ttl=1h`: how long the group lives after its last push; the Pushgateway has no such thing. */
function timeToLive(query: URLSearchParams | undefined): number | undefined {
  const text = query?.get('ttl')
  if (text === undefined || text === null) return undefined
  try {
    return parseDuration(text)
  } catch (error) {
    throw new PushError(400, `invalid parameter "ttl": ${(error as Error).message}`)
  }
}

function decodedBody({ body, contentEncoding = '' }: GatewayRequest): Buffer {
  try {
    switch (contentEncoding.toLowerCase()) {
      case '':
      case 'identity':
        return body
      case 'gzip':
        return gunzipSync(body, { maxOutputLength: PUSH_BYTES_MAX })
      case 'snappy':
        return uncompressSnappy(body, PUSH_BYTES_MAX)
    }
  } catch (error) {
    const isTooLong = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    if (isTooLong) throw new PushError(413, `the body is longer than ${PUSH_BYTES_MAX} bytes`)
    throw new PushError(400, error instanceof WireError ? error.message : `gzip: ${(error as Error).message}`)
  }
  throw new PushError(415, `content encoding ${contentEncoding} is not accepted; accepted: gzip, snappy`)
}
