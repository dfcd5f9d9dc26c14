import { almostEqual } from '@promontory/promql/testing'
import type { Program } from './program.ts'

/** How a query is asked: at one time, or over a range. */
export type Asked =
  | { readonly query: string; readonly timeS: number }
  | { readonly query: string; readonly startS: number; readonly endS: number; readonly stepS: number }

type Point = [timeS: number, value: string | Histogram]

/** A native histogram as the API shows it. */
interface Histogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly [rule: number, lower: string, upper: string, count: string][]
}

/** What the query API answers. */
export interface Answer {
  readonly status: 'success' | 'error'
  readonly errorType?: string
  readonly error?: string
  readonly data?: { readonly resultType: string; readonly result: unknown }
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

/** Asks by POST: random queries may be long. */
export async function ask(server: Program, asked: Asked): Promise<Answer> {
  const { query, ...times } = asked
  const path = 'timeS' in asked ? 'query' : 'query_range'
  const body = new URLSearchParams({ query })
  for (const [name, value] of Object.entries(times)) body.set(name.slice(0, -1), String(value))
  const response = await fetch(`${server.url}/api/v1/${path}`, { method: 'POST', body })
  return (await response.json()) as Answer
}

const TOLERANCE = 1e-9

/** What is different between two answers, in one line; undefined when they agree. Orders do not count. */
export function difference(ours: Answer, theirs: Answer): string | undefined {
  if (ours.status === 'error' || theirs.status === 'error') {
    const [mine, reference] = [ours, theirs].map(errorText)
    return mine === reference ? undefined : `error: ours ${mine}; theirs ${reference}`
  }
  return (
    annotationDifference('warnings', ours.warnings, theirs.warnings) ??
    annotationDifference('infos', ours.infos, theirs.infos) ??
    dataDifference(ours.data!, theirs.data!)
  )
}

/** Of several clashes between series, Prometheus names the one that its hash map gives first. */
const CLASH =
  /^(found duplicate series for the match group) \{.*\} (on the (?:left|right) hand-side of the operation): \[.*\];/s

function errorText({ status, errorType, error = '' }: Answer): string {
  return status === 'success' ? status : `${errorType}: ${error.replace(CLASH, '$1 … $2: …;')}`
}

/** Of more than ten annotations Prometheus shows ten, whichever its hash map gives first. */
const SHOWN_MAX = 10

function annotationDifference(
  kind: string,
  ours: readonly string[] = [],
  theirs: readonly string[] = [],
): string | undefined {
  if (theirs.length > SHOWN_MAX && ours.at(-1) === theirs.at(-1) && ours.length === theirs.length)
    return undefined
  const [mine, reference] = [ours, theirs].map((texts) => JSON.stringify([...texts].sort()))
  return mine === reference ? undefined : `${kind}: ours ${mine}; theirs ${reference}`
}

function dataDifference(ours: Answer['data'] & {}, theirs: Answer['data'] & {}): string | undefined {
  if (ours.resultType !== theirs.resultType)
    return `type: ours ${ours.resultType}; theirs ${theirs.resultType}`
  const [mine, reference] = [pointsByLabels(ours), pointsByLabels(theirs)]
  for (const [labels, points] of reference) {
    const own = mine.get(labels)
    if (own === undefined) return `series ${labels} is theirs only, ${mine.size} are ours`
    if (own.length !== points.length)
      return `series ${labels}: ours ${own.length} points; theirs ${points.length}`
    for (const [i, [timeS, value]] of points.entries()) {
      const [ownTimeS, ownValue] = own[i]!
      if (ownTimeS !== timeS || !sameValue(ownValue, value))
        return `series ${labels}: ours ${show(ownValue)} @${ownTimeS}; theirs ${show(value)} @${timeS}`
    }
  }
  const extra = [...mine.keys()].find((labels) => !reference.has(labels))
  return extra === undefined ? undefined : `series ${extra} is ours only`
}

function show(value: string | Histogram): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function sameValue(a: string | Histogram, b: string | Histogram): boolean {
  if (typeof a === 'string' || typeof b === 'string')
    return typeof a === typeof b && sameNumber(a as string, b as string)
  const [mine, reference] = [a.buckets ?? [], b.buckets ?? []]
  return (
    sameNumber(a.count, b.count) &&
    sameNumber(a.sum, b.sum) &&
    mine.length === reference.length &&
    mine.every(([rule, ...numbers], i) => {
      const [otherRule, ...others] = reference[i]!
      return rule === otherRule && numbers.every((number, k) => sameNumber(number, others[k]!))
    })
  )
}

function sameNumber(a: string, b: string): boolean {
  return a === b || almostEqual(numberOf(a), numberOf(b), TOLERANCE)
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'))
}

interface Element {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Point
  readonly values?: readonly Point[]
  readonly histogram?: Point
  readonly histograms?: readonly Point[]
}

function pointsByLabels({ resultType, result }: Answer['data'] & {}): Map<string, readonly Point[]> {
  if (resultType === 'scalar' || resultType === 'string') return new Map([['', [result as Point]]])
  const all = (result as readonly Element[]).map(({ metric, value, values, histogram, histograms }) => {
    const points = [
      ...(values ?? []),
      ...(histograms ?? []),
      ...[value, histogram].filter((point) => point !== undefined),
    ]
    return [JSON.stringify(Object.entries(metric).sort()), points.sort(([a], [b]) => a - b)] as const
  })
  const byLabels = new Map(all)
  if (byLabels.size !== all.length) throw new Error('an answer has the same labels twice')
  return byLabels
}
