/** Parts of the language that Prometheus keeps behind feature flags. All are off by default, save durations. */
export interface ParserOptions {
  /** Feature `promql-experimental-functions`. */
  readonly experimentalFunctions: boolean
  /** Arithmetic in durations; on by default since Prometheus 3.14. */
  readonly durationExpressions: boolean
  /** `anchored` and `smoothed`: feature `promql-extended-range-selectors`. */
  readonly extendedRangeSelectors: boolean
  /** `fill`, `fill_left`, `fill_right`: feature `promql-binop-fill-modifiers`. */
  readonly fillModifiers: boolean
}

export const DEFAULT_PARSER_OPTIONS: ParserOptions = {
  experimentalFunctions: false,
  durationExpressions: true,
  extendedRangeSelectors: false,
  fillModifiers: false,
}

/** The whole language. */
export const ALL_PARSER_OPTIONS: ParserOptions = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
}

/** The options that a list of Prometheus's feature names (`--enable-feature`) switches on; other names are skipped. */
export function parserOptionsOfFeatures(features: Iterable<string>): ParserOptions {
  const on = new Set(features)
  return {
    experimentalFunctions: on.has('promql-experimental-functions'),
    durationExpressions: true,
    extendedRangeSelectors: on.has('promql-extended-range-selectors'),
    fillModifiers: on.has('promql-binop-fill-modifiers'),
  }
}
