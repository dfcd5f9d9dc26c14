import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Labels, Matcher, type Queryable, SampleColumns } from '@promontory/model'
import { decodeReadRequest, encodeReadResponse, type OutgoingSeries } from '@promontory/wire'
import { MergedQueryable, type ReadSource } from './merged-queryable.ts'

const SOURCE: ReadSource = {
  name: 'far',
  readRecent: false,
  requiredMatchers: {},
  externalLabels: ['region', 'eu'],
}

/** Local series `m{job="a"}` with a sample at 100 and one at 110. */
const local: Queryable = {
  querier: () => ({
    select: async (requests) =>
      requests.map(() => ({
        length: 1,
        warnings: [],
        labels: () => Labels.from({ __name__: 'm', job: 'a' }),
        read: (_index: number, into: SampleColumns) => {
          into.setArrays(Float64Array.of(100, 110), Float64Array.of(1, 2))
          into.length = 2
        },
      })),
    labelNames: async () => [],
    labelValues: async () => [],
    close: () => {},
  }),
}

const series = (job: string, ...samples: [number, number][]): OutgoingSeries => ({
  labels: ['__name__', 'm', 'job', job, 'region', 'eu'],
  samples: samples.map(([timeMs, value]) => {
    const [low, high] = new Uint32Array(Float64Array.of(value).buffer)
    return { timeMs, low: low!, high: high! }
  }),
  histograms: [],
  exemplars: [],
})

async function ask(
  sources: readonly ReadSource[],
  answer: (message: Buffer) => Buffer,
): Promise<{ rows: string[]; warnings: readonly string[]; asked: Buffer[] }> {
  const asked: Buffer[] = []
  const queryable = new MergedQueryable(local, {
    sources,
    localStartMs: () => 100,
    read: async (_source, message) => {
      asked.push(message)
      return answer(message)
    },
  })
  const querier = queryable.querier({ startMs: 0, endMs: 200 })
  const [set] = await querier.select([
    { startMs: 0, endMs: 200, matchers: [new Matcher('=', '__name__', 'm')] },
  ])
  const rows: string[] = []
  const columns = new SampleColumns()
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    const points = Array.from(
      { length: columns.length },
      (_, k) => `${columns.timesMs[k]}=${columns.values[k]}`,
    )
    rows.push(`${set!.labels(i).toString()} ${points.join(' ')}`)
  }
  return { rows, warnings: set!.warnings, asked }
}

test('older samples come from elsewhere, without the labels that are only sent', async () => {
  const { rows, asked } = await ask([SOURCE], () =>
    encodeReadResponse([[series('a', [90, 9], [100, 7]), series('b', [95, 3])]]),
  )
  expect(rows).toEqual(['{__name__="m", job="a"} 90=9 100=1 110=2', '{__name__="m", job="b"} 95=3'])
  expect(decodeReadRequest(asked[0]!).queries).toEqual([
    {
      startMs: 0,
      endMs: 99,
      matchers: [
        { operator: '=', name: '__name__', value: 'm' },
        { operator: '=', name: 'region', value: 'eu' },
      ],
    },
  ])
})

test('a source that needs a matcher is not asked without it', async () => {
  const { asked } = await ask([{ ...SOURCE, requiredMatchers: { job: 'a' } }], () => Buffer.alloc(0))
  expect(asked).toEqual([])
})

test('a source that fails costs a warning', async () => {
  const { rows, warnings } = await ask([SOURCE], () => {
    throw new Error('gone')
  })
  expect(rows).toHaveLength(1)
  expect(warnings).toEqual(['remote_read: far: gone'])
})

test('any bytes as an answer or as a request are an error at most', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      expect((await ask([SOURCE], () => Buffer.from(bytes))).rows.length).toBeGreaterThan(0)
      try {
        decodeReadRequest(Buffer.from(bytes))
      } catch (error) {
        expect((error as Error).name).toBe('WireError')
      }
    }),
    { numRuns: 300 },
  )
})
