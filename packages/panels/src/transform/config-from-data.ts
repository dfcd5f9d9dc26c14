import { fieldMatcher } from '../field/overrides.ts'
import { fieldDisplayName } from '../frame/field-name.ts'
import type { FieldConfig, Frame } from '../frame/frame.ts'
import { reduce } from '../frame/reducers.ts'
import { numberOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'

/** Field options (min, max, unit, …) that one query answers for the fields of the others. */
export function configFromData(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const refId = textOf(options['configRefId']) ?? 'config'
  const source = frames.find((frame) => frame.refId === refId)
  if (source === undefined) return frames
  const config = configOf(source, objectsOf(options['mappings']))
  const { id = 'numeric', options: matcherOptions } = objectOf(options['applyTo'])
  const matches = fieldMatcher(String(id), matcherOptions)
  return frames
    .filter((frame) => frame.refId !== refId)
    .map((frame) => ({
      ...frame,
      fields: frame.fields.map((field) =>
        field.type !== 'time' && matches?.(field, frame, frames) === true
          ? { ...field, config: { ...field.config, ...config } }
          : field,
      ),
    }))
}

const BY_NAME: Readonly<Record<string, string>> = {
  min: 'min',
  max: 'max',
  unit: 'unit',
  decimals: 'decimals',
  displayname: 'displayName',
  name: 'displayName',
  color: 'color',
}

function configOf(frame: Frame, mappings: readonly JsonObject[]): FieldConfig {
  const out: Record<string, unknown> = {}
  let steps: JsonObject[] = []
  for (const field of frame.fields) {
    const name = fieldDisplayName(field, frame)
    const mapping = mappings.find((one) => one['fieldName'] === name || one['fieldName'] === field.name)
    const key = textOf(mapping?.['handlerKey']) ?? BY_NAME[name.toLowerCase()]
    const value = reduce(field, textOf(mapping?.['reducerId']) ?? 'lastNotNull')
    if (key === undefined || key === '__ignore' || value === null || value === undefined) continue
    if (key.startsWith('threshold')) steps = [...steps, { value: numberOf(value), color: 'red' }]
    else if (key === 'color') out['color'] = { mode: 'fixed', fixedColor: value }
    else out[key] = key === 'unit' || key === 'displayName' ? String(value) : numberOf(value)
  }
  if (steps.length > 0)
    out['thresholds'] = { mode: 'absolute', steps: [{ value: null, color: 'green' }, ...steps] }
  return out
}
