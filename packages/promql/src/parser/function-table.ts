import type { ValueType } from './ast.ts'

export interface FunctionSignature {
  readonly name: string
  readonly argTypes: readonly ValueType[]
  /** 0: exactly `argTypes`; n > 0: the last argument is optional and repeats up to n times; −1: any number of times. */
  readonly variadic: number
  readonly returnType: ValueType
  /** Behind the feature `promql-experimental-functions`. */
  readonly experimental: boolean
}

/**
 * Signatures in shorthand: argument types (v instant vector, m range vector, s scalar, t string), then `?` when the
 * last one may be missing (`?9`: up to nine of it), `*` when it may come any number of times; then the result.
 */
const SIGNATURES = {
  abs: 'v v',
  absent: 'v v',
  absent_over_time: 'm v',
  acos: 'v v',
  acosh: 'v v',
  asin: 'v v',
  asinh: 'v v',
  atan: 'v v',
  atanh: 'v v',
  avg_over_time: 'm v',
  ceil: 'v v',
  changes: 'm v',
  clamp: 'vss v',
  clamp_max: 'vs v',
  clamp_min: 'vs v',
  cos: 'v v',
  cosh: 'v v',
  count_over_time: 'm v',
  day_of_month: 'v? v',
  day_of_week: 'v? v',
  day_of_year: 'v? v',
  days_in_month: 'v? v',
  deg: 'v v',
  delta: 'm v',
  deriv: 'm v',
  double_exponential_smoothing: 'mss v experimental',
  end: 's experimental',
  exp: 'v v',
  first_over_time: 'm v',
  floor: 'v v',
  histogram_avg: 'v v',
  histogram_count: 'v v',
  histogram_fraction: 'ssv v',
  histogram_quantile: 'sv v',
  histogram_quantiles: 'vtss?9 v experimental',
  histogram_stddev: 'v v',
  histogram_stdvar: 'v v',
  histogram_sum: 'v v',
  hour: 'v? v',
  idelta: 'm v',
  increase: 'm v',
  info: 'vv? v experimental',
  irate: 'm v',
  label_join: 'vttt* v',
  label_replace: 'vtttt v',
  last_over_time: 'm v',
  ln: 'v v',
  log10: 'v v',
  log2: 'v v',
  mad_over_time: 'm v experimental',
  max_of: 'ss s experimental',
  max_over_time: 'm v',
  min_of: 'ss s experimental',
  min_over_time: 'm v',
  minute: 'v? v',
  month: 'v? v',
  pi: 's',
  predict_linear: 'ms v',
  present_over_time: 'm v',
  quantile_over_time: 'sm v',
  rad: 'v v',
  range: 's experimental',
  rate: 'm v',
  resets: 'm v',
  round: 'vs? v',
  scalar: 'v s',
  sgn: 'v v',
  sin: 'v v',
  sinh: 'v v',
  sort: 'v v',
  sort_by_label: 'vt* v experimental',
  sort_by_label_desc: 'vt* v experimental',
  sort_desc: 'v v',
  sqrt: 'v v',
  start: 's experimental',
  start_timestamp: 'v v experimental',
  stddev_over_time: 'm v',
  stdvar_over_time: 'm v',
  step: 's experimental',
  sum_over_time: 'm v',
  tan: 'v v',
  tanh: 'v v',
  time: 's',
  timestamp: 'v v',
  ts_of_first_over_time: 'm v experimental',
  ts_of_last_over_time: 'm v experimental',
  ts_of_max_over_time: 'm v experimental',
  ts_of_min_over_time: 'm v experimental',
  vector: 's v',
  year: 'v? v',
} as const

/** Name of a PromQL function. */
export type FunctionName = keyof typeof SIGNATURES

const TYPES: Readonly<Record<string, ValueType>> = { v: 'vector', m: 'matrix', s: 'scalar', t: 'string' }

function signature(name: string, shorthand: string): FunctionSignature {
  const match = /^([vmst]*)(?:(\?)(\d*)|(\*))? ?([vs])( experimental)?$/.exec(shorthand)!
  const [, args, optional, count, any, result, experimental] = match
  return {
    name,
    argTypes: [...args!].map((letter) => TYPES[letter]!),
    variadic: any ? -1 : optional ? Number(count || 1) : 0,
    returnType: TYPES[result!]!,
    experimental: experimental !== undefined,
  }
}

/** All functions by name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map(
  Object.entries(SIGNATURES).map(([name, shorthand]) => [name, signature(name, shorthand)]),
)
