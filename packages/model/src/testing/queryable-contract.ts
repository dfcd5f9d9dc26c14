/** Door `@promontory/model/queryable-contract`: what every storage that PromQL can ask has to keep. */
import { expect, test } from 'vitest'
import { FloatHistogram } from '../histogram.ts'
import { Labels } from '../labels.ts'
import { Matcher } from '../matcher.ts'
import type { PickSteps, Querier, Queryable, SelectRequest } from '../queryable.ts'
import { SampleColumns } from '../samples.ts'
import { isStaleAt } from '../stale.ts'

export interface ContractSample {
  readonly timeMs: number
  /** Undefined for a stale marker, unless there is a histogram. */
  readonly value?: number
  readonly histogram?: FloatHistogram
}

export interface ContractSeries {
  readonly labels: Labels
  readonly samples: readonly ContractSample[]
}

/** A storage that holds given series. */
export interface Contracted {
  readonly queryable: Queryable
  /** Appends one more sample to a series; left out where nothing can be appended. */
  readonly append?: (labels: Labels, sample: ContractSample) => void | Promise<void>
}

/** The data begins at a border of blocks and spans three of them. */
export const CONTRACT_START_MS = 1_767_225_600_000
const STEP_MS = 60_000
const COUNT = 300

const time = (step: number): number => CONTRACT_START_MS + step * STEP_MS

function histogramAt(step: number): FloatHistogram {
  return new FloatHistogram({
    schema: 1, count: 3 + step, sum: step / 2, zeroCount: 1, zeroThreshold: 2 ** -128,
    positiveSpans: [{ offset: -1, length: 2 }, { offset: 3, length: 1 }], positiveBuckets: [1, step, 1],
  }) // prettier-ignore
}

/** Names that are not classic, values that are special, holes, ends, and series that are there for a part of the time only. */
export function contractSeries(): ContractSeries[] {
  const series = (
    labels: Record<string, string>,
    value: (step: number) => Omit<ContractSample, 'timeMs'> | undefined,
  ): ContractSeries => ({
    labels: Labels.from(labels),
    samples: Array.from({ length: COUNT }, (_, step) => ({ step, sample: value(step) })).flatMap(
      ({ step, sample }) => (sample === undefined ? [] : [{ timeMs: time(step), ...sample }]),
    ),
  })
  const special = [NaN, Infinity, -Infinity, -0, 0, 5e-324, 1.7976931348623157e308, 0.1]
  return [
    series({ __name__: 'up', job: 'a', instance: '1' }, (step) => ({ value: step })),
    series({ __name__: 'up', job: 'a', instance: '2' }, (step) => (step % 50 < 25 ? { value: 1 } : step % 50 === 25 ? {} : undefined)),
    series({ __name__: 'up', job: 'b' }, (step) => (step >= 200 ? { value: -step } : undefined)),
    series({ __name__: 'special', job: 'a' }, (step) => ({ value: special[step % special.length]! })),
    series({ __name__: 'größe', 'a.b/c': 'ü "x"\\\n', z: '𝒳' }, (step) => ({ value: step / 3 })),
    series({ __name__: 'short', job: 'b', le: '+Inf' }, (step) => (step < 10 ? { value: 7 } : undefined)),
    series({ __name__: 'h', job: 'a' }, (step) => (step % 100 === 99 ? {} : { histogram: histogramAt(step) })),
  ] // prettier-ignore
}

const ALL = { startMs: time(0), endMs: time(COUNT) }

/** Declares the tests of a kind of storage. @param open  makes one with these series; called once for each test */
export function queryableContract(
  kind: string,
  open: (series: ContractSeries[]) => Promise<Contracted>,
): void {
  const withQuerier = async (use: (querier: Querier) => Promise<void>): Promise<void> => {
    const { queryable } = await open(contractSeries())
    const querier = queryable.querier(ALL)
    try {
      await use(querier)
    } finally {
      querier.close()
    }
  }

  test(`${kind}: every sample comes back, bit for bit`, () =>
    withQuerier(async (querier) => {
      const found = await read(querier, { matchers: [new Matcher('!=', '__name__', '')], ...ALL })
      expect(found).toEqual(expected(contractSeries(), ALL.startMs, ALL.endMs))
    }))

  test.each([
    ['between samples', time(10) + 1, time(20) - 1],
    ['on samples, both included', time(10), time(20)],
    ['one moment', time(33), time(33)],
    ['across borders of blocks', time(100), time(260)],
    ['before everything', time(-100), time(-1)],
    ['after everything', time(COUNT) + 1, time(COUNT + 100)],
  ])(`${kind}: a range %s`, (_, startMs, endMs) =>
    withQuerier(async (querier) => {
      const found = await read(querier, { matchers: [new Matcher('!=', '__name__', '')], startMs, endMs })
      expect(found).toEqual(expected(contractSeries(), startMs, endMs))
    }),
  )

  test.each<[string, ConstructorParameters<typeof Matcher>[]]>([
    ['one value', [['=', '__name__', 'up']]],
    ['two labels', [['=', '__name__', 'up'], ['=', 'job', 'a']]],
    ['an unequal value', [['=', '__name__', 'up'], ['!=', 'instance', '1']]],
    ['an absent label', [['=', '__name__', 'up'], ['=', 'instance', '']]],
    ['a present label', [['=', '__name__', 'up'], ['!=', 'instance', '']]],
    ['alternatives', [['=~', '__name__', 'up|short']]],
    ['a pattern', [['=~', '__name__', 's.*']]],
    ['not a pattern', [['=', 'job', 'a'], ['!~', '__name__', 'u.*']]],
    ['a pattern that takes the empty', [['=', '__name__', 'up'], ['=~', 'instance', '|2']]],
    ['names that are not classic', [['=', 'a.b/c', 'ü "x"\\\n']]],
    ['nothing', [['=', '__name__', 'absent']]],
    ['an unknown label', [['=', 'unknown', 'x']]],
  ])(`${kind}: matchers: %s`, (_, texts) =>
    withQuerier(async (querier) => {
      const matchers = texts.map((text) => new Matcher(...text))
      const wanted = contractSeries().filter(({ labels }) => matchers.every((m) => m.matches(labels.get(m.name))))
      expect(await read(querier, { matchers, ...ALL })).toEqual(expected(wanted, ALL.startMs, ALL.endMs))
    }),
  ) // prettier-ignore

  test(`${kind}: series come in the order of their labels, and requests keep apart`, () =>
    withQuerier(async (querier) => {
      const requests: ConstructorParameters<typeof Matcher>[] = [['!=', '__name__', ''], ['=', 'job', 'b'], ['=', 'job', 'a']] // prettier-ignore
      const sets = await querier.select(
        requests.map((text) => ({ matchers: [new Matcher(...text)], ...ALL })),
      )
      for (const [i, set] of sets.entries()) {
        const labels = Array.from({ length: set.length }, (_, k) => set.labels(k))
        expect(labels.map(String)).toEqual([...labels].sort((a, b) => a.compare(b)).map(String))
        expect(set.warnings, `request ${i}`).toEqual([])
      }
      // Sets are read in turns: what one hands out is good until its own next read only.
      expect(sets.map((set) => set.length)).toEqual([7, 2, 4])
    }))

  test(`${kind}: columns that say to have the times of those before have them`, () =>
    withQuerier(async (querier) => {
      const [set] = await querier.select([{ matchers: [], ...ALL }])
      const columns = new SampleColumns()
      let [id, times] = [0, '']
      for (let i = 0; i < 3 * set!.length; i++) {
        set!.read(i % set!.length, columns)
        const now = columns.timesMs.subarray(0, columns.length).join()
        if (columns.timesId !== 0 && columns.timesId === id) expect(now).toBe(times)
        ;[id, times] = [columns.timesId, now]
      }
    }))

  test(`${kind}: what is picked for steps is what a look at all samples finds`, () =>
    withQuerier(async (querier) => {
      const steps = {
        startMs: time(3) + 7000,
        stepMs: 90_000,
        count: 250,
        offsetMs: 61_000,
        windowMs: 300_000,
      }
      const [set] = await querier.select([{ matchers: [], ...ALL }])
      const columns = new SampleColumns()
      let floats = 0
      for (let i = 0; i < set!.length && set!.pick !== undefined; i++) {
        const [values, flags] = [new Float64Array(steps.count), new Uint8Array(steps.count).fill(9)]
        const picked = set!.pick(i, steps, values, flags)
        set!.read(i, columns)
        if (columns.histograms !== undefined) {
          expect(picked).toBe(-1)
          continue
        }
        const want = Array.from({ length: steps.count }, (_, step) => newestIn(columns, steps, step))
        expect(Array.from(flags, (flag, step) => (flag === 1 ? values[step] : undefined))).toEqual(want)
        expect(picked).toBe(want.filter((value) => value !== undefined).length)
        floats += picked
      }
      if (set!.pick !== undefined) expect(floats).toBeGreaterThan(400)
    }))

  test(`${kind}: names and values`, () =>
    withQuerier(async (querier) => {
      const all = { matchers: [], ...ALL }
      expect(await querier.labelNames(all)).toEqual(['__name__', 'a.b/c', 'instance', 'job', 'le', 'z'])
      expect(await querier.labelValues('job', all)).toEqual(['a', 'b'])
      expect(await querier.labelValues('unknown', all)).toEqual([])
      const up = { matchers: [new Matcher('=', '__name__', 'up')], ...ALL }
      expect(await querier.labelNames(up)).toEqual(['__name__', 'instance', 'job'])
      expect(await querier.labelValues('instance', up)).toEqual(['1', '2'])
      expect(await querier.labelValues('__name__', { matchers: [new Matcher('=', 'job', 'b')], ...ALL })).toEqual(['short', 'up'])
    })) // prettier-ignore

  test(`${kind}: a querier does not see what comes after it was opened`, async () => {
    const { queryable, append } = await open(contractSeries())
    if (append === undefined) return expect(append).toBeUndefined()
    const request = { matchers: [new Matcher('=', '__name__', 'up')], ...ALL }
    const querier = queryable.querier(ALL)
    const [set] = await querier.select([request])
    await append(Labels.from({ __name__: 'up', job: 'b' }), { timeMs: time(COUNT), value: 1 })
    await append(Labels.from({ __name__: 'up', job: 'new' }), { timeMs: time(COUNT), value: 1 })
    expect(set!.length).toBe(3)
    const columns = new SampleColumns()
    set!.read(2, columns)
    expect(columns.timesMs[columns.length - 1]).toBe(time(COUNT - 1))
    querier.close()
    const later = queryable.querier(ALL)
    expect(Object.keys(await read(later, request))).toHaveLength(4)
    later.close()
  })
}

/** The newest sample that a step looks at; undefined when there is none, or it is a stale marker. */
function newestIn(
  { timesMs, values, bits, length }: SampleColumns,
  { startMs, stepMs, offsetMs, windowMs }: PickSteps,
  step: number,
): number | undefined {
  const at = startMs + step * stepMs - offsetMs
  const newest = timesMs.subarray(0, length).findLastIndex((timeMs) => timeMs <= at)
  if (newest < 0 || timesMs[newest]! <= at - windowMs || isStaleAt(bits, newest)) return undefined
  return values[newest]!
}

type Found = Record<string, [timeMs: number, value: string][]>

async function read(querier: Querier, request: SelectRequest): Promise<Found> {
  const [set] = await querier.select([request])
  const columns = new SampleColumns()
  const found: Found = {}
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    const samples = Array.from({ length: columns.length }, (_, k): [number, string] => {
      const histogram = columns.histograms?.[k]
      if (histogram !== undefined) return [columns.timesMs[k]!, text({ timeMs: 0, histogram })]
      return [
        columns.timesMs[k]!,
        isStaleAt(columns.bits, k) ? 'stale' : text({ timeMs: 0, value: columns.values[k]! }),
      ]
    })
    // A series without a sample in the range may be named or not.
    if (samples.length > 0) found[set!.labels(i).key()] = samples
  }
  return found
}

function expected(series: readonly ContractSeries[], startMs: number, endMs: number): Found {
  const found: Found = {}
  for (const { labels, samples } of series) {
    const inside = samples.filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs)
    if (inside.length > 0) found[labels.key()] = inside.map((sample) => [sample.timeMs, text(sample)])
  }
  return found
}

function text({ value, histogram }: ContractSample): string {
  if (histogram !== undefined) {
    const { schema, count, sum, zeroCount, positiveSpans, positiveBuckets } = histogram
    return JSON.stringify([schema, count, sum, zeroCount, positiveSpans, positiveBuckets])
  }
  return value === undefined ? 'stale' : Object.is(value, -0) ? '-0' : String(value)
}
