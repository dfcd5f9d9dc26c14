import type { Expr } from './ast.ts'
import { Lexer } from './lexer.ts'
import type { ParserOptions } from './options.ts'
import type { Mend, ParseFault } from './parse-error.ts'
import { ParseError } from './parse-error.ts'
import type { Position } from './position.ts'
import type { Token, TokenKind } from './token.ts'
import { describeToken } from './token.ts'

/** Deepest tree that is accepted: beyond it the walks over the tree could exhaust the stack. */
export const MAX_DEPTH = 1000

/** Thrown by `unexpected` after the fault is recorded; never leaves the parser. */
export const ABORTED: unique symbol = Symbol('parsing aborted')

/** Where a syntax error is reported when no closer place knows better. */
interface Context {
  readonly name: string
  readonly expected: string
}

/** Tokens with one of look-ahead, read as late as possible: a lexer fault must come after the faults before it. */
export class ParserState {
  readonly text: string
  readonly options: ParserOptions
  readonly faults: ParseFault[] = []
  mend: Mend | undefined
  readonly #lexer: Lexer
  #ahead: Token | undefined
  #lastEnd = 0
  readonly #contexts: Context[] = []
  readonly #depths = new WeakMap<object, number>()
  #nesting = 0

  constructor(text: string, options: ParserOptions) {
    this.text = text
    this.options = options
    this.#lexer = new Lexer(text)
  }

  peek(): Token {
    if (this.#ahead === undefined) {
      this.#ahead = this.#lexer.next()
      const { kind, text, start, end } = this.#ahead
      if (kind === 'ERROR') this.fault({ start, end }, text)
    }
    return this.#ahead
  }

  take(): Token {
    const token = this.peek()
    this.#ahead = undefined
    this.#lastEnd = token.end
    return token
  }

  /** End of the token that was taken last. */
  get lastEnd(): number {
    return this.#lastEnd
  }

  at(kind: TokenKind): boolean {
    return this.peek().kind === kind
  }

  accept(kind: TokenKind): Token | undefined {
    return this.at(kind) ? this.take() : undefined
  }

  expect(kind: TokenKind): Token {
    return this.accept(kind) ?? this.unexpected()
  }

  fault(position: Position, message: string): void {
    this.faults.push({ message, position: { start: position.start, end: position.end } })
  }

  /** Gives up at the next token, in the words of the innermost context unless told others. */
  unexpected(context?: string, expected?: string): never {
    const token = this.peek()
    if (token.kind !== 'ERROR') {
      const inner = this.#contexts.at(-1)
      const where = context ?? inner?.name ?? ''
      const wanted = expected ?? (context === undefined ? (inner?.expected ?? '') : '')
      this.fault(
        token,
        `unexpected ${describeToken(token)}${where === '' ? '' : ` in ${where}`}${wanted === '' ? '' : `, expected ${wanted}`}`,
      )
    }
    throw ABORTED
  }

  /** Runs `parse`; syntax errors inside that nobody claims are reported as `in <name>, expected <expected>`. */
  within<T>(name: string, expected: string, parse: () => T): T {
    this.#contexts.push({ name, expected })
    const result = parse()
    this.#contexts.pop()
    return result
  }

  /** Guards recursion of the parser itself. */
  nested<T>(parse: () => T): T {
    if (++this.#nesting > MAX_DEPTH) this.tooDeep(this.peek())
    const result = parse()
    this.#nesting--
    return result
  }

  /** Guards the depth of the tree, which long chains of operators deepen without recursion. */
  bounded<T extends Expr>(node: T, ...below: readonly Expr[]): T {
    let depth = 0
    for (const child of below) depth = Math.max(depth, this.#depths.get(child) ?? 1)
    if (depth >= MAX_DEPTH) this.tooDeep(node.position)
    this.#depths.set(node, depth + 1)
    return node
  }

  private tooDeep(position: Position): never {
    this.fault(position, `expression is nested more than ${MAX_DEPTH} levels deep`)
    throw ABORTED
  }

  /** @throws ParseError when there are faults */
  finish(): void {
    if (this.faults.length > 0) throw new ParseError(this.text, this.faults, this.mend)
  }
}

/** Runs a parse to its end or its first syntax error. */
export function attempt<T>(state: ParserState, parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error !== ABORTED) throw error
    return undefined
  }
}
