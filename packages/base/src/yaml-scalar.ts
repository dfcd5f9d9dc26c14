/**
 * What a plain scalar means to Go's YAML packages, which Prometheus and Alertmanager load with: YAML 1.1 for numbers
 * and booleans (`010` is eight, `yes` true where a bool is wanted) with 1.2's `0o` added.
 */
export type ScalarTag = '!!null' | '!!bool' | '!!int' | '!!float' | '!!str' | '!!timestamp'

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])
const TRUE_WORDS = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'])
const FALSE_WORDS = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'])
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|(0[0-7]*)|([1-9][0-9]*))$/
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?.*)?$/

export function isNullText(text: string): boolean {
  return NULLS.has(text)
}

/** Undefined when the text is no boolean of YAML 1.1. */
export function parseBoolText(text: string): boolean | undefined {
  if (TRUE_WORDS.has(text)) return true
  return FALSE_WORDS.has(text) ? false : undefined
}

/** Undefined when the text is no integer. Above 2^53 the nearest float. */
export function parseIntText(text: string): number | undefined {
  const match = INTEGER.exec(text.replaceAll('_', ''))
  if (match === null) return undefined
  const [, sign, hex, binary, octal, oldOctal, decimal] = match
  const digits: [string | undefined, number][] = [
    [hex, 16],
    [binary, 2],
    [octal, 8],
    [oldOctal, 8],
    [decimal, 10],
  ]
  const [found, base] = digits.find(([part]) => part !== undefined)!
  const magnitude = Number.parseInt(found!, base)
  return sign === '-' && magnitude !== 0 ? -magnitude : magnitude
}

/** Undefined when the text is no number. `.inf` and `.nan` are. */
export function parseFloatText(text: string): number | undefined {
  if (/^[-+]?\.(inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^\.(nan|NaN|NAN)$/.test(text)) return NaN
  const plain = text.replaceAll('_', '')
  return parseIntText(text) ?? (FLOAT.test(plain) ? Number(plain) : undefined)
}

/** The type that Go gives a plain scalar when nothing particular is wanted. */
export function resolvePlain(text: string): ScalarTag {
  if (isNullText(text)) return '!!null'
  if (parseBoolText(text) !== undefined) return '!!bool'
  if (TIMESTAMP.test(text)) return '!!timestamp'
  if (parseIntText(text) !== undefined) return '!!int'
  return parseFloatText(text) === undefined ? '!!str' : '!!float'
}
