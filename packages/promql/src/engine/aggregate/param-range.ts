import { goMax, goMin } from '../go-math.ts'

/** The extremes of an aggregation's parameter over all steps; NaN when there is a NaN. */
export interface ParamRange {
  readonly least: number
  readonly most: number
  readonly hasNaN: boolean
}

export function paramRange(values: Float64Array): ParamRange {
  return {
    least: values.reduce(goMin, Number.MAX_VALUE),
    most: values.reduce(goMax, -Number.MAX_VALUE),
    hasNaN: values.some(Number.isNaN),
  }
}
