import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Registry } from '@promontory/base'
import { expect, test } from 'vitest'
import { parseExposition } from './parse.ts'
import type { ExpositionFormat } from './content-type.ts'
import { writeOpenMetrics, writeText } from './text-writer.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const corpus = join(process.env['PROMONTORY_SHARED'] ?? join(root, '../shared'), 'corpus/exposition')
const there = existsSync(corpus)

/** Series → value of a body. */
function seriesOf(bytes: Uint8Array, format: ExpositionFormat): Map<string, number | string> {
  const out = new Map<string, number | string>()
  parseExposition(bytes, format, {
    sample: (labels, value) => out.set(labels.toString(), value),
    histogram: (labels, histogram) => out.set(labels.toString(), JSON.stringify(histogram)),
    metadata: () => {},
  })
  return out
}

const text = (body: string): Uint8Array => new TextEncoder().encode(body)

test.skipIf(!there)('recorded scrapes parse (skipped without the shared corpus)', () => {
  const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(txt|bin)$/.test(name),
  )
  expect(files.length).toBeGreaterThan(10)
  for (const name of files) {
    const format = name.endsWith('.bin')
      ? 'protobuf'
      : /openmetrics|\.om\./.test(name)
        ? 'openmetrics'
        : 'text'
    expect(seriesOf(readFileSync(join(corpus, name)), format).size, name).toBeGreaterThan(2)
  }
})

test.skipIf(!there)(
  'text and protobuf of one program name the same series (skipped without the shared corpus)',
  () => {
    const fromText = seriesOf(readFileSync(join(corpus, 'pushgateway.prom.txt')), 'text')
    const fromProtobuf = seriesOf(readFileSync(join(corpus, 'pushgateway.protobuf.bin')), 'protobuf')
    expect([...fromProtobuf.keys()].sort()).toEqual([...fromText.keys()].sort())
  },
)

test('what the writers write reads back', () => {
  const registry = new Registry()
  registry.counter({ name: 'a_total', help: 'All "a"\\n.', labels: ['x'] }).add(3, 'say "hi"\n\\')
  registry.gauge({ name: 'g', help: 'Gauge.' }).set(1.5e-7)
  const histogram = registry.histogram({ name: 'h_seconds', help: 'H.', buckets: [0.5, 1] })
  histogram.observe(0.7)
  registry.summary({ name: 's', help: 'S.', quantiles: [0.5] }).observe(2)
  registry.gauge({ name: 'never_set', help: 'Left out.', labels: ['x'] })
  const plain = writeText(registry.collect())
  expect(plain).toBe(
    [
      '# HELP a_total All "a"\\\\n.', '# TYPE a_total counter', 'a_total{x="say \\"hi\\"\\n\\\\"} 3',
      '# HELP g Gauge.', '# TYPE g gauge', 'g 1.5e-07',
      '# HELP h_seconds H.', '# TYPE h_seconds histogram', 'h_seconds_bucket{le="0.5"} 0', 'h_seconds_bucket{le="1"} 1', 'h_seconds_bucket{le="+Inf"} 1', 'h_seconds_sum 0.7', 'h_seconds_count 1',
      '# HELP s S.', '# TYPE s summary', 's{quantile="0.5"} 2', 's_sum 2', 's_count 1', '',
    ].join('\n'),
  ) // prettier-ignore
  const open = writeOpenMetrics(registry.collect())
  expect(open).toContain('# TYPE a counter\na_total{')
  expect(seriesOf(text(open), 'openmetrics')).toEqual(seriesOf(text(plain), 'text'))
})
