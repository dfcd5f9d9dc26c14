import { FloatHistogram, Labels } from '@promontory/model'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { QueryValue } from '../result.ts'
import { ByteWriter } from './byte-writer.ts'
import { formatValue } from './format-value.ts'
import { writeResult } from './write-result.ts'

const text = (value: QueryValue): string => new TextDecoder().decode(writeResult(value))

test.each([
  [0, '0'], [-0, '-0'], [1.5, '1.5'], [1e-6, '0.000001'], [1e-7, '1e-07'], [1.25e-10, '1.25e-10'],
  [1e20, '100000000000000000000'], [1e21, '1e+21'], [NaN, 'NaN'], [Infinity, '+Inf'], [-Infinity, '-Inf'],
])('%d is written %s', (value, want) => {
  expect(formatValue(value)).toBe(want)
}) // prettier-ignore

test('scalars and strings', () => {
  expect(text({ type: 'scalar', timeMs: 1500, value: 1e-7 })).toBe(
    '{"resultType":"scalar","result":[1.5,"0.0000001"]}',
  )
  expect(text({ type: 'string', timeMs: 0, value: 'a"ü' })).toBe(
    '{"resultType":"string","result":[0,"a\\"ü"]}',
  )
})

test('vectors, with histograms beside floats', () => {
  const histogram = new FloatHistogram({
    count: 5, sum: 7.5, zeroCount: 1, zeroThreshold: 0.25,
    positiveSpans: [{ offset: 0, length: 3 }], positiveBuckets: [1, 0, 3],
  }) // prettier-ignore
  const samples = [
    { labels: Labels.from({ __name__: 'up', job: 'é' }), value: 1 },
    { labels: Labels.EMPTY, value: 0, histogram },
  ]
  expect(text({ type: 'vector', timeMs: 1010, samples })).toBe(
    '{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"é"},"value":[1.010,"1"]},' +
      '{"metric":{},"histogram":[1.010,{"count":"5","sum":"7.5","buckets":' +
      '[[3,"-0.25","0.25","1"],[0,"0.5","1","1"],[0,"2","4","3"]]}]}]}',
  )
})

test('series that share their times', () => {
  const timesMs = Float64Array.of(-500, 0, 60_001)
  const series = [1, 2, 3].map((n) => ({
    labels: Labels.from({ n: `${n}` }),
    count: 3,
    timesMs,
    values: Float64Array.of(n, 4_294_967_296, -1.25),
    histograms: undefined,
  }))
  const parsed = JSON.parse(text({ type: 'matrix', series }))
  expect(parsed.result[0]).toEqual({
    metric: { n: '1' },
    values: [[-0.5, '1'], [0, '4294967296'], [60.001, '-1.25']],
  }) // prettier-ignore
  expect(parsed.result[2].values[2]).toEqual(parsed.result[0].values[2])
})

test('a series of floats and histograms has both lists', () => {
  const histogram = new FloatHistogram({ count: 1, sum: 1 })
  const series = [
    {
      labels: Labels.EMPTY,
      count: 2,
      timesMs: Float64Array.of(0, 1000),
      values: Float64Array.of(3, 0),
      histograms: [undefined, histogram],
    },
  ]
  expect(text({ type: 'matrix', series })).toBe(
    '{"resultType":"matrix","result":[{"metric":{},"values":[[0,"3"]],"histograms":[[1,{"count":"1","sum":"1"}]]}]}',
  )
})

test('numbers are written as the long way writes them', () => {
  const decimals = fc.tuple(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), fc.integer({ min: 0, max: 8 }))
  const numbers = fc.oneof(
    fc.double(),
    fc.integer(),
    decimals.map(([digits, places]) => digits / 10 ** places),
    fc.constantFrom(
      0.1,
      0.001,
      1e-3 - 1e-19,
      999999999.5,
      1e9 + 0.5,
      -0,
      0.30000000000000004,
      5e-324,
      4294967295,
      4294967296,
    ),
  )
  fc.assert(
    fc.property(numbers, (number) => {
      const writer = new ByteWriter({ buffer: new Uint8Array(1) })
      writer.value(number)
      expect(new TextDecoder().decode(writer.finish())).toBe(`"${formatValue(number)}"`)
    }),
    { numRuns: 5000 },
  )
})

test.each([
  [0, '0'], [1, '0.001'], [999, '0.999'], [1000, '1'], [-1, '-0.001'], [-1500, '-1.500'],
  [1795219192700, '1795219192.700'], [2 ** 52, '4503599627370.496'],
])('%d ms are written as %s s', (timeMs, text) => {
  const writer = new ByteWriter({ buffer: new Uint8Array(1) })
  writer.time(timeMs)
  expect(new TextDecoder().decode(writer.finish())).toBe(text)
}) // prettier-ignore

test('what is longer than the buffer goes to the sink piece by piece', () => {
  const pieces: Uint8Array[] = []
  let buffer = new Uint8Array(8192)
  const sink = {
    full: (length: number) => {
      pieces.push(buffer.subarray(0, length))
      return (buffer = new Uint8Array(8192))
    },
  }
  const names = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? `n"${'ü'.repeat(i * 20)}` : `n${i}`))
  const samples = names.map((name, i) => ({
    labels: Labels.fromSorted(['long', 'x'.repeat(i * 30), 'name', name]),
    value: i / 7,
  }))
  const value: QueryValue = { type: 'vector', timeMs: 1500, samples }
  pieces.push(writeResult(value, new ByteWriter({ buffer, sink })))
  const whole = writeResult(value)
  expect(pieces.length).toBeGreaterThan(100)
  expect(Buffer.concat(pieces).equals(whole)).toBe(true)
})
