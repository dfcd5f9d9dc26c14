import type { Mend } from '../parser/parse-error.ts'
import type { Position } from '../parser/position.ts'

export type LintRule =
  | 'never-matches'
  | 'matches-itself'
  | 'division-by-zero'
  | 'rate-of-gauge'
  | 'rate-after-aggregation'
  | 'quantile-of-counters'
  | 'quantile-without-le'
  | 'short-range'
  | 'regex-without-pattern'
  | 'unknown-metric'
  | 'unknown-label'
  | 'unknown-label-value'
  | 'ratio-as-percent'

/** Something in a valid query that is probably not what was meant. */
export interface LintFinding {
  readonly rule: LintRule
  /** `warning`: the result is surely useless or misleading; `info`: it may well be. */
  readonly severity: 'warning' | 'info'
  /** What is wrong and why, in a sentence or two. */
  readonly message: string
  readonly position: Position
  /** A change of the query that would mend it; undefined when there is none that is sure to be right. */
  readonly mend: Mend | undefined
}

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown'

/** What is known of the data. Answers may be incomplete: an undefined one silences the rules that need it. */
export interface LintData {
  /** All metric names; undefined when they are not known. */
  metricNames(): Iterable<string> | undefined
  metricType(name: string): MetricType | undefined
  /** Label names that series of a metric have; undefined when that is not known. */
  labelNames(metric: string): Iterable<string> | undefined
  /** Values of a label on the series of a metric. */
  labelValues(metric: string, label: string): Iterable<string> | undefined
  /** How often a metric is scraped. */
  scrapeIntervalMs(metric: string): number | undefined
}

export interface LintOptions {
  readonly data?: LintData
  /** The query decides an alert: what would fire or never fire by mistake is then a warning. */
  readonly alert?: boolean
  /** Assumed where `data` does not know. Undefined switches the rule off there. */
  readonly scrapeIntervalMs?: number
}
