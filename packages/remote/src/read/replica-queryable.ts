import {
  type FloatHistogram,
  type Labels,
  type Querier,
  type Queryable,
  SampleColumns,
  type SeriesSet,
  type TimeRange,
} from '@promontory/model'

/** A replica is left when it is silent for so many of its own intervals, and for so long at least. */
const SILENT_INTERVALS = 2
const SILENT_MS = 5000

/**
 * Series that differ only in the labels of replicas are one: its samples are those of one replica, and of another one from
 * where that falls silent. Never of two at once, so that `rate` sees one counter.
 */
export class ReplicaQueryable implements Queryable {
  readonly #inner: Queryable
  readonly #replicaLabels: readonly string[]

  constructor(inner: Queryable, replicaLabels: readonly string[]) {
    this.#inner = inner
    this.#replicaLabels = replicaLabels
  }

  querier(range: TimeRange): Querier {
    const inner = this.#inner.querier(range)
    return {
      heedsHints: inner.heedsHints === true,
      select: async (requests) => (await inner.select(requests)).map((set) => this.#merge(set)),
      labelNames: async (request) =>
        (await inner.labelNames(request)).filter((name) => !this.#replicaLabels.includes(name)),
      labelValues: (name, request) => inner.labelValues(name, request),
      close: () => inner.close(),
    }
  }

  #merge(set: SeriesSet): SeriesSet {
    const groups = new Map<string, { labels: Labels; members: number[] }>()
    for (let i = 0; i < set.length; i++) {
      const labels = set.labels(i).without(...this.#replicaLabels)
      const known = groups.get(labels.key())
      if (known === undefined) groups.set(labels.key(), { labels, members: [i] })
      else known.members.push(i)
    }
    const merged = [...groups.values()].sort((a, b) => a.labels.compare(b.labels))
    const scratch = new SampleColumns()
    return {
      length: merged.length,
      warnings: set.warnings,
      infos: set.infos ?? [],
      labels: (index) => merged[index]!.labels,
      read: (index, into) => {
        const { members } = merged[index]!
        if (members.length === 1) return set.read(members[0]!, into)
        const replicas = members.map((member) => {
          scratch.histograms = undefined
          scratch.length = 0
          set.read(member, scratch)
          return pointsOf(scratch)
        })
        writePoints(chooseReplicas(replicas), into)
      },
    }
  }
}

/** One sample, its value as bits. */
export interface ReplicaPoint {
  readonly timeMs: number
  readonly low: number
  readonly high: number
  readonly histogram: FloatHistogram | undefined
  /** How many stored samples it stands for; one when absent. */
  readonly weight?: number | undefined
}

/** Samples of replicas as those of one series. Each list is in order of time, and so is the result. */
export function chooseReplicas(replicas: readonly (readonly ReplicaPoint[])[]): ReplicaPoint[] {
  const at = replicas.map(() => 0)
  const patienceMs = replicas.map((points) => Math.max(SILENT_MS, SILENT_INTERVALS * medianGapMs(points)))
  const chosen: ReplicaPoint[] = []
  let current = -1
  let lastMs = -Infinity
  for (;;) {
    // What lies before the newest that was taken is over.
    replicas.forEach((points, i) => {
      while (at[i]! < points.length && points[at[i]!]!.timeMs <= lastMs) at[i]!++
    })
    const next = (i: number): number => replicas[i]?.[at[i]!]?.timeMs ?? Infinity
    const earliest = replicas.reduce((best, _, i) => (next(i) < next(best) ? i : best), 0)
    if (next(earliest) === Infinity) return chosen
    if (current < 0 || next(current) - lastMs > patienceMs[current]!) current = earliest
    const point = replicas[current]![at[current]!]!
    chosen.push(point)
    lastMs = point.timeMs
  }
}

function medianGapMs(points: readonly ReplicaPoint[]): number {
  const gaps = points.slice(1).map(({ timeMs }, i) => timeMs - points[i]!.timeMs)
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
}

function pointsOf(columns: SampleColumns): ReplicaPoint[] {
  return Array.from({ length: columns.length }, (_, i) => ({
    timeMs: columns.timesMs[i]!,
    low: columns.bits[2 * i]!,
    high: columns.bits[2 * i + 1]!,
    histogram: columns.histograms?.[i],
    weight: columns.weights?.[i],
  }))
}

function writePoints(points: readonly ReplicaPoint[], into: SampleColumns): void {
  into.setArrays(new Float64Array(points.length), new Float64Array(points.length))
  into.histograms = points.some(({ histogram }) => histogram !== undefined)
    ? points.map(({ histogram }) => histogram)
    : undefined
  into.startTimesMs = undefined
  into.weights = points.some(({ weight }) => weight !== undefined)
    ? Float64Array.from(points, ({ weight }) => weight ?? 1)
    : undefined
  points.forEach(({ timeMs, low, high }, i) => {
    into.timesMs[i] = timeMs
    into.bits[2 * i] = low
    into.bits[2 * i + 1] = high
  })
  into.length = points.length
}
