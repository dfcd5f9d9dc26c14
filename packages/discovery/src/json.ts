/** Reading of JSON that other programs send: what is missing or of another type reads as Go's zero value. */
export type JsonObject = Readonly<Record<string, unknown>>

const NOTHING: JsonObject = {}

/** An object; `{}` for anything else. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : NOTHING
}

/** A list of objects; `[]` for anything else. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

/** A string; `''` for anything else. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A string that may be absent. */
export function optionalString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A whole number; 0 for anything else. */
export function integerOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : 0
}

export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** An object of strings; other values are left out. */
export function stringMapOf(value: unknown): Readonly<Record<string, string>> {
  const pairs = Object.entries(objectOf(value)).filter(([, item]) => typeof item === 'string')
  return Object.fromEntries(pairs) as Record<string, string>
}

/** Parses JSON that must be an object. @throws Error naming what came instead */
export function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`expected a JSON object, got ${text.slice(0, 80)}`)
  return value as JsonObject
}
