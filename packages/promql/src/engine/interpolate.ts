import type { FloatHistogram } from '@promontory/model'
import { addHistograms, IncompatibleSchemaError, isCounterReset, scaleHistogram, subtractHistograms } from '@promontory/model' // prettier-ignore
import type { Position } from '../parser/position.ts'
import type { Annotations } from './annotations.ts'

/** A value at `timeMs` on the line through two samples. A counter that was reset in between starts at zero. */
export function interpolate(
  value1: number,
  time1Ms: number,
  value2: number,
  time2Ms: number,
  timeMs: number,
  isCounter: boolean,
): number {
  const from = isCounter && value2 < value1 ? 0 : value1
  return from + ((value2 - from) * (timeMs - time1Ms)) / (time2Ms - time1Ms)
}

/** @throws IncompatibleSchemaError */
export function interpolateHistograms(
  first: FloatHistogram,
  time1Ms: number,
  second: FloatHistogram,
  time2Ms: number,
  timeMs: number,
  isCounter: boolean,
  annotations: Annotations,
  position: Position,
): FloatHistogram {
  if (timeMs === time1Ms) return first
  if (timeMs === time2Ms) return second
  const fraction = (timeMs - time1Ms) / (time2Ms - time1Ms)
  if (isCounter && isCounterReset(first, second)) return scaleHistogram(second, fraction)
  const difference = subtractHistograms(second, first)
  if (difference.boundsReconciled) annotations.boundsReconciled('subtraction', position)
  const result = addHistograms(scaleHistogram(difference.histogram, fraction), first)
  if (result.boundsReconciled) annotations.boundsReconciled('addition', position)
  return result.histogram
}

/** Runs a computation with histograms; mixed bucket schemas become a warning and the answer undefined. */
export function orMixedSchemaWarning<T>(
  compute: () => T,
  annotations: Annotations,
  metric: string,
  position: Position,
): T | undefined {
  try {
    return compute()
  } catch (error) {
    if (!(error instanceof IncompatibleSchemaError)) throw error
    annotations.mixedExponentialCustom(metric, position)
    return undefined
  }
}
