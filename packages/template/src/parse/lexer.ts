/**
 * Cuts a template's text into tokens as Go's text/template does. The whole text is cut at once; the first fault ends
 * the list with an `error` token, which the parser reports when it gets there.
 */
export type TokenType =
  | 'error'
  | 'eof'
  | 'text'
  | 'leftDelim'
  | 'rightDelim'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'dot'
  | 'nil'
  | 'bool'
  | 'number'
  | 'charConstant'
  | 'string'
  | 'rawString'
  | 'leftParen'
  | 'rightParen'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'char'

export interface Token {
  readonly type: TokenType
  readonly value: string
  /** UTF-16 index into the text. */
  readonly pos: number
  /** 1-based. */
  readonly line: number
}

const KEYWORDS = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
])
const SPACE = ' \t\r\n'
const NUMBER =
  /^[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/
const isAlphaNumeric = (character: string | undefined): boolean =>
  character !== undefined && /^[\p{L}\p{Nd}_]$/u.test(character)

/** Tokens of `text`, the last one of type `eof` or `error`. Comments are dropped. */
export function lex(text: string): Token[] {
  return new Lexer(text).run()
}

/** Go's `%#U`. */
function showRune(character: string): string {
  const code = character.codePointAt(0)!
  const hex = code.toString(16).toUpperCase().padStart(4, '0')
  return /\P{C}/u.test(character) ? `U+${hex} '${character}'` : `U+${hex}`
}

class Lexer {
  readonly #text: string
  readonly #tokens: Token[] = []
  #pos = 0
  #line = 1
  #parens = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): Token[] {
    while (this.#lexText()) if (!this.#lexAction()) break
    return this.#tokens
  }

  #emit(type: TokenType, end: number): void {
    const value = this.#text.slice(this.#pos, end)
    this.#tokens.push({ type, value, pos: this.#pos, line: this.#line })
    this.#skip(end)
  }

  #skip(end: number): void {
    for (let i = this.#pos; i < end; i++) if (this.#text[i] === '\n') this.#line++
    this.#pos = end
  }

  #fail(message: string): false {
    this.#tokens.push({ type: 'error', value: message, pos: this.#pos, line: this.#line })
    return false
  }

  /** Text up to the next action, trimmed where a marker asks; false at the end. */
  #lexText(): boolean {
    const start = this.#text.indexOf('{{', this.#pos)
    if (start < 0) {
      if (this.#pos < this.#text.length) this.#emit('text', this.#text.length)
      this.#emit('eof', this.#text.length)
      return false
    }
    const trim = this.#hasLeftTrim(start)
    let end = start
    if (trim) while (end > this.#pos && SPACE.includes(this.#text[end - 1]!)) end--
    if (end > this.#pos) this.#emit('text', end)
    this.#skip(start)
    return true
  }

  #hasLeftTrim(delimiter: number): boolean {
    return this.#text[delimiter + 2] === '-' && SPACE.includes(this.#text[delimiter + 3] ?? 'x')
  }

  /** From `{{` to behind `}}`; false after a fault. */
  #lexAction(): boolean {
    const trim = this.#hasLeftTrim(this.#pos)
    const bodyStart = this.#pos + 2 + (trim ? 2 : 0)
    if (this.#text.startsWith('/*', bodyStart)) return this.#lexComment(bodyStart)
    this.#emit('leftDelim', this.#pos + 2)
    this.#skip(bodyStart)
    this.#parens = 0
    for (;;) {
      const result = this.#lexInside()
      if (result !== 'more') return result === 'closed'
    }
  }

  #lexComment(bodyStart: number): boolean {
    const close = this.#text.indexOf('*/', bodyStart)
    if (close < 0) {
      this.#skip(bodyStart)
      return this.#fail('unclosed comment')
    }
    this.#skip(close + 2)
    const trim = SPACE.includes(this.#text[this.#pos] ?? 'x') && this.#text[this.#pos + 1] === '-'
    const delimiter = this.#pos + (trim ? 2 : 0)
    if (!this.#text.startsWith('}}', delimiter)) return this.#fail('comment ends before closing delimiter')
    this.#skip(delimiter + 2)
    if (trim) this.#trimRight()
    return true
  }

  #trimRight(): void {
    let end = this.#pos
    while (end < this.#text.length && SPACE.includes(this.#text[end]!)) end++
    this.#skip(end)
  }

  #lexInside(): 'more' | 'closed' | 'failed' {
    const text = this.#text
    const trim = SPACE.includes(text[this.#pos] ?? 'x') && text.startsWith('-}}', this.#pos + 1)
    if (trim || text.startsWith('}}', this.#pos)) return this.#lexRightDelim(trim)
    const character = text.slice(this.#pos, this.#pos + 2).match(/^./su)?.[0]
    if (character === undefined) {
      this.#fail('unclosed action')
      return 'failed'
    }
    return this.#lexToken(character) ? 'more' : 'failed'
  }

  #lexRightDelim(trim: boolean): 'closed' | 'failed' {
    if (this.#parens > 0) {
      this.#fail('unclosed left paren')
      return 'failed'
    }
    if (trim) this.#skip(this.#pos + 2)
    this.#emit('rightDelim', this.#pos + 2)
    if (trim) this.#trimRight()
    return 'closed'
  }

  #lexToken(character: string): boolean {
    const text = this.#text
    const next = text[this.#pos + 1]
    if (SPACE.includes(character)) return this.#lexSpace()
    if (character === '=') return this.#take('assign', 1)
    if (character === ':') return next === '=' ? this.#take('declare', 2) : this.#fail('expected :=')
    if (character === '|') return this.#take('pipe', 1)
    if (character === '"') return this.#lexQuoted('"')
    if (character === "'") return this.#lexQuoted("'")
    if (character === '`') return this.#lexRaw()
    if (character === '$') return this.#lexName('variable')
    if (character === '.' && !/[0-9]/.test(next ?? '')) return this.#lexName('field')
    if (/[+\-0-9.]/.test(character)) return this.#lexNumber()
    if (isAlphaNumeric(character)) return this.#lexIdentifier()
    if (character === '(') {
      this.#parens++
      return this.#take('leftParen', 1)
    }
    if (character === ')') {
      if (--this.#parens < 0) return this.#fail('unexpected right paren')
      return this.#take('rightParen', 1)
    }
    if (/^[\x20-\x7e]$/.test(character)) return this.#take('char', 1)
    return this.#fail(`unrecognized character in action: ${showRune(character)}`)
  }

  #take(type: TokenType, length: number): true {
    this.#emit(type, this.#pos + length)
    return true
  }

  #lexSpace(): true {
    let end = this.#pos
    while (end < this.#text.length && SPACE.includes(this.#text[end]!)) end++
    // The last space may belong to a trim marker.
    if (this.#text.startsWith('-}}', end)) end--
    if (end > this.#pos) this.#emit('space', end)
    return true
  }

  #lexQuoted(quote: string): boolean {
    const kind = quote === '"' ? 'quoted string' : 'character constant'
    let end = this.#pos + 1
    for (;;) {
      const character = this.#text[end]
      const escaped = character === '\\'
      const at = escaped ? this.#text[end + 1] : character
      if (at === undefined || at === '\n') return this.#fail(`unterminated ${kind}`)
      end += escaped ? 2 : 1
      if (!escaped && character === quote) break
    }
    this.#emit(quote === '"' ? 'string' : 'charConstant', end)
    return true
  }

  #lexRaw(): boolean {
    const end = this.#text.indexOf('`', this.#pos + 1)
    if (end < 0) return this.#fail('unterminated raw quoted string')
    return this.#take('rawString', end + 1 - this.#pos)
  }

  #wordEnd(from: number): number {
    let end = from
    for (;;) {
      const character = this.#text.slice(end, end + 2).match(/^./su)?.[0]
      if (!isAlphaNumeric(character)) return end
      end += character!.length
    }
  }

  #atTerminator(at: number): boolean {
    const character = this.#text[at]
    return character === undefined || `${SPACE}.,|:)(`.includes(character) || this.#text.startsWith('}}', at)
  }

  /** `$x`, `$`, `.X` or the lone `.`. */
  #lexName(type: 'variable' | 'field'): boolean {
    if (this.#atTerminator(this.#pos + 1) && this.#text[this.#pos + 1] !== '.')
      return this.#take(type === 'field' ? 'dot' : 'variable', 1)
    if (type === 'variable' && this.#text[this.#pos + 1] === '.') return this.#take('variable', 1)
    const end = this.#wordEnd(this.#pos + 1)
    if (!this.#atTerminator(end) || end === this.#pos + 1) return this.#badCharacter(end)
    this.#emit(type, end)
    return true
  }

  #badCharacter(at: number): false {
    const character = this.#text.slice(at, at + 2).match(/^./su)?.[0] ?? '\0'
    return this.#fail(`bad character ${showRune(character)}`)
  }

  #lexNumber(): boolean {
    const match = NUMBER.exec(this.#text.slice(this.#pos))
    const end = this.#pos + (match?.[0].length ?? 0)
    const follower = this.#text.slice(end, end + 2).match(/^./su)?.[0]
    if (isAlphaNumeric(follower) || !/[0-9]/.test(match?.[0] ?? '')) {
      const shown = this.#text.slice(this.#pos, end + (follower?.length ?? 0))
      return this.#fail(`bad number syntax: ${JSON.stringify(shown)}`)
    }
    this.#emit('number', end)
    return true
  }

  #lexIdentifier(): boolean {
    const end = this.#wordEnd(this.#pos)
    if (!this.#atTerminator(end)) return this.#badCharacter(end)
    const word = this.#text.slice(this.#pos, end)
    if (KEYWORDS.has(word)) this.#emit('keyword', end)
    else if (word === 'true' || word === 'false') this.#emit('bool', end)
    else this.#emit(word === 'nil' ? 'nil' : 'identifier', end)
    return true
  }
}
