import { quote } from '@promontory/model'
import { scanDurationRest, scanNumber } from './lex-number.ts'
import { skipEscape } from './lex-string.ts'
import { ByteOffsets } from './position.ts'
import { END, isAlpha, isAlphaNumeric, isDigit, Scanner } from './scanner.ts'
import type { Token, TokenKind } from './token.ts'
import { wordKind } from './token.ts'

const SINGLE: ReadonlyMap<string, TokenKind> = new Map(
  [...',*/%+-^@'].map((character) => [character, character as TokenKind]),
)
const DURATION_OPERATORS = '+-*/%^,'
const DURATION_WORDS = new Set(['step', 'range', 'max_of', 'min_of'])

/**
 * Splits a query into tokens. Which characters are allowed depends on where one is: inside braces (label matchers),
 * inside brackets (durations), or elsewhere. After the first ERROR the lexer is finished.
 */
export class Lexer {
  readonly #scanner: Scanner
  readonly #offsets: ByteOffsets
  #start = 0
  #parenDepth = 0
  #braceOpen = false
  #bracketOpen = false
  #gotColon = false
  #gotDuration = false
  /** Right after `[`, and until the first number, only what a duration is made of may come. */
  #inDuration = false
  #finished = false

  constructor(text: string) {
    this.#scanner = new Scanner(text)
    this.#offsets = new ByteOffsets(text)
  }

  /** The next token; EOF again and again at the end. Comments are left out. */
  next(): Token {
    for (;;) {
      const token = this.#scan()
      if (token.kind === 'ERROR') this.#finished = true
      if (token.kind !== 'COMMENT') return token
    }
  }

  #scan(): Token {
    if (this.#finished) return this.#emit('EOF')
    this.#skipSpaces()
    if (this.#scanner.peek() === '#' && !this.#inDuration) return this.#comment()
    if (this.#braceOpen) return this.#insideBraces()
    return this.#inDuration ? this.#insideDuration() : this.#outside()
  }

  #emit(kind: TokenKind): Token {
    const { text, position } = this.#scanner
    const token = {
      kind,
      text: text.slice(this.#start, position),
      start: this.#offsets.byteAt(this.#start),
      end: this.#offsets.byteAt(position),
    }
    this.#start = position
    return token
  }

  /** @param from  UTF-16 index; Prometheus points behind a bracket that it has already taken */
  #error(message: string, from: number = this.#start): Token {
    return {
      kind: 'ERROR',
      text: message,
      start: this.#offsets.byteAt(from),
      end: this.#offsets.byteLength,
    }
  }

  #skipSpaces(): void {
    this.#scanner.acceptRun(' \t\n\r')
    this.#start = this.#scanner.position
  }

  #comment(): Token {
    let character = this.#scanner.peek()
    while (character !== END && character !== '\n' && character !== '\r') {
      this.#scanner.next()
      character = this.#scanner.peek()
    }
    return this.#emit('COMMENT')
  }

  #outside(): Token {
    const scanner = this.#scanner
    const character = scanner.peek()
    if (character === END) return this.#end()
    if (isDigit(character)) return this.#number()
    if (isAlpha(character) || character === ':') return this.#word()
    scanner.next()
    if (SINGLE.has(character)) return this.#emit(SINGLE.get(character)!)
    switch (character) {
      case '=':
        if (scanner.accept('=')) return this.#emit('==')
        if (scanner.is('~')) return this.#error(`unexpected character after '=': '~'`)
        return this.#emit('=')
      case '!': {
        const after = scanner.next()
        if (after !== '=') return this.#error(`unexpected character after '!': ${quoteRune(after)}`)
        return this.#emit('!=')
      }
      case '<':
        return this.#emit(scanner.accept('=') ? '<=' : scanner.accept('/') ? '</' : '<')
      case '>':
        return this.#emit(scanner.accept('=') ? '>=' : scanner.accept('/') ? '>/' : '>')
      case '"':
      case "'":
      case '`':
        return this.#string(character)
      case '(':
        this.#parenDepth++
        return this.#emit('(')
      case ')':
        return this.#closeParen()
      case '{':
        this.#braceOpen = true
        return this.#emit('{')
      case '[':
        return this.#openBracket()
      case ']':
        if (!this.#bracketOpen) return this.#error(`unexpected right bracket ']'`)
        this.#bracketOpen = false
        return this.#emit(']')
      case '.':
        if (isDigit(scanner.peek())) {
          scanner.position--
          return this.#number()
        }
    }
    return this.#error(`unexpected character: ${quoteRune(character)}`)
  }

  #end(): Token {
    if (this.#parenDepth !== 0) return this.#error('unclosed left parenthesis')
    if (this.#bracketOpen) return this.#error('unclosed left bracket')
    return this.#emit('EOF')
  }

  #closeParen(): Token {
    const token = this.#emit(')')
    if (--this.#parenDepth < 0) return this.#error(`unexpected right parenthesis ')'`)
    return token
  }

  #openBracket(): Token {
    if (this.#bracketOpen) return this.#error(`unexpected left bracket '['`)
    this.#gotColon = false
    this.#bracketOpen = true
    this.#inDuration = true
    return this.#emit('[')
  }

  #word(): Token {
    if (this.#bracketOpen) return this.#wordInBrackets()
    const scanner = this.#scanner
    const character = (): string => scanner.peek()
    while (isAlphaNumeric(character()) || character() === ':') scanner.position++
    const word = scanner.text.slice(this.#start, scanner.position)
    const kind = wordKind(word)
    if (kind === undefined) return this.#emit(word.includes(':') ? 'METRIC_IDENTIFIER' : 'IDENTIFIER')
    // `fill` was a fine metric name before it became a modifier: it is one only before a bracket.
    if (kind.startsWith('fill') && !/^[ \t\n\r]*\(/.test(scanner.text.slice(scanner.position)))
      return this.#emit('IDENTIFIER')
    return this.#emit(kind)
  }

  #wordInBrackets(): Token {
    const first = this.#scanner.next()
    if (first === ':') {
      if (this.#gotColon) return this.#error(`unexpected colon ':'`)
      this.#gotColon = true
      return this.#emit(':')
    }
    const word = this.#durationWord(first)
    return word ?? this.#error(`unexpected character: ${quoteRune(first)}, expected ':'`)
  }

  /** `first` has been taken. */
  #durationWord(first: string): Token | undefined {
    if (!'srm'.includes(first.toLowerCase())) return undefined
    const scanner = this.#scanner
    while (isAlpha(scanner.peek())) scanner.position++
    const word = scanner.text.slice(this.#start, scanner.position).toLowerCase()
    return DURATION_WORDS.has(word) ? this.#emit(word as TokenKind) : undefined
  }

  #insideDuration(): Token {
    const scanner = this.#scanner
    const character = scanner.next()
    if (character === END) return this.#error('unexpected end of input in duration expression')
    if (DURATION_OPERATORS.includes(character)) return this.#emit(character as TokenKind)
    switch (character) {
      case ']':
        this.#bracketOpen = false
        this.#gotColon = false
        this.#inDuration = false
        return this.#emit(']')
      case ':':
        this.#start = scanner.position
        if (!this.#gotDuration) return this.#error('unexpected colon before duration in duration expression')
        if (this.#gotColon) return this.#error('unexpected repeated colon in duration expression')
        this.#gotColon = true
        this.#start = scanner.position - 1
        return this.#emit(':')
      case '(':
        this.#parenDepth++
        return this.#emit('(')
      case ')':
        return this.#closeParen()
    }
    if (isDigit(character) || (character === '.' && isDigit(scanner.peek()))) {
      scanner.position--
      this.#gotDuration = true
      this.#inDuration = false
      return this.#number()
    }
    const word = this.#durationWord(character)
    return word ?? this.#error(`unexpected character in duration expression: ${quoteRune(character)}`)
  }

  #insideBraces(): Token {
    const scanner = this.#scanner
    const character = scanner.next()
    if (character === END) return this.#error('unexpected end of input inside braces')
    if (isAlpha(character)) {
      while (isAlphaNumeric(scanner.peek())) scanner.position++
      return this.#emit('IDENTIFIER')
    }
    switch (character) {
      case ',':
        return this.#emit(',')
      case '"':
      case "'":
      case '`':
        return this.#string(character)
      case '=':
        return this.#emit(scanner.accept('~') ? '=~' : '=')
      case '!': {
        if (scanner.accept('~')) return this.#emit('!~')
        if (scanner.accept('=')) return this.#emit('!=')
        return this.#error(`unexpected character after '!' inside braces: ${quoteRune(scanner.next())}`)
      }
      case '{':
        return this.#error(`unexpected left brace '{'`)
      case '}':
        this.#braceOpen = false
        return this.#emit('}')
    }
    return this.#error(`unexpected character inside braces: ${quoteRune(character)}`)
  }

  #number(): Token {
    const scanner = this.#scanner
    if (scanNumber(scanner)) return this.#emit('NUMBER')
    if (scanDurationRest(scanner)) return this.#emit('DURATION')
    const seen = scanner.text.slice(this.#start, scanner.position)
    return this.#error(`bad number or duration syntax: ${quote(seen)}`)
  }

  /** The opening quote has been taken. */
  #string(mark: string): Token {
    const scanner = this.#scanner
    for (;;) {
      const character = scanner.next()
      if (character === mark) return this.#emit('STRING')
      if (character === END)
        return this.#error(mark === '`' ? 'unterminated raw string' : 'unterminated quoted string')
      // Go reads what is not UTF-8 as U+FFFD; half a surrogate pair is its likeness here.
      if (character === '\ufffd' || /^[\ud800-\udfff]$/.test(character))
        return this.#error('invalid UTF-8 rune')
      if (mark === '`') continue
      if (character === '\n') return this.#error('unterminated quoted string')
      if (character === '\\') {
        const fault = skipEscape(scanner, mark)
        if (fault !== undefined) return this.#error(fault)
      }
    }
  }
}

/** Go's `%q` of a rune. */
function quoteRune(character: string): string {
  if (character === END) return "'\ufffd'"
  if (character === "'") return "'\\''"
  return character === '"' ? `'"'` : `'${quote(character).slice(1, -1)}'`
}
