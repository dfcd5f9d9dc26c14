import type { WindowFunction } from '../range-window.ts'
import { avgOverTime, countOverTime, edgeOverTime, madOverTime, maxOverTime, minOverTime, presentOverTime, quantileOverTime, stddevOverTime, stdvarOverTime, sumOverTime, timeOfEdge, timeOfExtreme } from './over-time.ts' // prettier-ignore
import { extrapolated, instantChange } from './rate.ts'
import { changes, deriv, doubleExponentialSmoothing, predictLinear, resets } from './trend.ts'

/** Functions of a range vector, by name. */
export const RANGE_FUNCTIONS: ReadonlyMap<string, WindowFunction> = new Map<string, WindowFunction>([
  ['absent_over_time', presentOverTime],
  ['avg_over_time', avgOverTime],
  ['changes', changes],
  ['count_over_time', countOverTime],
  ['delta', extrapolated(false, false)],
  ['deriv', deriv],
  ['double_exponential_smoothing', doubleExponentialSmoothing],
  ['first_over_time', edgeOverTime('first')],
  ['idelta', instantChange(false)],
  ['increase', extrapolated(true, false)],
  ['irate', instantChange(true)],
  ['last_over_time', edgeOverTime('last')],
  ['mad_over_time', madOverTime],
  ['max_over_time', maxOverTime],
  ['min_over_time', minOverTime],
  ['predict_linear', predictLinear],
  ['present_over_time', presentOverTime],
  ['quantile_over_time', quantileOverTime],
  ['rate', extrapolated(true, true)],
  ['resets', resets],
  ['stddev_over_time', stddevOverTime],
  ['stdvar_over_time', stdvarOverTime],
  ['sum_over_time', sumOverTime],
  ['ts_of_first_over_time', timeOfEdge('first')],
  ['ts_of_last_over_time', timeOfEdge('last')],
  ['ts_of_max_over_time', timeOfExtreme((value, best) => value >= best)],
  ['ts_of_min_over_time', timeOfExtreme((value, best) => value <= best)],
])

/** Functions that know what to do with samples outside the range. */
export const ANCHORED_SAFE: readonly string[] = ['changes', 'delta', 'increase', 'rate', 'resets']
export const SMOOTHED_SAFE: readonly string[] = ['delta', 'increase', 'rate']

/** Functions that return a sample as it is, and so keep the metric name. */
export const KEEPS_NAME: ReadonlySet<string> = new Set(['first_over_time', 'last_over_time'])

/** Counter functions, which may read start timestamps. */
export const READS_START_TIMES: ReadonlySet<string> = new Set(['rate', 'irate', 'increase', 'resets'])
