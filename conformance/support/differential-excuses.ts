import { ALL_PARSER_OPTIONS, parseExpr, walk, withoutParens } from '@promontory/promql/parser'
import type { Asked } from './differential-answers.ts'
import { START_S } from './differential-data.ts'

/** A reason for which an answer may differ from that of Prometheus 3.5. */
export interface Excuse {
  readonly name: string
  /** Whether a difference, as `difference` words it, has this reason. */
  readonly holds: (query: string, difference: string) => boolean
  /** A query whose answers differ for this reason: when they no longer do, the excuse must go. */
  readonly example: Asked
}

const timeS = START_S + 4000

/** Functions whose last digit is the library's own choice. */
const TRANSCENDENTAL = /\b(?:exp|ln|log2|log10|sin|atan|tanh|deg|rad)\b|atan2|\^/

/** What adds in an order of its own: of series, which may be that of a hash map, or of windows that overlap. */
const SUMMING = /\b(?:(?:sum|avg|stddev|stdvar)(?:_over_time)?|histogram_quantile|histogram_fraction)\b/

/** What Prometheus 3.14 does otherwise than 3.5, and what no two programs need to do alike. */
export const EXCUSES: readonly Excuse[] = [
  {
    name: 'several series for one are refused before a comparison leaves some out (3.14)',
    holds: (query, difference) =>
      // Theirs goes on, and may fail at a later operator for another reason.
      difference.startsWith('error: ours execution: multiple matches for labels') && /[<>]|==|!=/.test(query),
    example: { query: 'h_bucket < on (job, instance, mode) (g{job="api"} * 0)', timeS },
  },
  {
    name: 'warnings about "le" name the metric only when it has not been dropped (3.14)',
    holds: (query, difference) =>
      query.includes('histogram_') &&
      /^warnings: .*bucket label/.test(difference) &&
      sameBut(difference, / for metric name \\"[^"]*\\"/g),
    example: { query: 'histogram_quantile(0.5, g)', timeS },
  },
  {
    name: 'sorting without effect is warned about (3.14)',
    holds: (query, difference) =>
      /\bsort/.test(query) && difference.includes('sort is ineffective for range queries'),
    example: { query: 'sort(g)', startS: timeS, endS: timeS + 60, stepS: 30 },
  },
  {
    name: 'the last digits of sums, exp, sin and powers, in labels',
    holds: (query, difference) =>
      query.includes('count_values') &&
      (TRANSCENDENTAL.test(query) || SUMMING.test(query)) &&
      difference.startsWith('series '),
    example: { query: 'count_values("v", exp(g / 7))', startS: timeS, endS: timeS + 600, stepS: 15 },
  },
  {
    name: 'the last digits of exp and powers, made large by a periodic function',
    holds: (query, difference) =>
      /\b(?:sin|hour|minute|day_of|days_in|round)|%|atan2/.test(query) &&
      TRANSCENDENTAL.test(query) &&
      difference.startsWith('series ') &&
      difference.includes('; theirs '),
    example: { query: 'sin(exp(off_total))', startS: timeS, endS: timeS + 3600, stepS: 60 },
  },
  {
    name: 'which equals topk, bottomk and limitk take of series that come in the order of a hash map',
    holds: (query, difference) => picksUnordered(query) && difference.startsWith('series '),
    example: { query: 'limitk(7, hour(h_bucket))', startS: timeS, endS: timeS + 60, stepS: 30 },
  },
  {
    name: 'what rounding leaves of a variance of equals, by the order of a hash map',
    holds: (query, difference) =>
      /std(?:dev|var)/.test(query) &&
      (/\btime|1e/.test(query) || isResidue(difference)) &&
      difference.startsWith('series '),
    example: {
      query: 'stdvar(h_bucket + 1e12)',
      startS: timeS,
      endS: timeS + 3600,
      stepS: 7,
    },
  },
  {
    name: 'mad_over_time of NaN is NaN (3.14)',
    holds: (query, difference) => /mad_over_time\(g_special/.test(query) && difference.startsWith('series '),
    example: { query: 'mad_over_time(g_special[5m])', timeS },
  },
  {
    name: 'timestamp() forgets the offset beside @ (3.5 and later)',
    holds: (query, difference) =>
      /timestamp\(.*(?: @ .* offset | offset .* @ )/.test(query) && difference.startsWith('series '),
    example: { query: `timestamp(g @ ${timeS} offset 30m)`, timeS },
  },
  {
    name: 'resets between histograms whose buckets nobody needs: Prometheus compares those that it happens to read one after the other',
    holds: (query, difference) =>
      /\bhistogram_(?:count|sum|avg)\(/.test(query) &&
      /^warnings: ours \[.*conflicting counter resets.*; theirs \[\]/.test(difference),
    example: {
      query: 'histogram_count(avg(nh{instance="b:2"} offset 1m))',
      startS: 1_767_232_444.217,
      endS: 1_767_232_560,
      stepS: 15,
    },
  },
  {
    name: 'an error at a step of a subquery that no window reaches',
    holds: (query, difference) =>
      /\[10s:(?:30s|1m|95s)\]|\[(?:15|30)s:(?:1m|95s)\]/.test(query) &&
      difference.startsWith('error: ours success; theirs execution: multiple matches'),
    example: {
      query:
        'stddev_over_time(((histogram_fraction(0, 2, rate(nh[17m]))) % on (job, mode) (sqrt(g{instance!="b:2"})))[10s:95s])',
      startS: 1_767_229_635,
      endS: 1_767_229_754,
      stepS: 61.5,
    },
  },
  {
    name: 'the mean of infinite histograms is infinite (3.14)',
    holds: (query, difference) =>
      /\bavg/.test(query) && /ours \{"count":"[+-]Inf".*; theirs \{"count":"NaN"/.test(difference),
    example: { query: 'avg(nh_float / 0)', timeS },
  },
  {
    name: 'the count of a native histogram is not extrapolated below zero (3.6)',
    holds: (query, difference) =>
      /\b(?:rate|increase)\(nh/.test(query) &&
      (isScaledDown(difference) || (query.includes('count_values') && difference.startsWith('series '))),
    example: { query: 'increase(nh_gauge[1m])', startS: START_S, endS: START_S + 3600, stepS: 15 },
  },
]

/** Whether series are picked from anything but selectors and functions of ranges, which keep the order of the storage. */
function picksUnordered(query: string): boolean {
  let found = false
  walk(parseExpr(query, ALL_PARSER_OPTIONS), (node) => {
    if (node.type !== 'aggregate' || !['topk', 'bottomk', 'limitk'].includes(node.op)) return
    const picked = withoutParens(node.expr)
    const keepsOrder =
      picked.type === 'vectorSelector' ||
      (picked.type === 'call' && picked.args.some(({ type }) => type === 'matrixSelector'))
    found ||= !keepsOrder
  })
  return found
}

/** Whether each part of our histogram is at most as large as theirs, and its count smaller; of plain values only their being there is seen. */
function isScaledDown(difference: string): boolean {
  const sides = /: ours (\S+) @\S+; theirs (\S+) @/.exec(difference)?.slice(1)
  if (sides === undefined) return false
  if (!sides.every((side) => side.startsWith('{'))) return sides.every((side) => !side.startsWith('{'))
  const [ours, theirs] = sides.map((side) => {
    const {
      count,
      sum,
      buckets = [],
    } = JSON.parse(side) as {
      count: string
      sum: string
      buckets?: string[][]
    }
    return [count, sum, ...buckets.map((bucket) => bucket[3]!)].map((text) => Math.abs(Number(text)))
  })
  return (
    ours![0]! < theirs![0]! &&
    ours!.length === theirs!.length &&
    ours!.every((value, i) => value <= theirs![i]! * (1 + 1e-9))
  )
}

/** Two values next to nothing. */
function isResidue(difference: string): boolean {
  const values = /: ours (\S+) @\S+; theirs (\S+) @/.exec(difference)?.slice(1)
  return values !== undefined && values.every((value) => Math.abs(Number(value)) < 1e-12)
}

/** Whether both sides of a difference agree without what the pattern finds. */
function sameBut(difference: string, pattern: RegExp): boolean {
  const [ours, theirs] = difference
    .replace(/^\w+: ours /, '')
    .replaceAll(pattern, '')
    .split('; theirs ')
  return ours === theirs
}
