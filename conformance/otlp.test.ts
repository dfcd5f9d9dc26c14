import { mkdirSync } from 'node:fs'
import { OTLPMetricExporter as GrpcExporter } from '@opentelemetry/exporter-metrics-otlp-grpc'
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonExporter,
} from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtoExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics' // prettier-ignore
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, type Program, startPromontory, until, Workspace } from './support/program.ts'

describe('the OpenTelemetry SDK sends metrics', () => {
  const workspace = new Workspace()
  let ours: Program
  let [port, httpPort, grpcPort] = [0, 0, 0]
  beforeAll(async () => {
    mkdirSync(workspace.directory, { recursive: true })
    ;[port, httpPort, grpcPort] = [await freePort(), await freePort(), await freePort()]
    ours = workspace.keep(
      await startPromontory({
        dataDirectory: workspace.data,
        port,
        config: 'otlp: { promote_resource_attributes: [cloud.region] }\n',
        flags: [
          '--web.enable-otlp-receiver',
          `--listen.otlp-http=127.0.0.1:${httpPort}`,
          `--listen.otlp-grpc=127.0.0.1:${grpcPort}`,
        ],
      }),
    )
  })
  afterAll(() => workspace.clean())

  const temporalityPreference = AggregationTemporalityPreference.DELTA
  const cases: readonly (readonly [name: string, exporter: () => PushMetricExporter])[] = [
    ['proto-main', () => new ProtoExporter({ url: `http://127.0.0.1:${port}/api/v1/otlp/v1/metrics` })],
    ['proto-delta', () => new ProtoExporter({ url: `http://127.0.0.1:${httpPort}/v1/metrics`, temporalityPreference })],
    ['json', () => new JsonExporter({ url: `http://127.0.0.1:${httpPort}/v1/metrics` })],
    ['grpc', () => new GrpcExporter({ url: `http://127.0.0.1:${grpcPort}` })],
  ] // prettier-ignore

  test.each(cases)('%s', async (name, exporter) => {
    const provider = new MeterProvider({
      resource: resourceFromAttributes({
        'service.name': name,
        'service.instance.id': 'i',
        'cloud.region': 'eu',
      }),
      readers: [new PeriodicExportingMetricReader({ exporter: exporter(), exportIntervalMillis: 600_000 })],
      views: [{ instrumentName: 'sizes', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
    })
    const meter = provider.getMeter('conformance')
    const counter = meter.createCounter('requests', { unit: '{request}', description: 'Requests.' })
    const latency = meter.createHistogram('latency', { unit: 's' })
    const sizes = meter.createHistogram('sizes', { unit: 'By' })
    for (let round = 0; round < 2; round++) {
      counter.add(3, { 'http.method': 'GET' })
      latency.record(0.3)
      sizes.record(100)
      await provider.forceFlush()
    }
    const value = async (expr: string): Promise<string | undefined> => (await ours.query(expr))[0]?.value?.[1]
    const labels = `job="${name}",instance="i",cloud_region="eu"`
    await until(
      'the counter',
      () => value(`requests_total{${labels},http_method="GET"}`),
      (text) => text === '6',
    )
    expect(await value(`latency_seconds_bucket{${labels},le="+Inf"}`)).toBe('2')
    expect(await value(`latency_seconds_sum{${labels}}`)).toBe('0.6')
    expect(await value(`histogram_count(sizes_bytes{${labels}})`)).toBe('2')
    expect(await value(`target_info{job="${name}",cloud_region="eu"}`)).toBe('1')
    const metadata = await ours.data<Record<string, unknown>>('/api/v1/metadata')
    expect(metadata['requests_total']).toEqual([{ type: 'counter', unit: '{request}', help: 'Requests.' }])
    expect(metadata['latency_seconds']).toEqual([{ type: 'histogram', unit: 's', help: '' }])
    await provider.shutdown()
  })
})
