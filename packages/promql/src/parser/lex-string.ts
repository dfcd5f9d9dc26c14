import type { Scanner } from './scanner.ts'
import { END } from './scanner.ts'

const SIMPLE = 'abfnrtv\\'
const LARGEST_CODE_POINT = 0x10ffff

/**
 * Takes an escape sequence whose backslash has been taken.
 * @returns the fault in Prometheus's words, undefined when there is none
 */
export function skipEscape(scanner: Scanner, quote: string): string | undefined {
  const character = scanner.next()
  if (character === END) return 'escape sequence not terminated'
  if (SIMPLE.includes(character) || character === quote) return undefined
  if (character >= '0' && character <= '7') {
    scanner.position--
    return skipCode(scanner, 3, 8, 255)
  }
  if (character === 'x') return skipCode(scanner, 2, 16, 255)
  if (character === 'u') return skipCode(scanner, 4, 16, LARGEST_CODE_POINT)
  if (character === 'U') return skipCode(scanner, 8, 16, LARGEST_CODE_POINT)
  return `unknown escape sequence ${showRune(character)}`
}

function skipCode(scanner: Scanner, length: number, base: number, largest: number): string | undefined {
  let code = 0
  for (let i = 0; i < length; i++) {
    const character = scanner.next()
    if (character === END) return 'escape sequence not terminated'
    const digit = /^[0-9a-fA-F]$/.test(character) ? Number.parseInt(character, 16) : 16
    if (digit >= base) return `illegal character ${showRune(character)} in escape sequence`
    code = code * base + digit
  }
  const surrogate = code >= 0xd800 && code < 0xe000
  return code > largest || surrogate ? 'escape sequence is an invalid Unicode code point' : undefined
}

/** Go's `%#U`: `U+0063 'c'`, without the character when it does not print. */
function showRune(character: string): string {
  const code = character.codePointAt(0)!
  const shown = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character) ? `${shown} '${character}'` : shown
}

const ESCAPES: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }

/**
 * The value of a string literal that the lexer has accepted, quotes included. Escapes that name bytes (`\xff`, `\377`)
 * may spell UTF-8; what is not UTF-8 becomes U+FFFD.
 * @returns undefined for escapes that the lexer takes and the language does not (`\'` is one inside `'…'` only)
 */
export function unquoteLiteral(literal: string): string | undefined {
  const quote = literal[0]
  const body = literal.slice(1, -1)
  if (quote === '`' || !body.includes('\\')) return body
  const bytes: number[] = []
  const encoder = new TextEncoder()
  for (let i = 0; i < body.length;) {
    if (body[i] !== '\\') {
      const character = String.fromCodePoint(body.codePointAt(i)!)
      bytes.push(...encoder.encode(character))
      i += character.length
      continue
    }
    const kind = body[i + 1]!
    const escape = ESCAPES[kind]
    if (escape !== undefined) bytes.push(escape)
    else if (kind === '\\' || kind === quote) bytes.push(kind.charCodeAt(0))
    else if (kind === 'x') bytes.push(Number.parseInt(body.slice(i + 2, i + 4), 16))
    else if (kind >= '0' && kind <= '7') bytes.push(Number.parseInt(body.slice(i + 1, i + 4), 8))
    else if (kind === 'u' || kind === 'U') {
      const length = kind === 'u' ? 4 : 8
      const code = Number.parseInt(body.slice(i + 2, i + 2 + length), 16)
      bytes.push(...encoder.encode(String.fromCodePoint(code)))
    } else return undefined
    i += 2 + (kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : kind >= '0' && kind <= '7' ? 2 : 0)
  }
  return new TextDecoder().decode(new Uint8Array(bytes))
}
