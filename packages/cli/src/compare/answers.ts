/** A native histogram as the API writes it. */
interface WrittenHistogram {
  readonly count: string
  readonly sum: string
  /** Kind of the bounds, lower bound, upper bound, count. */
  readonly buckets?: readonly (readonly [number, string, string, string])[]
}
interface WrittenSeries {
  readonly metric?: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
  readonly histogram?: readonly [number, WrittenHistogram]
  readonly histograms?: readonly (readonly [number, WrittenHistogram])[]
}
export type WrittenData =
  | { readonly resultType: 'scalar'; readonly result: readonly [number, string] }
  | { readonly resultType: 'string'; readonly result: readonly [number, string] }
  | { readonly resultType: 'vector' | 'matrix'; readonly result: readonly WrittenSeries[] }

/** What stands at one time: one number for a float, `count, sum, buckets…` for a histogram, the text of a string. */
type Point = readonly number[] | string
type Series = ReadonlyMap<number, Point>

/** By labels; a scalar or a string is one series without any. */
export type AnswerSeries = ReadonlyMap<string, Series>

/** Sums may be added up in another order. */
const TOLERANCE = 1e-9

export function readAnswer(data: WrittenData): AnswerSeries {
  if (data.resultType === 'string') return new Map([['', new Map([[data.result[0], data.result[1]]])]])
  if (data.resultType === 'scalar')
    return new Map([['', new Map([[data.result[0], [numberOf(data.result[1])]]])]])
  return new Map(data.result.map((series) => [keyOf(series.metric ?? {}), pointsOf(series)]))
}

function keyOf(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function pointsOf({ value, values = [], histogram, histograms = [] }: WrittenSeries): Series {
  const floats = [...(value === undefined ? [] : [value]), ...values]
  const written = [...(histogram === undefined ? [] : [histogram]), ...histograms]
  return new Map<number, Point>([
    ...floats.map(([time, text]) => [time, [numberOf(text)]] as const),
    ...written.map(([time, one]) => [time, numbersOf(one)] as const),
  ])
}

function numbersOf({ count, sum, buckets = [] }: WrittenHistogram): number[] {
  return [numberOf(count), numberOf(sum), ...buckets.flatMap((bucket) => bucket.map(numberOf))]
}

/** The API writes `+Inf` and `-Inf`, which JavaScript does not read. */
function numberOf(value: string | number): number {
  return Number(String(value).replace(/Inf$/, 'Infinity'))
}

/** @returns what differs first; undefined when nothing does */
export function difference(own: AnswerSeries, other: AnswerSeries): string | undefined {
  const missing = [...other.keys()].find((key) => !own.has(key))
  const extra = [...own.keys()].find((key) => !other.has(key))
  if (missing !== undefined || extra !== undefined)
    return `${own.size} series here, ${other.size} there; e.g. ${missing ?? extra}`
  for (const [key, points] of own) {
    const fault = firstDifference(points, other.get(key)!)
    if (fault !== undefined) return `${key}: ${fault}`
  }
  return undefined
}

function firstDifference(own: Series, other: Series): string | undefined {
  for (const time of new Set([...own.keys(), ...other.keys()])) {
    const [a, b] = [own.get(time), other.get(time)]
    if (a === undefined || b === undefined || !isSame(a, b))
      return `at ${time}: ${shown(a)} here, ${shown(b)} there`
  }
  return undefined
}

function isSame(a: Point, b: Point): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.length === b.length && a.every((value, i) => isNear(value, b[i]!))
}

function isNear(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b)
  return a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}

function shown(point: Point | undefined): string {
  if (point === undefined) return 'nothing'
  if (typeof point === 'string') return JSON.stringify(point)
  const [first, sum, ...buckets] = point
  return sum === undefined
    ? String(first)
    : `a histogram (count ${first}, sum ${sum}, ${buckets.length / 4} buckets)`
}
