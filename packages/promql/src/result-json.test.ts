import { FloatHistogram, Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import type { QueryValue } from './result.ts'
import { resultToJson } from './result-json.ts'

const json = (value: QueryValue): string => new TextDecoder().decode(resultToJson(value))
const labels = Labels.from({ __name__: 'up', job: 'a"ü' })

test.each<[QueryValue, string]>([
  [{ type: 'scalar', timeMs: 1500, value: -0 }, '{"resultType":"scalar","result":[1.500,"-0"]}'],
  [{ type: 'string', timeMs: 0, value: 'a\n' }, '{"resultType":"string","result":[0,"a\\n"]}'],
  [
    { type: 'vector', timeMs: -1, samples: [{ labels, value: Infinity }] },
    '{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a\\"ü"},"value":[-0.001,"+Inf"]}]}',
  ],
  [{ type: 'matrix', series: [] }, '{"resultType":"matrix","result":[]}'],
])('%o', (value, text) => expect(json(value)).toBe(text))

test('floats and histograms of one series stand apart', () => {
  const histogram = new FloatHistogram({
    count: 3,
    sum: 5,
    positiveSpans: [{ offset: 1, length: 1 }],
    positiveBuckets: [3],
  })
  const series = {
    labels: Labels.EMPTY,
    count: 2,
    timesMs: Float64Array.of(1000, 2000),
    values: Float64Array.of(1e-7, 0),
    histograms: [undefined, histogram],
  }
  expect(json({ type: 'matrix', series: [series] })).toBe(
    '{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1e-07"]],"histograms":[[2,{"count":"3","sum":"5","buckets":[[0,"1","2","3"]]}]]}]}',
  )
})
