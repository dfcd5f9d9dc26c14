import { readFileSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeYaml } from '@promontory/base/yaml'
import { parseExposition } from '@promontory/exposition'
import type { ExpositionFormat } from '@promontory/exposition'
import { AppendBatch, formatSeries, Labels } from '@promontory/model'
import { MemoryAppender } from '@promontory/model/testing'
import { describe, expect, test } from 'vitest'
import { scrapeConfig } from './config.ts'
import type { ScrapeConfig } from './config.ts'
import { scrapeFeatures } from './features.ts'
import { completeScrapeConfig, DEFAULT_GLOBAL } from './global-config.ts'
import { Ingester } from './ingester.ts'

function job(yaml = ''): ScrapeConfig {
  const { value } = decodeYaml(`job_name: j\n${yaml}`, { file: 'p.yml' }, scrapeConfig)
  return completeScrapeConfig(value, DEFAULT_GLOBAL, (fault) => expect.fail(fault))
}

/** Scrapes texts one after another, a second apart, from 1000 ms. */
class Bench {
  readonly appender = new MemoryAppender()
  readonly ingester: Ingester
  readonly batch = new AppendBatch()
  timeMs = 0
  constructor(yaml = '', labels: Record<string, string> = {}, features: readonly string[] = []) {
    const on = scrapeFeatures(features)
    this.ingester = new Ingester(this.appender, Labels.from(labels), job(yaml), [1, 2], on)
  }
  scrape(text: string | Uint8Array, format: ExpositionFormat = 'text'): string {
    this.timeMs += 1000
    this.batch.clear()
    const source = typeof text === 'string' ? new TextEncoder().encode(text) : text
    const bytes = new Uint8Array(source.length + 64)
    bytes.set(source)
    let fault = ''
    try {
      this.ingester.read({ bytes, length: source.length, format }, this.timeMs, this.batch)
    } catch (error) {
      fault = (error as Error).message
      this.batch.clear()
    }
    const samples = this.batch.count
    if (fault === '') this.ingester.markVanished(this.batch, this.timeMs)
    else this.ingester.markAllStale(this.batch, this.timeMs)
    this.ingester.settle(this.appender.append(this.batch), samples)
    this.ingester.finish(fault === '')
    return fault
  }
  values(series: string): unknown[] {
    return this.appender
      .of(series)
      .map(({ timeMs, value }) => (timeMs % 1000 === 0 ? value : [timeMs, value]))
  }
}

describe('bodies that change', () => {
  test('values of known lines, in every spelling', () => {
    const bench = new Bench()
    bench.scrape('# TYPE a counter\na 1\nb{x="y"} 2.5\nc 3\n')
    bench.scrape('# TYPE a counter\na 10\nb{x="y"} -2.5e-3\nc NaN\n')
    bench.scrape('# TYPE a counter\na 1.7976931348623157e308\nb{x="y"} +Inf\nc 0.1234567890123456789\n')
    bench.scrape('# TYPE a counter\na 1e22\nb{x="y"} 1763847520.1234567\nc 12 3500')
    expect(bench.values('a')).toEqual([1, 10, Number.MAX_VALUE, 1e22])
    expect(bench.values('b{x="y"}')).toEqual([2.5, -0.0025, Infinity, 1763847520.1234567])
    expect(bench.values('c')).toEqual([3, NaN, 0.12345678901234568, [3500, 12], 'stale'])
  })
  test('lines come, go, move, and come back; what goes is marked once', () => {
    const bench = new Bench()
    bench.scrape('a 1\nb 1\nc 1\n')
    bench.scrape('a 2\nc 2\n')
    bench.scrape('n 3\na 3\nc 3\n')
    bench.scrape('c 4\nb 4\na 4\nn 4\n')
    expect(bench.values('a')).toEqual([1, 2, 3, 4])
    expect(bench.values('b')).toEqual([1, 'stale', 4])
    expect(bench.values('c')).toEqual([1, 2, 3, 4])
    expect(bench.values('n')).toEqual([3, 4])
    bench.scrape('a 5\n')
    bench.scrape('a 6\n')
    expect(bench.values('b')).toEqual([1, 'stale', 4, 'stale'])
  })
  test('the same series under another text is no new one', () => {
    const bench = new Bench()
    bench.scrape('a{x="1",y="2"} 1\n')
    bench.scrape('a{y="2",x="1"} 2\n')
    expect(bench.values('a{x="1", y="2"}')).toEqual([1, 2])
  })
  test('a line that is the beginning of another', () => {
    const bench = new Bench()
    bench.scrape('a 1\nab 2\n')
    bench.scrape('ab 3\na 4\n')
    expect([bench.values('a'), bench.values('ab')]).toEqual([[1, 4], [2, 3]]) // prettier-ignore
  })
  test('a repeated series is dropped and counted', () => {
    const bench = new Bench()
    for (const value of [1, 2]) {
      bench.scrape(`a ${value}\na 9\n`)
      expect(bench.ingester.duplicates).toBe(1)
    }
    expect(bench.values('a')).toEqual([1, 2])
    expect(bench.ingester.added).toBe(2)
  })
  test('a failed scrape ends all series, a good one takes them up', () => {
    const bench = new Bench()
    bench.scrape('a 1\nb 1\n')
    expect(bench.scrape('a 2\nb true\n')).toContain('invalid syntax')
    bench.scrape('a 3 garbage\n')
    bench.scrape('a 4\nb 4\n')
    expect(bench.values('a')).toEqual([1, 'stale', 4])
    expect(bench.values('b')).toEqual([1, 'stale', 4])
  })
  test('the type of the family holds for lines behind a known TYPE', () => {
    const bench = new Bench()
    bench.scrape('# TYPE h histogram\nh_bucket{le="1"} 1\n')
    bench.scrape('# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="2"} 3\n')
    expect(bench.values('h_bucket{le="1.0"}')).toEqual([1, 2])
    expect(bench.values('h_bucket{le="2.0"}')).toEqual([3])
  })
  test('a series that the storage dropped is resolved anew', () => {
    const bench = new Bench()
    bench.scrape('a 1\nb 1\n')
    bench.appender.drop('a')
    bench.scrape('a 2\nb 2\n')
    bench.scrape('a 3\nb 3\n')
    expect(bench.values('a')).toEqual([3])
    expect(bench.values('b')).toEqual([1, 2, 3])
  })
})

describe('rules', () => {
  test('clashing labels, dropped series, limits', () => {
    const bench = new Bench(
      'metric_relabel_configs: [{source_labels: [__name__], regex: drop.*, action: drop}]',
      { job: 'j', instance: 'i' },
    )
    bench.scrape('a{job="own"} 1\ndropped 2\n')
    bench.scrape('a{job="own"} 2\ndropped 3\n')
    expect(Object.keys(bench.appender.latest())).toEqual(['a{exported_job="own", instance="i", job="j"}'])
    expect([bench.ingester.scraped, bench.ingester.added, bench.ingester.seriesAdded]).toEqual([2, 1, 0])
    const honest = new Bench('honor_labels: true', { job: 'j', instance: 'i' })
    honest.scrape('a{job="own"} 1\n')
    expect(Object.keys(honest.appender.latest())).toEqual(['a{instance="i", job="own"}'])
    const limited = new Bench('sample_limit: 2')
    expect(limited.scrape('a 1\nb 2\nc 3\nd 4\n')).toBe('sample limit exceeded')
    expect([limited.ingester.scraped, limited.ingester.added]).toEqual([4, 4])
    expect(new Bench('label_limit: 2').scrape('a{b="1",c="2"} 1')).toBe(
      'label_limit exceeded (metric: a, number of labels: 3, limit: 2)',
    )
    expect(new Bench('label_value_length_limit: 3').scrape('a{b="1234"} 1')).toContain(
      'label_value_length_limit exceeded (metric: a',
    )
    expect(new Bench('metric_name_validation_scheme: legacy').scrape('{"a.b"} 1')).toContain(
      'invalid metric name or label names',
    )
  })
  test('timestamps: honoured, ignored, in the future', () => {
    const bench = new Bench()
    bench.scrape('a 1 500\nb 1\nf 1 99999999999\n')
    bench.scrape('b 2\n')
    expect(bench.values('a')).toEqual([[500, 1]])
    expect(bench.values('f')).toEqual([])
    const deaf = new Bench('honor_timestamps: false')
    deaf.scrape('a 1 500\n')
    expect(deaf.values('a')).toEqual([1])
    const tracking = new Bench('track_timestamps_staleness: true')
    tracking.scrape('a 1 500\n')
    tracking.scrape('b 1\n')
    expect(tracking.values('a')).toEqual([[500, 1], 'stale'])
  })
  test('changed rules end what they drop', () => {
    const bench = new Bench()
    bench.scrape('a 1\nb 1\n')
    bench.ingester.changeRules(
      job('metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]'),
    )
    bench.scrape('a 2\nb 2\n')
    bench.scrape('a 3\nb 3\n')
    expect([bench.values('a'), bench.values('b')]).toEqual([[1, 2, 3], [1, 'stale']]) // prettier-ignore
  })
})

test('OpenMetrics: exemplars at known lines, a body that breaks off', () => {
  const bench = new Bench()
  const body = (n: number): string => `# TYPE a counter\na_total ${n} # {t="${n}"} 0.5\n# EOF\n`
  bench.scrape(body(1), 'openmetrics')
  bench.scrape(body(2), 'openmetrics')
  expect(bench.appender.exemplars.map(({ labels, timeMs }) => [labels, timeMs])).toEqual([['{t="1"}', 1000], ['{t="2"}', 2000]]) // prettier-ignore
  expect(bench.scrape('# TYPE a counter\na_total 3\n', 'openmetrics')).toBe('data does not end with # EOF')
  expect(bench.values('a_total')).toEqual([1, 2, 'stale'])
})

test('metadata of families', () => {
  const bench = new Bench()
  bench.scrape('# HELP a Help.\n# TYPE a counter\na 1\n')
  bench.scrape('# HELP a Other help.\n# TYPE a counter\na 1\n')
  expect([...bench.ingester.metadata.entries()]).toEqual([
    ['a', { type: 'counter', unit: '', help: 'Other help.' }],
  ])
})

test('many lines of failing scrapes do not pile up', () => {
  const bench = new Bench()
  for (let i = 0; i < 20; i++) {
    const lines = Array.from({ length: 300 }, (_, k) => `a{i="${i}",k="${k}"} 1`)
    bench.scrape(`${lines.join('\n')}\nbroken\n`)
  }
  expect(bench.ingester.cacheBytes).toBeLessThan(300_000)
})

const corpus = join(
  process.env['PROMONTORY_SHARED'] ?? join(dirname(fileURLToPath(import.meta.url)), '../../../../shared'),
  'corpus/exposition',
)

test.skipIf(!existsSync(corpus)).each([
  ['node-exporter.prom.txt', 'text'], ['prometheus-2.42.prom.txt', 'text'], ['python-client.openmetrics.txt', 'openmetrics'],
  ['upstream/alltypes.237mfs.prom.txt', 'text'], ['node-exporter.protobuf.bin', 'protobuf'], ['victoria-metrics-1.79.prom.txt', 'text'],
] as const)('%s: cold and warm, the parser and we agree (skipped without the shared corpus)', (name, format) => {
  const bytes = readFileSync(join(corpus, name))
  const want: Record<string, number> = {}
  parseExposition(bytes, format, {
    sample: (labels, value) => (want[formatSeries(labels)] ??= value),
    histogram: () => {},
    metadata: () => {},
  })
  const bench = new Bench('honor_timestamps: false')
  for (let i = 0; i < 3; i++) {
    expect(bench.scrape(bytes, format)).toBe('')
    expect(bench.appender.latest()).toEqual(want)
  }
}) // prettier-ignore

describe('created times', () => {
  const body = (value: number, createdS: number | string): string =>
    `# TYPE a counter\na_total ${value}\na_created ${createdS}\n# EOF\n`
  const created = ['created-timestamp-zero-ingestion']

  test('a counter begins at 0 once, and again when it is created anew; the line is no series', () => {
    const bench = new Bench('sample_limit: 1', {}, created)
    bench.scrape(body(5, 0.25), 'openmetrics')
    bench.scrape(body(6, 0.25), 'openmetrics')
    expect([bench.ingester.scraped, bench.ingester.added, bench.ingester.seriesAdded]).toEqual([1, 1, 0])
    bench.scrape(body(2, 2.5), 'openmetrics')
    bench.scrape(body(3, 2.5), 'openmetrics')
    expect(bench.values('a_total')).toEqual([[250, 0], 5, 6, [2500, 0], 2, 3])
    expect(bench.values('a_created')).toEqual([])
  })
  test.each([
    ['in the future', 7],
    ['at the scrape itself', 1],
    ['never', 0],
    ['before the epoch', -3],
    ['not a number', 'NaN'],
    ['infinite', '+Inf'],
  ])('no zero for what began %s', (_, at) => {
    const bench = new Bench('', {}, created)
    bench.scrape(body(5, at), 'openmetrics')
    expect(bench.values('a_total')).toEqual([5])
  })
  test('a histogram that is converted begins without observations', () => {
    const bench = new Bench('convert_classic_histograms_to_nhcb: true', {}, created)
    bench.scrape(
      '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\nh_created 0.5\n# EOF\n',
      'openmetrics',
    )
    expect(bench.appender.of('h')).toMatchObject([
      { timeMs: 500, value: { count: 0, sum: 0, customBounds: [1] } },
      { timeMs: 1000, value: { count: 2, sum: 3, customBounds: [1] } },
    ])
  })
  test('without the feature the line is a series', () => {
    const bench = new Bench()
    bench.scrape(body(5, 0.25), 'openmetrics')
    expect([bench.values('a_total'), bench.values('a_created')]).toEqual([[5], [0.25]])
  })
})

test('type and unit as labels: another type is another series, and relabelling sees them', () => {
  const bench = new Bench('metric_relabel_configs: [{source_labels: [__unit__], target_label: unit}]', {}, [
    'type-and-unit-labels',
  ])
  bench.scrape('# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n# EOF\n', 'openmetrics')
  bench.scrape('# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds 2\n# EOF\n', 'openmetrics')
  const of = (type: string): unknown[] =>
    bench.values(`a_seconds{__type__="${type}", __unit__="seconds", unit="seconds"}`)
  expect([of('gauge'), of('counter')]).toEqual([[1, 'stale'], [2]])
})

describe('metadata for the log', () => {
  const told = (bench: Bench): string[] =>
    bench.batch.metadata.map(({ ref, metadata: { type, help, unit } }) => `${ref} ${type} ${help}|${unit}`)

  test('comes with new series, and again for all of a family whose texts change', () => {
    const bench = new Bench('', {}, ['metadata-wal-records'])
    bench.scrape(
      '# HELP h How long.\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nx 1\n# TYPE c counter\nc_total 1\n',
    )
    expect(told(bench)).toEqual(['0 histogram How long.|', '1 histogram How long.|', '3 counter |'])
    bench.scrape(
      '# HELP h How long.\n# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_sum 1\nx 1\n# TYPE c counter\nc_total 1\n',
    )
    expect(told(bench)).toEqual([])
    bench.scrape(
      '# HELP h How long!\n# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_sum 1\nh_count 1\n# TYPE c counter\nc_total 1\n',
    )
    expect(told(bench).sort()).toEqual([
      '0 histogram How long!|',
      '1 histogram How long!|',
      '4 histogram How long!|',
    ])
  })

  test('of a body that was refused comes with the next', () => {
    const bench = new Bench('', {}, ['metadata-wal-records'])
    expect(bench.scrape('# TYPE a gauge\na 1\nb x\n')).not.toBe('')
    expect(told(bench)).toEqual([])
    bench.scrape('# TYPE a gauge\na 1\n')
    expect(told(bench)).toEqual(['0 gauge |'])
  })

  test('is not told without the feature', () => {
    const bench = new Bench()
    bench.scrape('# TYPE a gauge\na 1\n')
    expect(told(bench)).toEqual([])
  })
})
