/** A JSON value as it came: an object of any keys. */
export type JsonObject = { [key: string]: unknown }

/** Whole numbers that a JavaScript number cannot hold have 16 digits or more. */
const LONG_NUMBER = /\d{16}/

/**
 * Reads JSON so that writing it again gives the same values: whole numbers beyond 2^53 are kept by their text.
 * @throws SyntaxError
 */
export function parseLossless(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  return JSON.parse(text, keepLongNumbers as Parameters<typeof JSON.parse>[1])
}

/** `JSON.rawJSON` and the reviver's source are in the engine, not yet in TypeScript's library. */
const rawJson = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON

function keepLongNumbers(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value
  return /^-?\d+$/.test(source) ? rawJson(source) : value
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text of a member, `''` when it is none. */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name]
  return typeof value === 'string' ? value : ''
}

/** Strings of a member that is a list of strings; what is no string is left out. */
export function textsOf(object: JsonObject, name: string): string[] {
  const value = object[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
