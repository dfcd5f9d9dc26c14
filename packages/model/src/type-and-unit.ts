import type { Labels } from './labels.ts'

/** Labels of the feature `type-and-unit-labels`. */
export const TYPE_LABEL = '__type__'
export const UNIT_LABEL = '__unit__'

/** A series with exactly the type and unit that are known, when one of them is: others of these names go. */
export function replaceTypeAndUnit(labels: Labels, type: string, unit: string): Labels {
  if ((type === '' || type === 'unknown') && unit === '') return labels
  return withTypeAndUnit(labels.without(TYPE_LABEL, UNIT_LABEL), type, unit)
}

/** A series with its type and unit as labels; what is known wins over labels of these names. */
export function withTypeAndUnit(labels: Labels, type: string, unit: string): Labels {
  const typed = type === '' || type === 'unknown' ? labels : labels.with(TYPE_LABEL, type)
  return unit === '' ? typed : typed.with(UNIT_LABEL, unit)
}
