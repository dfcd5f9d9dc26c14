/** Go's literals: numbers, quoted strings, character constants. */

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, "'": 39, '"': 34,
} // prettier-ignore

/** `strconv.Unquote` of a double-quoted or raw string. Undefined for bad syntax. Lone bytes (`\xff`) that are no UTF-8 become U+FFFD. */
export function unquote(quoted: string): string | undefined {
  if (quoted.startsWith('`')) return quoted.slice(1, -1).replaceAll('\r', '')
  return unquoteBody(quoted.slice(1, -1), '"')
}

/** The code point of a character constant such as `'a'`. */
export function unquoteChar(quoted: string): number | undefined {
  const text = unquoteBody(quoted.slice(1, -1), "'")
  return text !== undefined && [...text].length === 1 ? text.codePointAt(0) : undefined
}

function unquoteBody(body: string, quote: string): string | undefined {
  const bytes: number[] = []
  const encoder = new TextEncoder()
  for (let i = 0; i < body.length;) {
    if (body[i] !== '\\') {
      const character = String.fromCodePoint(body.codePointAt(i)!)
      bytes.push(...encoder.encode(character))
      i += character.length
      continue
    }
    const escape = readEscape(body, i + 1, quote)
    if (escape === undefined) return undefined
    if (escape.isByte) bytes.push(escape.code)
    else bytes.push(...encoder.encode(String.fromCodePoint(escape.code)))
    i = escape.end
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(bytes))
}

function readEscape(
  body: string,
  at: number,
  quote: string,
): { code: number; end: number; isByte: boolean } | undefined {
  const letter = body[at]
  if (letter === undefined) return undefined
  const digits = { x: 2, u: 4, U: 8 }[letter]
  if (digits !== undefined) {
    const hex = body.slice(at + 1, at + 1 + digits)
    const code = Number.parseInt(hex, 16)
    if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length !== digits || code > 0x10ffff) return undefined
    return { code, end: at + 1 + digits, isByte: letter === 'x' }
  }
  const octal = /^[0-7]{3}/.exec(body.slice(at))
  if (octal !== null) {
    const code = Number.parseInt(octal[0], 8)
    return code > 255 ? undefined : { code, end: at + 3, isByte: true }
  }
  if ((letter === "'" || letter === '"') && letter !== quote) return undefined
  const code = SIMPLE_ESCAPES[letter]
  return code === undefined ? undefined : { code, end: at + 1, isByte: false }
}

/** What a number literal can stand for; undefined for bad syntax. Imaginary numbers are not supported. */
export function parseNumber(text: string): { int: bigint | undefined; float: number } | undefined {
  if (/__|_$/.test(text) || /i$/i.test(text)) return undefined
  const sign = text.startsWith('-') ? -1 : 1
  const plain = text.replace(/^[+-]/, '').replaceAll('_', '')
  const int = parseInteger(plain, sign)
  if (int !== undefined) return { int, float: Number(int) }
  const float = /p/i.test(plain) ? parseHexFloat(plain) : Number(plain)
  if (Number.isNaN(float)) return undefined
  const signed = sign * float
  return { int: Number.isSafeInteger(signed) ? BigInt(signed) : undefined, float: signed }
}

function parseInteger(plain: string, sign: number): bigint | undefined {
  let digits = plain
  if (/^0[0-7]+$/.test(plain)) digits = `0o${plain.slice(1)}`
  else if (!/^(?:\d+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(plain)) return undefined
  if (/^0\d/.test(digits)) return undefined
  const value = BigInt(digits) * BigInt(sign)
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function parseHexFloat(plain: string): number {
  const match = /^0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)$/i.exec(plain)
  if (match === null) return Number.NaN
  const [, whole, fraction, exponent] = match
  return Number.parseInt(`${whole}${fraction}` || '0', 16) * 2 ** (Number(exponent) - 4 * fraction!.length)
}
