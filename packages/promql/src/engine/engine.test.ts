import { FloatHistogram, Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { QueryError } from '../errors.ts'
import { MemoryStorage } from '../memory.ts'
import type { EngineOptions, QueryOptions } from './engine.ts'
import { Engine } from './engine.ts'

function storage(series = 3): MemoryStorage {
  const memory = new MemoryStorage()
  for (let i = 0; i < series; i++)
    for (const name of ['m_total', 'n_total'])
      memory.append(
        Labels.from({ __name__: name, i: `${i}` }),
        Array.from({ length: 100 }, (_, k) => ({ timeMs: k * 15_000, value: k * (i + 1) })),
      )
  return memory
}

const STEPS = { startMs: 300_000, endMs: 1_200_000, stepMs: 60_000 }

async function failure(
  query: string,
  engine: EngineOptions = {},
  options: QueryOptions = {},
): Promise<QueryError> {
  try {
    await new Engine(engine).range(storage(), query, STEPS, options)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`no error: ${query}`)
}

test('a query over the sample limit is refused', async () => {
  const { errorType, message } = await failure('m_total', { maxSamples: 40 })
  expect(errorType).toBe('execution')
  expect(message).toBe('query processing would load too many samples into memory in query execution')
  await expect(new Engine({ maxSamples: 48 }).range(storage(), 'm_total', STEPS)).resolves.toBeDefined()
})

test('a query ends when it is cancelled or out of time', async () => {
  expect((await failure('m_total', {}, { cancelled: () => true })).errorType).toBe('canceled')
  expect((await failure('m_total', { timeoutMs: -1 })).errorType).toBe('timeout')
  let looks = 0
  const late = await failure(
    'max_over_time(sum(rate(m_total[5m]))[15m:10ms])',
    {},
    { cancelled: () => ++looks > 3 },
  )
  expect(late.message).toBe('query was canceled in expression evaluation')
})

test('only vectors and scalars can be asked for over a range', async () => {
  expect((await failure('m_total[5m]')).message).toBe(
    'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
  )
  expect((await failure('m_total[5m * (1 - step() / 60)]', {})).errorType).toBe('bad_data')
})

test('metric names are dropped at once, or when the query is done', async () => {
  const query = 'rate({__name__=~"m_total|n_total"}[5m])'
  expect((await failure(query)).message).toBe('vector cannot contain metrics with the same labelset')
  const relabelled = `label_replace(${query}, "from", "$1", "__name__", "(.)_total")`
  const late = new Engine({ features: ['promql-delayed-name-removal'] })
  const { value } = await late.instant(storage(1), relabelled, 600_000)
  expect(value.type === 'vector' && value.samples.map(({ labels }) => String(labels))).toEqual([
    '{from="m", i="0"}',
    '{from="n", i="0"}',
  ])
})

test('samples are counted as Prometheus counts them', async () => {
  const { stats } = await new Engine().range(storage(), 'sum(rate(m_total[1m]))', STEPS, {
    perStepStats: true,
  })
  // 3 series, 4 samples in each window, 16 steps.
  expect(stats.totalQueryableSamples).toBe(3 * 4 * 16)
  expect(stats.totalQueryableSamplesPerStep![1]).toEqual([360_000, 12])
  const once = await new Engine().range(storage(), 'm_total @ 600', STEPS)
  expect(once.stats.totalQueryableSamples).toBe(3 * 16)
})

test('the storage is opened for all that selectors reach', async () => {
  const memory = storage()
  const ranges: unknown[] = []
  const noting = {
    querier: (range: Parameters<MemoryStorage['querier']>[0]) => (ranges.push(range), memory.querier(range)),
  }
  await new Engine().range(noting, 'rate(m_total[5m] offset 10m) + n_total @ 2000', STEPS)
  await new Engine().instant(noting, 'vector(1)', 5)
  expect(ranges).toEqual([
    { startMs: 300_000 - 900_000 + 1, endMs: 2_000_000 },
    { startMs: 0, endMs: 0 },
  ])
})

test('one select fetches all selectors, equal ones once', async () => {
  const memory = storage()
  const requests: number[] = []
  const counting = {
    querier: (range: Parameters<MemoryStorage['querier']>[0]) => {
      const querier = memory.querier(range)
      return {
        ...querier,
        select: (all: Parameters<typeof querier.select>[0]) => (
          requests.push(all.length),
          querier.select(all)
        ),
        labelNames: querier.labelNames.bind(querier),
        labelValues: querier.labelValues.bind(querier),
        close: () => querier.close(),
      }
    },
  }
  await new Engine().range(counting, 'rate(m_total[5m]) / rate(m_total[5m]) + sum(n_total)', STEPS)
  expect(requests).toEqual([2])
})

test('what stands in a query twice is read once, and counts and is annotated twice', async () => {
  const memory = storage()
  let reads = 0
  const counting = {
    querier: (range: Parameters<MemoryStorage['querier']>[0]) => {
      const querier = memory.querier(range)
      const select = async (all: Parameters<typeof querier.select>[0]): ReturnType<typeof querier.select> =>
        (await querier.select(all)).map((set) => ({
          length: set.length,
          warnings: set.warnings,
          labels: (i: number) => set.labels(i),
          read: (i: number, into: Parameters<typeof set.read>[1]) => (reads++, set.read(i, into)),
        }))
      return {
        ...querier,
        select,
        labelNames: querier.labelNames.bind(querier),
        labelValues: querier.labelValues.bind(querier),
        close: () => {},
      }
    },
  }
  const query = 'sum(quantile(2, m_total)) + (sum(quantile(2, m_total)) or -quantile(2, m_total))'
  const { value, warnings, stats } = await new Engine().range(counting, query, STEPS)
  expect(reads).toBe(3)
  expect(value).toMatchObject({ series: [{ count: 16 }] })
  expect(stats.totalQueryableSamples).toBe(3 * 3 * 16)
  expect(warnings).toEqual(['PromQL warning: quantile value should be between 0 and 1, got 2 (1:69)'])
})

test('sub-millisecond and empty ranges, and no data at all', async () => {
  const engine = new Engine()
  const empty = new MemoryStorage()
  expect((await engine.instant(empty, 'sum(x)', 0)).value).toEqual({ type: 'vector', timeMs: 0, samples: [] })
  expect((await engine.range(empty, 'vector(1)', STEPS)).value).toMatchObject({ type: 'matrix' })
  expect((await engine.instant(empty, '"text"', 5)).value).toEqual({
    type: 'string',
    timeMs: 5,
    value: 'text',
  })
  expect((await engine.instant(empty, '1 / 0', 5)).value).toEqual({
    type: 'scalar',
    timeMs: 5,
    value: Infinity,
  })
})

test('histograms and floats side by side', async () => {
  const memory = new MemoryStorage()
  const histogram = new FloatHistogram({
    count: 2,
    sum: 3,
    positiveSpans: [{ offset: 1, length: 1 }],
    positiveBuckets: [2],
  })
  memory.append(Labels.from({ __name__: 'h', kind: 'native' }), [{ timeMs: 0, histogram }])
  memory.append(Labels.from({ __name__: 'h', kind: 'float' }), [{ timeMs: 0, value: 5 }])
  const { value, warnings } = await new Engine().instant(memory, 'sum(h)', 1000)
  expect(value).toMatchObject({ samples: [] })
  expect(warnings).toEqual([
    'PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)',
  ])
  const count = await new Engine().instant(memory, 'histogram_count(h)', 1000)
  expect(count.value).toMatchObject({ samples: [{ value: 2 }] })
})
