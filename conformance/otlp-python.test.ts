import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { startPromontory, until, Workspace } from './support/program.ts'

/** As the SDK's documentation has it; `sys.argv[1]` is where to. */
const APPLICATION = `
import sys
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=sys.argv[1]), export_interval_millis=600000)
provider = MeterProvider(
    metric_readers=[reader],
    resource=Resource.create({"service.name": "python", "service.instance.id": "i"}),
    views=[View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())],
)
meter = provider.get_meter("conformance")
requests = meter.create_counter("requests", unit="{request}", description="Requests.")
latency = meter.create_histogram("latency", unit="s")
sizes = meter.create_histogram("sizes", unit="By")
for _ in range(2):
    requests.add(3, {"http.method": "GET"})
    latency.record(0.3)
    sizes.record(100)
    provider.force_flush()
provider.shutdown()
`

const python = process.env['PYTHON'] ?? 'python3'
const IMPORTS = 'import opentelemetry.sdk.metrics, opentelemetry.exporter.otlp.proto.http.metric_exporter'
const hasSdk = spawnSync(python, ['-c', IMPORTS]).status === 0

describe.skipIf(!hasSdk)(
  'the OpenTelemetry SDK of Python sends metrics (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test('sum, histogram, exponential histogram, metadata', async () => {
      mkdirSync(workspace.directory, { recursive: true })
      const ours = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          config: 'scrape_configs: []\n',
          flags: ['--web.enable-otlp-receiver'],
        }),
      )
      const url = `${ours.url}/api/v1/otlp/v1/metrics`
      const { status, stderr } = spawnSync(python, ['-c', APPLICATION, url], { encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, expect.not.stringContaining('Failed to export')])
      const value = async (expr: string): Promise<string | undefined> =>
        (await ours.query(expr))[0]?.value?.[1]
      const labels = 'job="python",instance="i"'
      await until(
        'the counter',
        () => value(`requests_total{${labels},http_method="GET"}`),
        (text) => text === '6',
      )
      expect(await value(`latency_seconds_bucket{${labels},le="+Inf"}`)).toBe('2')
      expect(await value(`histogram_count(sizes_bytes{${labels}})`)).toBe('2')
      const metadata = await ours.data<Record<string, unknown>>('/api/v1/metadata?metric=requests_total')
      expect(metadata['requests_total']).toEqual([{ type: 'counter', unit: '{request}', help: 'Requests.' }])
    })
  },
)
