import { RE2JS } from 're2js'

/** A pattern that RE2 refuses, with Go's text: ``error parsing regexp: missing closing ): `(` ``. */
export class RegexError extends Error {
  override readonly name = 'RegexError'
}

/** Answers kept per pattern: label values repeat, and RE2 in JavaScript is slow. */
const REMEMBERED_ANSWERS = 4096

const LITERAL = /^[^\\.+*?()|[\]{}^$]*$/

/**
 * A user's regular expression: RE2 syntax and linear time, anchored at both ends, as everywhere in Prometheus.
 * Patterns that are literals, alternations of literals, `.*`, `.+`, `literal.*` never reach the RE2 machine.
 */
export class AnchoredRegex {
  readonly source: string
  /** The values of an alternation of literals; undefined when the pattern is something else. */
  readonly setMatches: readonly string[] | undefined
  /** A literal that each match starts with. */
  readonly prefix: string
  readonly #fast: ((text: string) => boolean) | undefined
  #machine: RE2JS | undefined
  readonly #answers = new Map<string, boolean>()

  /** @throws RegexError */
  constructor(source: string) {
    this.source = source
    const body = unwrapGroup(source)
    this.setMatches = literalAlternation(body)
    this.prefix = this.setMatches === undefined ? literalPrefix(source) : ''
    this.#fast = this.#fastPath(body)
    if (this.#fast === undefined) this.#machine = compileAnchored(source)
  }

  matches(text: string): boolean {
    if (this.#fast !== undefined) return this.#fast(text)
    if (!text.startsWith(this.prefix)) return false
    const known = this.#answers.get(text)
    if (known !== undefined) return known
    const answer = this.#machine!.matches(text)
    if (this.#answers.size >= REMEMBERED_ANSWERS) this.#answers.clear()
    this.#answers.set(text, answer)
    return answer
  }

  /** The RE2 machine, for captures: `matcher(text).matches()` then `.group(n)`. */
  get machine(): RE2JS {
    this.#machine ??= compileAnchored(this.source)
    return this.#machine
  }

  #fastPath(body: string): ((text: string) => boolean) | undefined {
    if (this.setMatches !== undefined) {
      if (this.setMatches.length === 1) {
        const only = this.setMatches[0]!
        return (text) => text === only
      }
      const set = new Set(this.setMatches)
      return (text) => set.has(text)
    }
    // Prometheus compiles with (?s): the dot takes newlines too.
    if (body === '.*') return () => true
    if (body === '.+') return (text) => text !== ''
    const shape = /^(\.\*|\.\+)?([^\\.+*?()|[\]{}^$]+)(\.\*|\.\+)?$/.exec(body)
    if (shape === null) return undefined
    const [, before, literal, after] = shape as unknown as [
      string,
      string | undefined,
      string,
      string | undefined,
    ]
    const least = literal.length + (before === '.+' ? 1 : 0) + (after === '.+' ? 1 : 0)
    if (before === undefined) return (text) => text.length >= least && text.startsWith(literal)
    if (after === undefined) return (text) => text.length >= least && text.endsWith(literal)
    return (text) => {
      const at = text.indexOf(literal, before === '.+' ? 1 : 0)
      return at >= 0 && (after === '.*' || at + literal.length < text.length)
    }
  }
}

function compileAnchored(source: string): RE2JS {
  try {
    RE2JS.compile(source)
    return RE2JS.compile(`^(?s:${source})$`)
  } catch (error) {
    throw new RegexError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** `(?:a|b)` and `(a|b)` mean `a|b` when the brackets enclose the whole pattern. */
function unwrapGroup(source: string): string {
  const match = /^\((?:\?:)?([^()\\]*)\)$/.exec(source)
  return match === null ? source : match[1]!
}

/** More values are not spelled out: the machine is then the smaller thing. */
const SET_VALUES_MAX = 256

function literalAlternation(body: string): readonly string[] | undefined {
  const parts = body.split('|').map(unescapeLiteral)
  if (parts.every((part) => part !== undefined)) return [...new Set(parts as string[])]
  return factoredAlternation(body)
}

/** The values of `/api/(users|orders)/v(1|2)`: literals with alternations of literals between them. */
function factoredAlternation(body: string): readonly string[] | undefined {
  let values: string[] = ['']
  let rest = body
  while (rest !== '') {
    const group = /^\((?:\?:)?((?:[^()\\[\]{}.*+?^$]|\\[!-/:-@[-`{-~])*)\)(?![*+?{])/.exec(rest)
    const literal = group === null ? /^(?:[^()\\[\]{}.*+?^$|]|\\[!-/:-@[-`{-~])+(?![*+?{])/.exec(rest) : null
    const choices = (group?.[1]!.split('|') ?? [literal?.[0] ?? '(']).map(unescapeLiteral)
    if (choices.some((choice) => choice === undefined)) return undefined
    if (values.length * choices.length > SET_VALUES_MAX) return undefined
    values = values.flatMap((value) => choices.map((choice) => value + choice!))
    rest = rest.slice((group ?? literal)![0].length)
  }
  return [...new Set(values)]
}

/** Undefined when the pattern is more than a literal with escaped punctuation. */
function unescapeLiteral(pattern: string): string | undefined {
  if (LITERAL.test(pattern)) return pattern
  let out = ''
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!
    if (character === '\\') {
      const next = pattern[++i]
      if (next === undefined || !/^[!-/:-@[-`{-~]$/.test(next)) return undefined
      out += next
    } else if (LITERAL.test(character)) out += character
    else return undefined
  }
  return out
}

function literalPrefix(source: string): string {
  if (source.includes('|') || source.includes('(?')) return ''
  const literal = /^[^\\.+*?()|[\]{}^$]*/.exec(source)![0]
  // A quantifier binds the last character: `ab*` promises only `a`.
  return /[*?{]/.test(source[literal.length] ?? '') ? [...literal].slice(0, -1).join('') : literal
}
