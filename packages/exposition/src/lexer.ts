import { ExpositionError } from './errors.ts'
import { quoteBytes } from './quote-bytes.ts'

/** Token names as they stand in upstream's error texts. */
export type Token =
  | 'INVALID'
  | 'EOF'
  | 'LINEBREAK'
  | 'HELP'
  | 'TYPE'
  | 'UNIT'
  | 'EOFWORD'
  | 'TEXT'
  | 'COMMENT'
  | 'MNAME'
  | 'QSTRING'
  | 'BOPEN'
  | 'BCLOSE'
  | 'LNAME'
  | 'LVALUE'
  | 'COMMA'
  | 'EQUAL'
  | 'TIMESTAMP'
  | 'VALUE'

export const TAB = 9
export const LF = 10
export const SPACE = 32
const QUOTE = 34
export const HASH = 35
const COLON = 58
const BACKSLASH = 92
export const BRACE_OPEN = 123
const BRACE_CLOSE = 125

/** Bit 1: may start a label name; 2: may start a metric name; 4: digit. */
const CHARACTER_CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, c) => {
  const isLetter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95
  return (isLetter ? 3 : 0) | (c === COLON ? 2 : 0) | (c >= 48 && c <= 57 ? 4 : 0)
})

/**
 * What both text formats share: a cursor over the body with a sentinel byte behind its end, and the scanning of names
 * and quoted strings. A token is `[start, at)`.
 */
export abstract class Lexer {
  bytes: Uint8Array = new Uint8Array(1)
  length = 0
  /** Start of the token read last. */
  start = 0
  /** Behind the token read last. */
  at = 0
  /** Start of the entry that is being read. */
  entryStart = 0

  abstract lex(): Token

  /** `[a-zA-Z_:][a-zA-Z0-9_:]*`; false, and nothing read, when there is none. */
  protected takeMetricName(): boolean {
    return this.#takeName(2)
  }

  /** `[a-zA-Z_][a-zA-Z0-9_]*` */
  protected takeLabelName(): boolean {
    return this.#takeName(1)
  }

  #takeName(first: number): boolean {
    const { bytes } = this
    let { at } = this
    if ((CHARACTER_CLASS[bytes[at]!]! & first) === 0) return false
    at++
    while ((CHARACTER_CLASS[bytes[at]!]! & (first | 4)) !== 0) at++
    this.at = at
    return true
  }

  protected takeDigits(): boolean {
    const from = this.at
    while ((CHARACTER_CLASS[this.bytes[this.at]!]! & 4) !== 0) this.at++
    return this.at > from
  }

  /** A double-quoted string with backslash escapes. When it does not end, everything is read and false returned. */
  protected takeQuoted(mayHoldLinebreak: boolean): boolean {
    const { bytes, length } = this
    let at = this.at + 1
    while (at < length) {
      const c = bytes[at]!
      if (c === BACKSLASH) at += bytes[at + 1] === LF ? 1 : 2
      else if (c === QUOTE) {
        this.at = at + 1
        return true
      } else if (c === LF && !mayHoldLinebreak) break
      else at++
    }
    this.at = Math.min(at, length)
    return false
  }

  /** Inside braces: name, quoted name, `}`, `=`, `,`. */
  protected labelToken(): Token {
    switch (this.bytes[this.at]) {
      case QUOTE:
        return this.takeQuoted(true) ? 'QSTRING' : 'INVALID'
      case BRACE_CLOSE:
        this.at++
        return 'BCLOSE'
      case 61:
        this.at++
        return 'EQUAL'
      case 44:
        this.at++
        return 'COMMA'
      default:
        return this.takeLabelName() ? 'LNAME' : 'INVALID'
    }
  }

  protected labelValueToken(mayHoldLinebreak: boolean): Token {
    return this.bytes[this.at] === QUOTE && this.takeQuoted(mayHoldLinebreak) ? 'LVALUE' : 'INVALID'
  }

  /** Whether `word` stands here. */
  protected looksAt(word: string): boolean {
    for (let i = 0; i < word.length; i++) if (this.bytes[this.at + i] !== word.charCodeAt(i)) return false
    return true
  }

  /** `expected X, got "…" ("TOKEN") while parsing: "…"` */
  unexpected(expected: string, got: Token): ExpositionError {
    const end = Math.min(this.length + 1, this.at + 1)
    const token = quoteBytes(this.bytes, this.start, end)
    const entry = quoteBytes(this.bytes, this.entryStart, end)
    return this.error(`${expected}, got ${token} ("${got}") while parsing: ${entry}`)
  }

  /** `fault while parsing: "…"` */
  whileParsing(fault: string): ExpositionError {
    return this.error(`${fault} while parsing: ${quoteBytes(this.bytes, this.entryStart, this.at)}`)
  }

  error(message: string): ExpositionError {
    let line = 1
    for (let i = 0; i < this.start && i < this.length; i++) if (this.bytes[i] === LF) line++
    return new ExpositionError(message, this.start, line)
  }
}
