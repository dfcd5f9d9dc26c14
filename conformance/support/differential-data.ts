import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, FloatHistogram, Labels, STALE_HISTOGRAM } from '@promontory/model'
import { seededRandom, type Vocabulary } from '@promontory/promql/testing'
import { Tsdb } from '@promontory/tsdb'
import { run } from './peers.ts'

/** The first sample of the data: an hour before a border of blocks, 2026-01-01T01:00:00Z. */
export const START_S = 1_767_229_200
/** The last one: blocks reach up to {@link HEAD_START_S}, the rest is in the log. */
export const END_S: number = START_S + 3 * 3600
const HEAD_START_S = START_S + 2.5 * 3600

const JOBS = ['api', 'db']
const INSTANCES = ['a:1', 'b:2', 'c:3']
const BOUNDS = ['0.1', '0.5', '1', '2.5', '+Inf']

/** What the random queries speak of: all of it is in the data, but for the label `nothing`. */
export const VOCABULARY: Vocabulary = {
  counters: ['c_total', 'off_total', 'plain_counter', 'h_bucket', 'h_count', 'h_sum'],
  // Infinities and NaN now and then only: they drown everything else.
  gauges: ['g', 'g', 'g_small', 'g_small', 'g_special', 'g_holes', 'g_holes'],
  classicHistograms: ['h'],
  nativeHistograms: ['nh', 'nh', 'nh_custom', 'nh_float', 'nh_gauge'],
  labels: { job: JOBS, instance: INSTANCES, mode: ['x', ''] },
  atSeconds: [START_S + 1800, START_S + 3600, START_S + 5400.5, HEAD_START_S + 60, START_S - 600],
  durations: ['10s', '15s', '30s', '1m', '95s', '2m', '5m', '17m', '1h'],
  experimental: true,
}

interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** Undefined marks the series stale, and counts in the log only: text formats have no stale markers. */
  readonly samples: Sample[]
}

interface Sample {
  readonly timeMs: number
  readonly value: number | undefined
  readonly histogram?: FloatHistogram
}

/**
 * A storage directory as both programs read it: blocks by promtool across a block border, and half an hour of log with
 * stale markers by our own storage. The same seed gives the same samples.
 */
export async function writeData(directory: string, promtool: string, seed: number): Promise<void> {
  const all = series(seededRandom(seed))
  mkdirSync(directory, { recursive: true })
  const file = join(directory, '..', 'data.om')
  writeFileSync(file, openMetrics(all))
  const { code, stderr } = run(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', file, directory])
  if (code !== 0) throw new Error(`promtool wrote no blocks: ${stderr}`)
  await writeHistogramBlock(directory, all)
  await writeLog(directory, all)
}

/** A copy without the lock that the writer leaves. */
export function copyData(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (name) => !/[\\/]lock$/.test(name) })
}

function series(random: () => number): Series[] {
  const all: Series[] = []
  for (const [j, job] of JOBS.entries())
    for (const [i, instance] of INSTANCES.entries()) {
      const own = { job, instance, ...(i === 0 ? { mode: 'x' } : {}) }
      const add = (name: string, stepMs: number, shiftMs: number, value: (n: number) => number): void => {
        all.push(spread({ __name__: name, ...own }, stepMs, shiftMs, random, value))
      }
      add('c_total', 15_000, 0, counter(random, 9))
      // Off the grid, so that no range ends on a sample.
      add('off_total', 15_000, 3217 + 1000 * i, counter(random, 0.3))
      add('plain_counter', 30_000, 0, counter(random, 100))
      add('g', 15_000, 0, () => Math.round(random() * 200 - 100))
      add('g_small', 10_000, 417 * j, () =>
        random() < 0.2 ? 0 : random() * 10 ** (Math.round(random() * 12) - 8),
      )
      add('g_special', 20_000, 0, (n) => [Infinity, -Infinity, NaN, 0, -1, 5, 5, 1e300][(n + i * 3) % 8]!)
      all.push(holes({ __name__: 'g_holes', ...own }, random))
      all.push(...histogram(own, random))
      for (const kind of NATIVE_KINDS) all.push(nativeHistogram(own, kind, random))
    }
  return all
}

/** Goes up, and back to nearly 0 now and then. */
function counter(random: () => number, most: number): () => number {
  let value = 0
  return () => (value = random() < 0.01 ? random() : value + (random() < 0.3 ? 0 : random() * most))
}

function spread(
  labels: Series['labels'],
  stepMs: number,
  shiftMs: number,
  random: () => number,
  value: (n: number) => number,
): Series {
  const samples: Series['samples'] = []
  for (let n = 0, timeMs = START_S * 1000 + shiftMs; timeMs <= END_S * 1000; n++, timeMs += stepMs)
    // A scrape fails now and then.
    if (random() > 0.02) samples.push({ timeMs, value: value(n) })
  return { labels, samples }
}

/** Comes and goes: holes longer than the lookback, and in the log a stale marker at the beginning of each. */
function holes(labels: Series['labels'], random: () => number): Series {
  const samples: Series['samples'] = []
  let until = START_S + random() * 900
  let there = true
  for (let timeS = START_S; timeS <= END_S; timeS += 15) {
    if (timeS > until) {
      there = !there
      until = timeS + 60 + random() * 900
      if (!there) samples.push({ timeMs: timeS * 1000, value: undefined })
    } else if (there) samples.push({ timeMs: timeS * 1000, value: Math.floor(random() * 5) })
  }
  return { labels, samples }
}

function histogram(labels: Series['labels'], random: () => number): Series[] {
  const counts = BOUNDS.map(() => 0)
  let sum = 0
  const parts = ['count', 'sum', ...BOUNDS].map((part) => ({
    labels: {
      ...labels,
      ...(part === 'count' || part === 'sum'
        ? { __name__: `h_${part}` }
        : { __name__: 'h_bucket', le: part }),
    },
    samples: [] as Series['samples'],
  }))
  for (let timeMs = START_S * 1000; timeMs <= END_S * 1000; timeMs += 15_000) {
    for (let n = Math.floor(random() * 6); n > 0; n--) {
      const seen = random() ** 3 * 4
      sum += seen
      BOUNDS.forEach((bound, k) => (counts[k]! += seen <= Number(bound.replace('+Inf', 'Infinity')) ? 1 : 0))
    }
    ;[counts.at(-1)!, sum, ...counts].forEach((value, k) => parts[k]!.samples.push({ timeMs, value }))
  }
  return parts
}

const NATIVE_KINDS = ['nh', 'nh_custom', 'nh_float', 'nh_gauge'] as const

/** Counts up in buckets that come as they are needed; starts anew, changes its resolution and is not there now and then. */
function nativeHistogram(
  labels: Series['labels'],
  name: (typeof NATIVE_KINDS)[number],
  random: () => number,
): Series {
  const samples: Sample[] = []
  let state = new HistogramState(name)
  let schema = name === 'nh_custom' ? -53 : 1
  for (let timeMs = START_S * 1000; timeMs <= END_S * 1000; timeMs += 15_000) {
    if (random() < 0.02) continue
    if (random() < 0.01) {
      samples.push({ timeMs, value: undefined })
      continue
    }
    if (random() < 0.015) state = new HistogramState(name)
    if (name !== 'nh_custom' && random() < 0.005)
      [schema, state] = [schema === 1 ? 3 : 1, new HistogramState(name)]
    state.observe(random)
    samples.push({ timeMs, value: 0, histogram: state.histogram(schema) })
  }
  return { labels: { __name__: name, ...labels }, samples }
}

const CUSTOM_BOUNDS = [0.1, 0.5, 1, 2.5, 10]

class HistogramState {
  readonly #name: (typeof NATIVE_KINDS)[number]
  readonly #positive = new Map<number, number>()
  readonly #negative = new Map<number, number>()
  #zero = 0
  #sum = 0

  constructor(name: (typeof NATIVE_KINDS)[number]) {
    this.#name = name
  }

  observe(random: () => number): void {
    for (let n = Math.floor(random() * 5); n > 0; n--) {
      const weight = this.#name === 'nh_float' ? random() * 3 : 1 + Math.floor(random() * 3)
      const isCustom = this.#name === 'nh_custom'
      const index = isCustom ? Math.floor(random() * 6) : Math.floor(random() ** 2 * 9) - 3
      const side = !isCustom && random() < 0.2 ? this.#negative : this.#positive
      if (!isCustom && random() < 0.1) this.#zero += weight
      else side.set(index, (side.get(index) ?? 0) + weight)
      this.#sum += random() * 10 - (side === this.#negative ? 8 : 0)
    }
    if (this.#name === 'nh_gauge' && random() < 0.3) this.#positive.clear()
  }

  histogram(schema: number): FloatHistogram {
    const [positive, negative] = [inSpans(this.#positive), inSpans(this.#negative)]
    const total = [...positive.buckets, ...negative.buckets].reduce((sum, count) => sum + count, this.#zero)
    return new FloatHistogram({
      schema, count: total, sum: this.#sum, zeroCount: this.#zero,
      zeroThreshold: schema === -53 ? 0 : 2 ** -20,
      positiveSpans: positive.spans, positiveBuckets: positive.buckets,
      negativeSpans: negative.spans, negativeBuckets: negative.buckets,
      ...(schema === -53 ? { customBounds: CUSTOM_BOUNDS } : {}),
      counterResetHint: this.#name === 'nh_gauge' ? 'gauge' : 'unknown',
    }) // prettier-ignore
  }
}

/** Counts by index as spans and buckets. */
function inSpans(counts: ReadonlyMap<number, number>): {
  spans: { offset: number; length: number }[]
  buckets: number[]
} {
  const spans: { offset: number; length: number }[] = []
  const indices = [...counts.keys()].sort((a, b) => a - b)
  let next = 0
  for (const [i, index] of indices.entries()) {
    const last = spans.at(-1)
    if (i > 0 && index === next) last!.length++
    else spans.push({ offset: index - next, length: 1 })
    next = index + 1
  }
  return { spans, buckets: indices.map((index) => counts.get(index)!) }
}

/** What of the native histograms is older than the log, as a block: no text format has them. */
async function writeHistogramBlock(directory: string, all: readonly Series[]): Promise<void> {
  const aside = join(directory, '..', 'histograms')
  const db = await Tsdb.open({
    directory: aside,
    registry: new Registry(),
    retention: { timeMs: 0, bytes: 0 },
  })
  try {
    append(db, all.filter(isNative), (timeMs) => timeMs < HEAD_START_S * 1000)
    const snapshot = join(aside, 'snapshots', await db.maintenance.snapshot(false))
    for (const name of readdirSync(snapshot)) {
      const isBlock = /^[0-9A-Z]{26}$/.test(name)
      if (isBlock) cpSync(join(snapshot, name), join(directory, name), { recursive: true })
    }
  } finally {
    db.close()
  }
}

function isNative({ labels }: Series): boolean {
  return (NATIVE_KINDS as readonly string[]).includes(labels['__name__']!)
}

function openMetrics(all: readonly Series[]): string {
  const lines: string[] = []
  const names = [...new Set(all.map(({ labels }) => labels['__name__']!))]
  for (const name of names) {
    lines.push(`# TYPE ${name} unknown`)
    for (const { labels, samples } of all) {
      if (labels['__name__'] !== name) continue
      const text = Object.entries(labels)
        .filter(([label]) => label !== '__name__')
        .map(([label, value]) => `${label}="${value}"`)
        .join(',')
      if (isNative({ labels, samples })) continue
      for (const { timeMs, value } of samples)
        if (value !== undefined && timeMs < HEAD_START_S * 1000)
          lines.push(
            `${name}{${text}} ${String(value).replace('Infinity', 'Inf')} ${(timeMs / 1000).toFixed(3)}`,
          )
    }
  }
  return `${lines.join('\n')}\n# EOF\n`
}

async function writeLog(directory: string, all: readonly Series[]): Promise<void> {
  const db = await Tsdb.open({ directory, registry: new Registry(), retention: { timeMs: 0, bytes: 0 } })
  try {
    append(db, all, (timeMs) => timeMs >= HEAD_START_S * 1000)
  } finally {
    db.close()
  }
}

function append(db: Tsdb, all: readonly Series[], wanted: (timeMs: number) => boolean): void {
  // In the order of their labels: Prometheus selects from its head in the order of creation.
  const inOrder = all
    .map((one) => ({ ...one, labelSet: Labels.from(one.labels) }))
    .sort((a, b) => a.labelSet.compare(b.labelSet))
  const samples = inOrder
    .flatMap((one) => {
      const own = one.samples.filter(({ timeMs }) => wanted(timeMs))
      if (own.length === 0) return []
      const ref = db.seriesRef(one.labelSet)
      return own.map((sample) => ({ ref, native: isNative(one), ...sample }))
    })
    .sort((a, b) => a.timeMs - b.timeMs)
  const batch = new AppendBatch()
  for (const { ref, timeMs, value, histogram, native } of samples)
    if (histogram !== undefined) batch.histograms.push({ ref, timeMs, histogram })
    else if (native) batch.histograms.push({ ref, timeMs, histogram: STALE_HISTOGRAM })
    else if (value === undefined) batch.pushStale(ref, timeMs)
    else batch.push(ref, timeMs, value)
  const { appended, histogramStatuses } = db.append(batch)
  const refused = batch.count - appended + histogramStatuses.filter((status) => status !== 0).length
  if (refused > 0) throw new Error(`${refused} samples were refused`)
}
