import { Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { Engine, type TimeSteps } from '../engine/engine.ts'
import { QueryError } from '../errors.ts'
import { writeResult } from '../json/write-result.ts'
import { MemoryStorage } from '../memory.ts'
import { parseExpr } from '../parser/parse.ts'
import type { QueryResult } from '../result.ts'
import { randomQuery, seededRandom } from '../testing/random-query.ts'
import { isCacheable } from './cacheable.ts'
import { ResultCache } from './result-cache.ts'

const NOW_MS = 3_600_000
const FRESH_MS = 600_000

function storage(): MemoryStorage {
  const memory = new MemoryStorage()
  for (const name of ['c_total', 'g', 'h_bucket'])
    for (const job of ['a', 'b'])
      for (const le of name === 'h_bucket' ? ['1', '+Inf'] : [''])
        memory.append(
          Labels.from({ __name__: name, job, le }),
          // Series of job b begin late and have a gap, so that the sets of series differ from range to range.
          Array.from({ length: 240 }, (_, i) => ({
            timeMs: i * 15_000,
            value: (i * (job === 'a' ? 3 : 5)) % 70,
          })).filter(
            ({ timeMs }) => job === 'a' || (timeMs > 700_000 && (timeMs < 1_500_000 || timeMs > 2_100_000)),
          ),
        )
  return memory
}

function newCache(bytesMax = 1e7): ResultCache {
  return new ResultCache(new Engine(), { bytesMax, freshMs: FRESH_MS, nowMs: () => NOW_MS })
}

const text = ({ value }: QueryResult): string => new TextDecoder().decode(writeResult(value))

async function outcome(run: Promise<QueryResult>): Promise<string> {
  try {
    const result = await run
    return JSON.stringify([text(result), result.warnings, result.infos])
  } catch (error) {
    if (error instanceof QueryError) return `${error.errorType}: ${error.message}`
    throw error
  }
}

const steps = (startMs: number, endMs: number, stepMs = 60_000): TimeSteps => ({ startMs, endMs, stepMs })

test('answers over moving ranges are those without the cache', async () => {
  const memory = storage()
  const engine = new Engine()
  const uses = new Set<string>()
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed)
    const query = randomQuery(seed, {
      counters: ['c_total'], gauges: ['g'], classicHistograms: ['h'], nativeHistograms: [], labels: { job: ['a', 'b'] },
      atSeconds: [30, 300], durations: ['15s', '95s', '5m'],
    }) // prettier-ignore
    const cache = newCache()
    for (let round = 0; round < 8; round++) {
      const startMs = 60_000 * Math.floor(random() * 50) + (random() < 0.2 ? 7000 : 0)
      const range = steps(startMs, startMs + Math.floor(random() * 1_500_000))
      let use = ''
      const cached = await outcome(
        cache.range(memory, query, range).then((got) => ((use = got.use), got.result)),
      )
      // A part that fails may lie outside of the range asked for only when everything is evaluated anew.
      expect(cached, `${query} over ${JSON.stringify(range)} (${use})`).toBe(
        await outcome(engine.range(memory, query, range)),
      )
      uses.add(use)
    }
  }
  expect([...uses].sort()).toEqual(expect.arrayContaining(['bypass', 'hit', 'miss', 'partial']))
})

test('only the missing steps are evaluated', async () => {
  const cache = newCache()
  const memory = storage()
  const first = await cache.range(memory, 'g', steps(600_000, 1_200_000))
  expect([first.use, first.result.stats.totalQueryableSamples]).toEqual(['miss', 20])
  const moved = await cache.range(memory, '  g ', steps(720_000, 1_320_000))
  expect([moved.use, moved.result.stats.totalQueryableSamples]).toEqual(['partial', 4])
  expect((await cache.range(memory, 'g', steps(660_000, 1_320_000))).use).toBe('hit')
})

test('other steps, phases and look-backs share nothing', async () => {
  const cache = newCache()
  const memory = storage()
  await cache.range(memory, 'g', steps(600_000, 1_200_000))
  expect((await cache.range(memory, 'g', steps(600_000, 1_200_000, 30_000))).use).toBe('miss')
  expect((await cache.range(memory, 'g', steps(601_000, 1_200_000))).use).toBe('miss')
  expect((await cache.range(memory, 'g', steps(600_000, 1_200_000), { lookbackMs: 1000 })).use).toBe('miss')
  expect((await cache.range(memory, 'g', steps(600_000, 1_200_000), { perStepStats: true })).use).toBe(
    'bypass',
  )
})

test('young steps are evaluated each time', async () => {
  const cache = newCache()
  const memory = storage()
  const range = steps(NOW_MS - 1_200_000, NOW_MS)
  await cache.range(memory, 'g', range)
  memory.append(Labels.from({ __name__: 'g', job: 'late' }), [{ timeMs: NOW_MS - FRESH_MS + 1000, value: 1 }])
  const again = await cache.range(memory, 'g', range)
  expect(again.use).toBe('partial')
  expect(text(again.result)).toContain('late')
})

test('what older samples may have changed is forgotten', async () => {
  const cache = newCache()
  const memory = storage()
  const range = steps(600_000, 1_200_000)
  await cache.range(memory, 'g', range)
  memory.append(Labels.from({ __name__: 'g', job: 'late' }), [{ timeMs: 900_500, value: 1 }])
  expect(text((await cache.range(memory, 'g', range)).result)).not.toContain('late')
  cache.forget(900_500)
  const again = await cache.range(memory, 'g', range)
  expect(again.use).toBe('partial')
  expect(text(again.result)).toBe(text(await new Engine().range(memory, 'g', range)))
  cache.forget(0)
  expect(cache.bytes).toBe(0)
})

test('the size is bounded, and what was used longest ago goes first', async () => {
  const cache = newCache(8_000)
  const memory = storage()
  for (const query of ['g', 'g + 1', 'g + 2', 'g + 3', 'g', 'g + 4', 'g + 5', 'g + 6'])
    await cache.range(memory, query, steps(600_000, 900_000))
  expect(cache.bytes).toBeLessThanOrEqual(8_000)
  expect((await cache.range(memory, 'g', steps(600_000, 900_000))).use).toBe('hit')
  expect((await cache.range(memory, 'g + 1', steps(600_000, 900_000))).use).toBe('miss')
})

test('instant queries of settled times are kept until samples come for them', async () => {
  const cache = newCache()
  const memory = storage()
  const ask = async (timeMs: number): Promise<string> => (await cache.instant(memory, 'sum(g)', timeMs)).use
  expect([await ask(900_000), await ask(900_000), await ask(901_000)]).toEqual(['miss', 'hit', 'miss'])
  expect([await ask(NOW_MS - 1000), await ask(NOW_MS - 1000)]).toEqual(['bypass', 'bypass'])
  cache.forget(900_500)
  expect([await ask(900_000), await ask(901_000)]).toEqual(['hit', 'miss'])
})

test.each([
  ['sum(rate(c_total[5m] offset 1h))', true],
  ['g offset -5m', false],
  ['g @ 300', false],
  ['max_over_time(g[5m:1m] @ end())', false],
  ['max_over_time(g[5m:1m])', true],
  ['time() - g', true],
  ['limitk(1, g)', false],
])('%s can be cached: %s', (query, expected) => {
  const options = new Engine({ features: ['promql-experimental-functions'] }).parserOptions
  expect(isCacheable(parseExpr(query, options))).toBe(expected)
})
