import { GoTime } from '../exec/time.ts'
import { GoMap, GoSlice, GoStruct, SafeString, type Value } from '../exec/value.ts'
import { show } from '../fmt/print.ts'

/** Escapes for JavaScript strings and values and for CSS, as text/template's `js` and html/template do. */

/** text/template's `js`. */
export function escapeJsString(text: string): string {
  return text.replace(/[\\'"<>&=\p{Cc}\u2028\u2029]/gu, (character) => {
    if (character === '\\') return '\\\\'
    if (character === "'") return "\\'"
    if (character === '"') return '\\"'
    return unicodeEscape(character)
  })
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** A value inside a quoted JavaScript string of an HTML page. */
export function escapeInScriptString(text: string): string {
  return text.replace(/[\0\t\n\v\f\r"`&'+/<>\\\u2028\u2029]/g, (character) => {
    switch (character) {
      case '\t':
        return '\\t'
      case '\n':
        return '\\n'
      case '\f':
        return '\\f'
      case '\r':
        return '\\r'
      case '/':
        return '\\/'
      case '\\':
        return '\\\\'
    }
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** A value inside a JavaScript regular expression literal. */
export function escapeInScriptRegexp(text: string): string {
  if (text === '') return '(?:)'
  return escapeInScriptString(text).replace(/[$()*.?[\]^{|}-]/g, (character) => `\\${character}`)
}

/** JSON of a value; keys sorted, `<`, `>`, `&` and line separators escaped, as encoding/json writes. */
export function goJson(value: Value): string {
  return jsonOf(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function jsonOf(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof SafeString) return JSON.stringify(value.text)
  if (value instanceof GoTime) return JSON.stringify(value.toJSON())
  if (value instanceof GoSlice) return `[${value.items.map(jsonOf).join(',')}]`
  if (value instanceof GoMap)
    return `{${value
      .sortedKeys()
      .map((key) => `${JSON.stringify(key)}:${jsonOf(value.entries.get(key)!)}`)
      .join(',')}}`
  if (value instanceof GoStruct) {
    const names = value.jsonNames
    const parts = Object.entries(value.fields).map(
      ([name, field]) => `${JSON.stringify(names?.[name] ?? name)}:${jsonOf(field)}`,
    )
    return `{${parts.join(',')}}`
  }
  return JSON.stringify(show(value))
}

/** A value where JavaScript expects an expression: JSON, set apart so that it cannot join its neighbours. */
export function escapeScriptValue(value: Value): string {
  const json = goJson(value)
  return /^["[{]/.test(json) ? json : ` ${json} `
}

/** A value where CSS expects one: only what cannot start a construct gets through. */
export function filterCssValue(text: string): string {
  const decoded = text.replaceAll(/\\([0-9a-fA-F]{1,6})\s?/g, (_all, hex: string) =>
    String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff)),
  )
  if (/[\0"'()/;@[\\\]`{}<>]/.test(decoded) || /--/.test(decoded)) return 'ZgotmplZ'
  const word = decoded.toLowerCase().replaceAll(/[^a-z0-9-]/g, '')
  return word.includes('expression') || word.includes('moz-binding') ? 'ZgotmplZ' : text
}

/** Text inside a quoted CSS string. */
export function escapeInCssString(text: string): string {
  return text.replace(/[\0\t\n\f\r"&'()+/:;<>\\{}]/g, (character) =>
    character === '\\' ? '\\\\' : `\\${character.charCodeAt(0).toString(16)} `,
  )
}
