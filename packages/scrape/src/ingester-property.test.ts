import * as fc from 'fast-check'
import { decodeYaml } from '@promontory/base/yaml'
import { parseExposition } from '@promontory/exposition'
import { AppendBatch, formatSeries, Labels } from '@promontory/model'
import { MemoryAppender } from '@promontory/model/testing'
import { expect, test } from 'vitest'
import { scrapeConfig } from './config.ts'
import { completeScrapeConfig, DEFAULT_GLOBAL } from './global-config.ts'
import { Ingester } from './ingester.ts'

const { value } = decodeYaml('job_name: j', { file: 'p.yml' }, scrapeConfig)
const job = completeScrapeConfig(value, DEFAULT_GLOBAL, () => {})

const name = fc.constantFrom(
  'a',
  'ab',
  'a_long_metric_name',
  'h_bucket{le="1"}',
  'b{x="1"}',
  'b{x="1",y="2"}',
  'b{y="2",x="1"}',
  'c{l="{}"}',
)
const number = fc.oneof(
  fc.double().map((x) => String(x).replace('Infinity', 'Inf')),
  fc.integer({ min: -1e6, max: 1e6 }).map(String),
  fc.constantFrom(
    '1e5',
    '1E-3',
    '.5',
    '5.',
    '007',
    '1234567890123456789',
    '0.1234567890123456789',
    '+1',
    '-0',
    'NaN',
    '-Inf',
  ),
)
const sample = fc
  .tuple(name, number, fc.constantFrom('', '', '', ' ', '  '))
  .map(([series, v, blank]) => `${series}${blank || ' '}${v}${blank}`)
// No TYPE of a histogram: a known line keeps its labels, `le` as first read, whatever TYPE says later; so it is upstream.
const line = fc.oneof(
  { weight: 6, arbitrary: sample },
  fc.constantFrom(
    '# TYPE ab gauge',
    '# TYPE a counter',
    '# HELP a Text.',
    '# remark',
    '',
    'broken{',
    'a 1 2 3',
  ),
)
const bodies = fc.array(
  fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')),
  { minLength: 1, maxLength: 8 },
)

/** Samples of one body, the first of each series; undefined when it does not parse. */
function parsed(text: string): Map<string, number> | undefined {
  const out = new Map<string, number>()
  try {
    parseExposition(new TextEncoder().encode(text), 'text', {
      sample: (labels, v) => void (out.has(formatSeries(labels)) || out.set(formatSeries(labels), v)),
      histogram: () => {},
      metadata: () => {},
    })
  } catch {
    return undefined
  }
  return out
}

test('whatever the last bodies were, a body gives the samples that the parser reads, and what is gone ends once', () => {
  fc.assert(
    fc.property(bodies, (texts) => {
      const appender = new MemoryAppender()
      const ingester = new Ingester(appender, Labels.EMPTY, job, [3, 4])
      const batch = new AppendBatch(1)
      const live = new Map<string, number | 'stale'>()
      texts.forEach((text, i) => {
        const encoded = new TextEncoder().encode(text)
        const bytes = new Uint8Array(encoded.length + 64)
        bytes.set(encoded)
        batch.clear()
        let good = true
        try {
          ingester.read({ bytes, length: encoded.length, format: 'text' }, (i + 1) * 1000, batch)
        } catch {
          good = false
          batch.clear()
        }
        const samples = batch.count
        if (good) ingester.markVanished(batch, (i + 1) * 1000)
        else ingester.markAllStale(batch, (i + 1) * 1000)
        ingester.settle(appender.append(batch), samples)
        ingester.finish(good)
        const want = parsed(text)
        expect(good).toBe(want !== undefined)
        for (const series of live.keys()) live.set(series, 'stale')
        for (const [series, v] of want ?? []) live.set(series, v)
        expect(appender.latest()).toEqual(Object.fromEntries(live))
      })
    }),
    { numRuns: 1500 },
  )
})
