import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Registry, silentLogger } from '@promontory/base'
import {
  AppendBatch,
  type Appender,
  type AppendOutcome,
  AppendStatus,
  isStaleAt,
  type Labels,
} from '@promontory/model'
import { ProtoWriter } from '@promontory/wire'
import type { OtlpSettings } from './names.ts'
import { type OtlpOutcome, OtlpReceiver } from './otlp-receiver.ts'
import type { OtlpFeatures } from './translator.ts'

const attribute = (key: string, value: string | number) =>
  typeof value === 'string'
    ? { key, value: { stringValue: value } }
    : { key, value: { intValue: String(value) } }

/** Metrics of all kinds, in OTLP's JSON. */
function request(timeMs: number): object {
  const at = { startTimeUnixNano: `${timeMs - 60_000}000000`, timeUnixNano: `${timeMs}000000` }
  const attributes = [attribute('http.method', 'GET'), attribute('_private', 'x'), attribute('0digit', 7)]
  const cumulative = { aggregationTemporality: 2 }
  const metrics = [
    { name: 'http.server.requests', unit: '{request}', sum: { ...cumulative, isMonotonic: true, dataPoints: [{ ...at, attributes, asInt: '42' }] } },
    { name: 'queue.size', unit: '1', gauge: { dataPoints: [{ ...at, attributes, asDouble: 0.25 }] } },
    { name: 'net/io.total', unit: 'By/s', sum: { ...cumulative, isMonotonic: false, dataPoints: [{ ...at, asDouble: 12.5 }] } },
    { name: '2fast', unit: 'ms', gauge: { dataPoints: [{ ...at, asInt: '1' }] } },
    { name: 'latency', unit: 's', histogram: { ...cumulative, dataPoints: [{ ...at, attributes, count: '6', sum: 9.5, bucketCounts: ['1', '2', '3'], explicitBounds: [0.5, 1] }] } },
    { name: 'sizes', unit: 'By', exponentialHistogram: { ...cumulative, dataPoints: [{ ...at, count: '10', sum: 100, scale: 10, zeroCount: '1', positive: { offset: 5, bucketCounts: ['1', '0', '2', '3'] }, negative: { offset: -2, bucketCounts: ['3'] } }] } },
    { name: 'old.summary', summary: { dataPoints: [{ ...at, count: '4', sum: 8, quantileValues: [{ quantile: 0.5, value: 2 }, { quantile: 1, value: 3 }] }] } },
  ] // prettier-ignore
  const resource = {
    attributes: [
      attribute('service.name', 'shop'),
      attribute('service.namespace', 'eu'),
      attribute('service.instance.id', 'pod-1'),
      attribute('cloud.region', 'eu-1'),
      attribute('k8s.pod.name', 'p'),
    ],
  }
  return {
    resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'lib', version: '1' }, metrics }] }],
  }
}

const SETTINGS: OtlpSettings = {
  promote_all_resource_attributes: false, promote_resource_attributes: ['cloud.region'], ignore_resource_attributes: [],
  translation_strategy: 'UnderscoreEscapingWithSuffixes', keep_identifying_resource_attributes: false, convert_histograms_to_nhcb: false,
  promote_scope_metadata: false, label_name_underscore_sanitization: true, label_name_preserve_multiple_underscores: true,
} // prettier-ignore

function receiver(
  settings: Partial<OtlpSettings> = {},
  features: OtlpFeatures = {},
): {
  stored: string[]
  send: (message: object) => OtlpOutcome
  raw: (body: Buffer, encoding?: 'protobuf' | 'json') => OtlpOutcome
} {
  const labels: Labels[] = []
  const stored: string[] = []
  const appender: Appender = {
    seriesRef: (found) => labels.push(found) - 1,
    append: (batch: AppendBatch): AppendOutcome => {
      for (let i = 0; i < batch.count; i++)
        stored.push(
          `${labels[batch.refs[i]!]!.toString()} ${isStaleAt(batch.bits, i) ? 'stale' : batch.values[i]}`,
        )
      for (const { ref, histogram } of batch.histograms)
        stored.push(
          `${labels[ref]!.toString()} schema ${histogram.schema} ${JSON.stringify(histogram.positiveSpans)} ${histogram.positiveBuckets.join(' ')} | ${JSON.stringify(histogram.negativeSpans)} ${histogram.negativeBuckets.join(' ')}`,
        )
      for (const { ref, exemplar } of batch.exemplars)
        stored.push(`${labels[ref]!.metricName} exemplar ${exemplar.labels.toString()} ${exemplar.value}`)
      return {
        appended: batch.count,
        statuses: new Uint8Array(batch.count).fill(AppendStatus.appended),
        histogramStatuses: [],
      }
    },
  }
  const all = { ...SETTINGS, ...settings }
  const target = new OtlpReceiver({
    appender,
    logger: silentLogger,
    registry: new Registry(),
    settings: () => all,
    features,
  })
  const raw = (body: Buffer, encoding: 'protobuf' | 'json' = 'protobuf'): OtlpOutcome =>
    target.receive(body, encoding)
  return { stored, raw, send: (message) => raw(Buffer.from(JSON.stringify(message)), 'json') }
}

const NOW = 1_700_000_000_000

test('all kinds of metrics become series, named as Prometheus names them', () => {
  const { stored, send } = receiver()
  expect(send(request(NOW))).toEqual({ kind: 'stored', rejected: 0, message: '' })
  const common =
    'cloud_region="eu-1", http_method="GET", instance="pod-1", job="eu/shop", key_0digit="7", key_private="x"'
  const plain = 'cloud_region="eu-1", instance="pod-1", job="eu/shop"'
  expect(stored).toEqual([
    `{__name__="http_server_requests_total", ${common}} 42`,
    `{__name__="queue_size_ratio", ${common}} 0.25`,
    `{__name__="net_io_total_bytes_per_second", ${plain}} 12.5`,
    `{__name__="_2fast_milliseconds", ${plain}} 1`,
    `{__name__="latency_seconds_sum", ${common}} 9.5`,
    `{__name__="latency_seconds_count", ${common}} 6`,
    `{__name__="latency_seconds_bucket", ${common}, le="0.5"} 1`,
    `{__name__="latency_seconds_bucket", ${common}, le="1.0"} 3`,
    `{__name__="latency_seconds_bucket", ${common}, le="+Inf"} 6`,
    `{__name__="old_summary_sum", ${plain}} 8`,
    `{__name__="old_summary_count", ${plain}} 4`,
    `{__name__="old_summary", ${plain}, quantile="0.5"} 2`,
    `{__name__="old_summary", ${plain}, quantile="1.0"} 3`,
    '{__name__="target_info", cloud_region="eu-1", instance="pod-1", job="eu/shop", k8s_pod_name="p"} 1',
    // Scale 10 coarsened by 4: buckets 5 to 8 fall into 1 and 2, that is 2 and 3 in Prometheus's count.
    `{__name__="sizes_bytes", ${plain}} schema 8 [{"offset":2,"length":2}] 3 3 | [{"offset":0,"length":1}] 3`,
  ])
})

test.each([
  ['UnderscoreEscapingWithoutSuffixes', ['http_server_requests', 'queue_size', 'net_io_total', '_2fast']],
  [
    'NoUTF8EscapingWithSuffixes',
    ['http.server.requests_total', 'queue.size_ratio', 'net/io.total_bytes_per_second', '2fast_milliseconds'],
  ],
  ['NoTranslation', ['http.server.requests', 'queue.size', 'net/io.total', '2fast']],
])('names by the strategy %s', (translation_strategy, names) => {
  const { stored, send } = receiver({ translation_strategy })
  send(request(NOW))
  expect(stored.slice(0, 4).map((line) => /__name__="([^"]*)"/.exec(line)![1])).toEqual(names)
})

test('type and unit as labels, with the unit as Prometheus calls it', () => {
  const { stored, send } = receiver({}, { typeAndUnitLabels: true })
  send(request(NOW))
  const told = stored.map((line) => {
    const of = (label: string): string => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1] ?? '-'
    return `${of('__name__')} ${of('__type__')} ${of('__unit__')}`
  })
  expect(told).toEqual(
    expect.arrayContaining([
      'http_server_requests_total counter -',
      'net_io_total_bytes_per_second gauge bytes_per_second',
      'latency_seconds_bucket histogram seconds',
      'sizes_bytes histogram bytes',
      'target_info - -',
    ]),
  )
})

const single = (metric: object): object => ({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })

describe('deltas', () => {
  test('are added up, series by series; older ones are refused', () => {
    const { stored, send } = receiver()
    const delta = (seconds: number, value: number): object =>
      single({
        name: 'c',
        sum: {
          aggregationTemporality: 1,
          isMonotonic: true,
          dataPoints: [{ timeUnixNano: `${NOW / 1000 + seconds}000000000`, asInt: String(value) }],
        },
      })
    for (const [seconds, value] of [
      [1, 5],
      [2, 3],
      [3, 2],
    ] as const)
      send(delta(seconds, value))
    expect(stored.map((line) => line.split(' ')[1])).toEqual(['5', '8', '10'])
    expect(send(delta(2, 9))).toMatchObject({
      rejected: 1,
      message: 'c: a delta that is older than the last one',
    })
  })

  test('are stored as they are with the feature, of unknown type', () => {
    const { stored, send } = receiver({}, { nativeDeltas: true, typeAndUnitLabels: true })
    const at = (seconds: number): string => `${NOW / 1000 + seconds}000000000`
    const sum = (seconds: number, asInt: string): object =>
      single({ name: 'c', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ timeUnixNano: at(seconds), asInt }] } }) // prettier-ignore
    for (const [seconds, value] of [
      [1, '5'],
      [2, '3'],
    ] as const)
      expect(send(sum(seconds, value))).toMatchObject({ rejected: 0 })
    const dataPoints = [{ timeUnixNano: at(1), count: '2', sum: 3, explicitBounds: [1], bucketCounts: ['1', '1'] }] // prettier-ignore
    send(single({ name: 'h', histogram: { aggregationTemporality: 1, dataPoints } }))
    send(single({ name: 'g', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ timeUnixNano: at(1), asInt: '1' }] } })) // prettier-ignore
    expect(stored).toEqual([
      '{__name__="c_total"} 5',
      '{__name__="c_total"} 3',
      '{__name__="h_sum"} 3',
      '{__name__="h_count"} 2',
      '{__name__="h_bucket", le="1.0"} 1',
      '{__name__="h_bucket", le="+Inf"} 2',
      '{__name__="g_total", __type__="counter"} 1',
    ])
  })

  test('of exponential histograms with different scales', () => {
    const { stored, send } = receiver()
    const delta = (seconds: number, scale: number, offset: number, counts: string[]): object =>
      single({
        name: 'h',
        exponentialHistogram: {
          aggregationTemporality: 1,
          dataPoints: [
            {
              timeUnixNano: `${NOW / 1000 + seconds}000000000`,
              count: '4',
              scale,
              positive: { offset, bucketCounts: counts },
            },
          ],
        },
      })
    send(delta(1, 1, 0, ['1', '1', '1', '1']))
    send(delta(2, 0, 0, ['2', '2']))
    expect(stored.at(-1)).toContain('schema 0 [{"offset":1,"length":2}] 4 4')
  })
})

test('no value is a stale marker; exemplars go with their bucket', () => {
  const { stored, send } = receiver()
  const time = { timeUnixNano: `${NOW}000000` }
  send(single({ name: 'g', gauge: { dataPoints: [{ ...time, flags: 1 }] } }))
  expect(stored).toEqual(['{__name__="g"} stale'])
  const exemplars = [
    { ...time, asDouble: 0.7, traceId: 'AB', spanId: 'cd', filteredAttributes: [attribute('k', 'v')] },
  ]
  send(
    single({
      name: 'h',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          { ...time, count: '1', bucketCounts: ['0', '1', '0'], explicitBounds: [0.5, 1], exemplars },
        ],
      },
    }),
  )
  expect(stored.at(-1)).toBe('h_bucket exemplar {k="v", span_id="cd", trace_id="ab"} 0.7')
})

test('histograms with bounds of their own', () => {
  const { stored, send } = receiver({ convert_histograms_to_nhcb: true })
  send(request(NOW))
  expect(stored.find((line) => line.includes('latency'))).toContain(
    'schema -53 [{"offset":0,"length":3}] 1 2 3',
  )
})

test('protobuf says the same as JSON', () => {
  const out = new ProtoWriter()
  out.nested(1, () => {
    out.nested(1, () =>
      out.nested(1, () => {
        out.string(1, 'service.name')
        out.nested(2, () => out.string(1, 'shop'))
      }),
    )
    out.nested(2, () =>
      out.nested(2, () => {
        out.string(1, 'requests')
        out.nested(7, () => {
          out.nested(1, () => {
            const time = Buffer.alloc(8)
            time.writeBigUInt64LE(BigInt(NOW) * 1_000_000n)
            out.doubleBits(3, time.readUInt32LE(0), time.readUInt32LE(4))
            out.doubleBits(6, 42, 0)
          })
          out.integer(2, 2)
          out.integer(3, 1)
        })
      }),
    )
  })
  const { stored, raw } = receiver()
  expect(raw(out.view())).toMatchObject({ kind: 'stored', rejected: 0 })
  expect(stored).toEqual(['{__name__="requests_total", job="shop"} 42'])
})

test('any bytes and any JSON get an answer', () => {
  const { raw } = receiver()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(['stored', 'unreadable']).toContain(raw(Buffer.from(bytes)).kind)
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(fc.json(), fc.constantFrom('resourceMetrics', 'scopeMetrics'), (json, key) => {
      const body = `{"resourceMetrics":[{"${key}":${json}}]}`
      expect(['stored', 'unreadable']).toContain(raw(Buffer.from(body), 'json').kind)
    }),
    { numRuns: 300 },
  )
})
