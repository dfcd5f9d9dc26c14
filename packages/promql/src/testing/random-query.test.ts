import { Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { Engine } from '../engine/engine.ts'
import { MemoryStorage } from '../memory.ts'
import { QueryError } from '../errors.ts'
import { parseExpr } from '../parser/parse.ts'
import { randomQuery, smallerQueries } from './random-query.ts'

const VOCABULARY = {
  counters: ['c_total'],
  gauges: ['g'],
  classicHistograms: ['h'],
  nativeHistograms: [],
  labels: { job: ['a', 'b'], instance: ['1', '2'] },
  atSeconds: [30, 300],
  durations: ['15s', '1m', '95s', '5m'],
}

function storage(): MemoryStorage {
  const memory = new MemoryStorage()
  for (const name of ['c_total', 'g', 'h_bucket'])
    for (const job of ['a', 'b'])
      for (const instance of ['1', '2'])
        for (const le of name === 'h_bucket' ? ['1', '+Inf'] : [''])
          memory.append(
            Labels.from({ __name__: name, job, instance, le }),
            Array.from({ length: 40 }, (_, i) => ({
              timeMs: i * 15_000,
              value: (i * (job === 'a' ? 3 : 5)) % 70,
            })),
          )
  return memory
}

test('the same seed gives the same query', () => {
  expect(randomQuery(7, VOCABULARY)).toBe(randomQuery(7, VOCABULARY))
  expect(randomQuery(7, VOCABULARY)).not.toBe(randomQuery(8, VOCABULARY))
})

test('random queries parse, and fail to evaluate only as queries may', async () => {
  const memory = storage()
  const engine = new Engine()
  for (let seed = 0; seed < 400; seed++) {
    const query = randomQuery(seed, VOCABULARY)
    expect(() => parseExpr(query), query).not.toThrow()
    try {
      await engine.range(memory, query, { startMs: 0, endMs: 600_000, stepMs: 45_000 })
    } catch (error) {
      if (!(error instanceof QueryError)) throw new Error(`seed ${seed}: ${query}`, { cause: error })
    }
  }
})

test('a range query gives at each step what an instant query gives', async () => {
  const memory = storage()
  const engine = new Engine({ features: ['promql-delayed-name-removal'] })
  for (let seed = 1000; seed < 1150; seed++) {
    const query = randomQuery(seed, VOCABULARY)
    if (/start\(\)|end\(\)/.test(query)) continue
    let range
    try {
      range = await engine.range(memory, query, { startMs: 100_000, endMs: 300_000, stepMs: 100_000 })
    } catch (error) {
      expect(error, query).toBeInstanceOf(QueryError)
      continue
    }
    const instant = await engine.instant(memory, query, 200_000)
    if (range.value.type !== 'matrix' || instant.value.type !== 'vector') throw new Error('unexpected types')
    const middle = new Map<string, number>()
    for (const { labels, timesMs, values, count } of range.value.series) {
      const at = timesMs.subarray(0, count).indexOf(200_000)
      if (at >= 0) middle.set(labels.key(), values[at]!)
    }
    const single = new Map(instant.value.samples.map(({ labels, value }) => [labels.key(), value]))
    expect(middle, query).toEqual(single)
  }
})

test('failures shrink to their parts', () => {
  expect(smallerQueries('sum(rate(a[5m])) / 2')).toEqual(
    ['rate(a[5m])', 'sum(rate(a[5m]))'].concat(['a']).sort((x, y) => x.length - y.length),
  )
})
