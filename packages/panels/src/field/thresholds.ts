import { listOf, numberOf, objectOf, objectsOf, textOf } from '../json.ts'

/** From this value on, values have this colour. The first step begins at minus infinity. */
export interface ThresholdStep {
  readonly value: number
  readonly color: string
}

export interface Thresholds {
  readonly isPercentage: boolean
  /** By value; at least one. */
  readonly steps: readonly ThresholdStep[]
}

/** Thresholds of a field's configuration; green alone when there are none. */
export function thresholdsOf(json: unknown): Thresholds {
  const { mode, steps } = objectOf(json)
  const read = objectsOf(steps).map((step, i): ThresholdStep => ({
    // JSON has no minus infinity: Grafana writes null.
    value: i === 0 ? -Infinity : (numberOf(step['value']) ?? -Infinity),
    color: textOf(step['color']) ?? 'green',
  }))
  return {
    isPercentage: mode === 'percentage',
    steps:
      read.length === 0
        ? [{ value: -Infinity, color: 'green' }]
        : [...read].sort((a, b) => a.value - b.value),
  }
}

export function hasThresholds(json: unknown): boolean {
  return listOf(objectOf(json)['steps']).length > 0
}

/** The step that a value has reached. Percentages are of the way from min to max. */
export function stepOf(thresholds: Thresholds, value: number, min: number, max: number): ThresholdStep {
  const level = thresholds.isPercentage ? ((value - min) / (max - min || 1)) * 100 : value
  return thresholds.steps.findLast((step) => level >= step.value) ?? thresholds.steps[0]!
}

/** The steps as values of the field, percentages turned into them. */
export function absoluteSteps(thresholds: Thresholds, min: number, max: number): readonly ThresholdStep[] {
  if (!thresholds.isPercentage) return thresholds.steps
  return thresholds.steps.map(({ value, color }) => ({ color, value: min + (value / 100) * (max - min) }))
}
