import { isJsonObject, type JsonObject, textOf } from './json.ts'

/**
 * Puts values where `${DS_PROMETHEUS}` and the like stand in an exported dashboard, and takes its `__inputs` and
 * `__requires` off. Without values the dashboard stays as it is.
 */
export function fillInputs(model: JsonObject, values: ReadonlyMap<string, string>): JsonObject {
  if (values.size === 0) return model
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole)
    if (Array.isArray(value)) return value.map(visit)
    if (!isJsonObject(value) || 'rawJSON' in value) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, visit(member)]))
  }
  const { __inputs: _inputs, __requires: _requires, ...rest } = model
  return visit(rest) as JsonObject
}

/** The values that an exported dashboard gets when nobody is asked: the default source, and constants as exported. */
export function defaultInputs(model: JsonObject, defaultSourceUid: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const inputs = model['__inputs']
  if (!Array.isArray(inputs)) return values
  for (const input of inputs) {
    if (!isJsonObject(input)) continue
    const isSource = textOf(input, 'type') === 'datasource'
    values.set(textOf(input, 'name'), isSource ? defaultSourceUid : textOf(input, 'value'))
  }
  return values
}
