import { histogramLife, seeded } from './histogram-life.ts'
import type { WrittenExemplar, WrittenHistogram, WrittenSeries } from './remote-writer.ts'

/** Between two samples of a series. */
export const STEP_MS = 30_000
/** Steps that a request holds. */
const STEPS_PER_REQUEST = 60
const MINUTE = 60_000

/** Floats with all that makes chunks hard: the kinds by name, and value `i`; undefined is a stale marker, null no sample. */
const FLOATS: Readonly<Record<string, (i: number, random: () => number) => number | undefined | null>> = {
  constant: () => 1,
  counter: (i) => 17 * (i % 700),
  wave: (i) => Math.sin(i / 50) * 1e3,
  noise: (_, random) => random() * 2 ** Math.floor(random() * 2000 - 1000),
  special: (i) => [0, -0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 2 ** 53, -1e-9][i % 9]!,
  stale: (i) => (i % 11 === 7 ? undefined : i),
  sparse: (i) => (i % 97 < 3 ? i : null),
  'ü "quoted"\\ 🙂': (i) => i / 7,
}

/** What servers of several versions are given: blocks' worth of floats and native histograms, exemplars, and samples that come late. */
export interface StorageData {
  /** In the order in which they are sent. */
  readonly requests: readonly (readonly WrittenSeries[])[]
  /** Late ones, each a request of its own. */
  readonly late: readonly (readonly WrittenSeries[])[]
}

/**
 * Series that end at `endMs`, the same for the same arguments: `f` (floats), `h` (native histograms), `e` (exemplars), `late`.
 * @param hours  how far back they go
 * @param kinds  of histograms
 * @param lateHistograms  whether histograms come late too
 */
export function storageData(
  endMs: number,
  hours: number,
  kinds: readonly ('integer' | 'float' | 'custom' | 'gauge')[],
  lateHistograms: boolean,
): StorageData {
  const random = seeded(7)
  const steps = (hours * 3600_000) / STEP_MS
  const startMs = endMs - steps * STEP_MS
  const jitter = Array.from({ length: steps }, () => (random() < 0.3 ? Math.floor(random() * 40) : 0))
  const timeOf = (i: number): number => startMs + i * STEP_MS + jitter[i]!
  const histograms = kinds.map((kind) => ({
    labels: { __name__: 'h', kind },
    all: histogramLife(random, startMs, steps, kind, STEP_MS),
  }))
  const requests = Array.from({ length: Math.ceil(steps / STEPS_PER_REQUEST) }, (_, request) => {
    const from = request * STEPS_PER_REQUEST
    const range = Array.from({ length: Math.min(STEPS_PER_REQUEST, steps - from) }, (_unused, i) => from + i)
    const floats = Object.entries(FLOATS).map(([kind, value]): WrittenSeries => ({
      labels: { __name__: 'f', kind, job: 'written' },
      samples: range.flatMap((i) => {
        const found = value(i, random)
        return found === null ? [] : [[timeOf(i), found] as const]
      }),
    }))
    const exemplars = range
      .filter((i) => i % 20 === 0)
      .map((i): WrittenExemplar => ({
        labels: { trace_id: `t${i}`, ü: 'ü' },
        value: i / 3,
        timeMs: timeOf(i),
      }))
    return [
      ...floats,
      ...histograms.map(({ labels, all }) => ({ labels, histograms: all.slice(from, from + range.length) })),
      { labels: { __name__: 'e' }, samples: range.map((i) => [timeOf(i), i] as const), exemplars },
    ].filter(({ samples = [], histograms: some = [] }: WrittenSeries) => samples.length + some.length > 0)
  })
  return { requests, late: lateRequests(endMs, lateHistograms) }
}

function lateRequests(endMs: number, withHistograms: boolean): WrittenSeries[][] {
  const floats = (minute: number): WrittenSeries => ({
    labels: { __name__: 'late', kind: 'float' },
    samples: [[endMs - minute * MINUTE, minute === 77 ? undefined : minute * 3]],
  })
  const histograms = (minute: number): WrittenSeries[] =>
    [false, true].map((isFloat) => ({
      labels: { __name__: 'late', kind: isFloat ? 'float histogram' : 'histogram' },
      histograms: [
        {
          timeMs: endMs - minute * MINUTE, isFloat, schema: 1, zeroThreshold: 1e-3, zeroCount: 2, count: 5000 - minute, sum: minute,
          positiveSpans: [[minute % 3, 2]], positiveBuckets: [1000, 5000 - minute - 1002],
        } satisfies WrittenHistogram,
      ],
    })) // prettier-ignore
  return [0, ...Array.from({ length: 100 }, (_, i) => 2 + ((i * 37) % 113))].map((minute) => [
    floats(minute),
    ...(withHistograms ? histograms(minute) : []),
  ])
}
