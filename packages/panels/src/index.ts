export * from './json.ts'
export { isMatch, Pattern, PatternError, patternOf, type Found } from './pattern.ts'
export { absoluteSteps, hasThresholds, stepOf, thresholdsOf, type Thresholds, type ThresholdStep } from './field/thresholds.ts' // prettier-ignore
export * from './field/colors.ts'
export { displayOf, displayText, fieldRange, type Display, type DisplayPlace } from './field/display.ts'
export { dataScope, safeUrl, type LinkPlace } from './field/links.ts'
export { mapValue, type MappedValue } from './field/mappings.ts'
export { applyFieldConfig, fieldMatcher, unknownMatchers, type FieldMatcher } from './field/overrides.ts'
export * from './frame/frame.ts'
export {
  commonLabels,
  logFrame,
  logRows,
  type Dedup,
  type LogData,
  type LogLevel,
  type LogRow,
} from './frame/logs.ts'
export { spanFrame, traceListFrame } from './frame/traces.ts'
export { fieldDisplayName, frameDisplayName, labelsToText } from './frame/field-name.ts'
export { framesOf, legendOf, sampleValue, type PrometheusAnswer, type PrometheusData, type PrometheusSeries, type PrometheusTarget, type QueryGrid } from './frame/prometheus.ts' // prettier-ignore
export { isPresent, reduce, reducedType, REDUCERS, reducerOf, standardCalcs, type NullMode, type Reducer } from './frame/reducers.ts' // prettier-ignore
export { formatDate, fromNow, offsetMinutes, partsOf, type TimeZone } from './time/date-format.ts'
export { describeRange, durationMs, durationText, intervalOf, parseRange, parseTime, TimeError, type RawRange, type TimeRange } from './time/time-range.ts' // prettier-ignore
export { formattedText, isKnownUnit, unitFormat, type UnitFormat } from './units/units.ts'
export type { FormattedValue } from './units/scale.ts'
export { UNIT_TABLE, type UnitRow } from './units/unit-table.ts'
export { isKnownTransformation, transform, TransformationError, TRANSFORMATION_IDS } from './transform/transform.ts' // prettier-ignore
export { compareValues, sortedRows } from './transform/organize.ts'
export { joinFrames } from './transform/join.ts'
export { splitLong } from './transform/reshape.ts'
export { escapeHtml, formatVariable, prometheusForm } from './variables/formats.ts'
export { chain, interpolate, referencesOf, single, type DefaultForm, type Scope, type VariableValue } from './variables/interpolate.ts' // prettier-ignore
export * from './variables/variable.ts'
export { optionsOf, parseVariableQuery, queryResultOption, seriesOption, sortOptions, type VariableQuery } from './variables/variable-query.ts' // prettier-ignore
export * from './variables/values.ts'
export * from './dashboard/panel.ts'
export * from './dashboard/dashboard.ts'
export { layOut, REPEATS_MAX, type LayoutInput, type PlacedPanel } from './dashboard/layout.ts'
export { upgradePanel } from './dashboard/upgrade.ts'
