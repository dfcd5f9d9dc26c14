import { Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { writeResult } from '../json/write-result.ts'
import { MemoryStorage } from '../memory.ts'
import type { QueryResult } from '../result.ts'
import { randomQuery, seededRandom } from '../testing/random-query.ts'
import type { QueryOptions } from './engine.ts'
import { Engine } from './engine.ts'
import { QueryBatch } from './query-batch.ts'

const STEPS = { startMs: 300_000, endMs: 1_200_000, stepMs: 60_000 }

function storage(): MemoryStorage {
  const memory = new MemoryStorage()
  for (const name of ['c_total', 'g', 'h_bucket'])
    for (const job of ['a', 'b'])
      for (const le of name === 'h_bucket' ? ['1', '5', '+Inf'] : [''])
        memory.append(
          Labels.from({ __name__: name, job, le }),
          Array.from({ length: 100 }, (_, i) => ({
            timeMs: i * 15_000,
            value: (i * (job === 'a' ? 3 : 5)) % 70,
          })),
        )
  return memory
}

async function outcome(
  engine: Engine,
  memory: MemoryStorage,
  query: string,
  options: QueryOptions,
): Promise<string> {
  try {
    const { value, warnings, infos, stats }: QueryResult = await engine.range(memory, query, STEPS, options)
    return JSON.stringify([
      new TextDecoder().decode(writeResult(value)),
      warnings,
      infos,
      stats.totalQueryableSamples,
    ])
  } catch (error) {
    return String(error)
  }
}

/** How often the storage was asked for the samples of a series. */
function counted(memory: MemoryStorage): { readonly memory: MemoryStorage; readonly reads: () => number } {
  let reads = 0
  const spied = Object.create(memory) as MemoryStorage
  spied.querier = (range) => {
    const querier = memory.querier(range)
    return {
      ...querier,
      select: async (requests) => {
        const sets = await querier.select(requests)
        return sets.map((set) => {
          const own = Object.create(set) as typeof set
          Object.defineProperty(own, 'length', { value: set.length })
          own.read = (i, into) => (reads++, set.read(i, into))
          own.labels = (i) => set.labels(i)
          return own
        })
      },
      close: () => querier.close(),
    }
  }
  return { memory: spied, reads: () => reads }
}

test('what stands in several queries is read once', async () => {
  const queries = [
    'sum(rate(c_total[5m])) + 1',
    'sum by (job)(rate(c_total[5m]))',
    'sum(rate(c_total[5m])) + 2',
  ]
  const engine = new Engine()
  const { memory, reads } = counted(storage())
  const batch = new QueryBatch(queries, engine.parserOptions)
  const together = []
  for (const query of queries) together.push(await outcome(engine, memory, query, { batch }))
  expect(reads()).toBe(2)
  const apart = []
  for (const query of queries) apart.push(await outcome(engine, memory, query, {}))
  expect(reads()).toBe(8)
  expect(together).toEqual(apart)
})

test('quantiles of the same histograms share their buckets', async () => {
  const quantile = (q: number): string => `histogram_quantile(${q}, sum by (le)(rate(h_bucket[5m])))`
  const queries = [quantile(0.5), quantile(0.9), `${quantile(0.5)} * 2`]
  const engine = new Engine()
  const { memory, reads } = counted(storage())
  const batch = new QueryBatch(queries, engine.parserOptions)
  for (const query of queries)
    expect(await outcome(engine, memory, query, { batch })).toBe(await outcome(engine, storage(), query, {}))
  expect(reads()).toBe(6)
})

test('the same text at other times, or with one step instead of all, is not the same', async () => {
  const queries = [
    'sum_over_time(sum(g)[5m:1m])',
    'sum_over_time(sum(g)[7m:30s])',
    'sum_over_time(sum(g)[5m:1m] offset 2m)',
    'sum(g)',
    'sum(g @ 600) + g @ 600',
    'g @ 600 - on(job) g @ 600',
    'sum(h_bucket offset 1m) + sum(h_bucket)',
  ]
  const engine = new Engine()
  for (const order of [queries, [...queries].reverse()]) {
    const batch = new QueryBatch(order, engine.parserOptions)
    for (const query of order)
      expect([query, await outcome(engine, storage(), query, { batch })]).toEqual([
        query,
        await outcome(engine, storage(), query, {}),
      ])
  }
})

test('queries of a batch answer as each does alone', async () => {
  const memory = storage()
  const engine = new Engine()
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed)
    const all = Array.from(
      { length: 6 },
      (_, i) =>
      randomQuery(1000 * seed + i, {
        counters: ['c_total'], gauges: ['g'], classicHistograms: ['h'], nativeHistograms: [], labels: { job: ['a', 'b'] },
        atSeconds: [300, 600], durations: ['95s', '5m'],
      }), // prettier-ignore
    )
    // Some stand in others.
    const queries = [
      ...all,
      `(${all[0]}) + on(job) (${all[1]})`,
      `sum(${all[2]})`,
      `max(${all[3]}) - (${all[3]})`,
    ]
      .map((query) => ({ query, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ query }) => query)
    const batch = new QueryBatch(queries, engine.parserOptions)
    for (const query of queries)
      expect(await outcome(engine, memory, query, { batch }), query).toBe(
        await outcome(engine, memory, query, {}),
      )
  }
})

test('a query with a fault spoils nothing but itself', async () => {
  const queries = ['sum(g', 'sum(g)', 'sum(g) * 2', 'g + on() g']
  const engine = new Engine()
  const batch = new QueryBatch(queries, engine.parserOptions)
  const told = []
  for (const query of queries) told.push(await outcome(engine, storage(), query, { batch }))
  const apart = []
  for (const query of queries) apart.push(await outcome(engine, storage(), query, {}))
  expect(told).toEqual(apart)
  expect(told.filter((text) => text.includes('Error'))).toHaveLength(2)
})
