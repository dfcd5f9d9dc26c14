import {
  isClassicLabelName,
  Matcher,
  quote,
  RegexError,
  type Labels,
  type MatchOperator,
} from '@promontory/model'

/** How matchers are read: the UTF-8 grammar with the older one as fall-back, or one of them alone. */
export type MatcherMode = 'fallback' | 'classic' | 'utf8-strict'

export class MatcherSyntaxError extends Error {
  override readonly name = 'MatcherSyntaxError'
}

/** Reads `a="b", c=~"d"`, with or without braces. @throws MatcherSyntaxError */
export function parseMatchers(input: string, mode: MatcherMode = 'fallback'): Matcher[] {
  if (mode === 'classic') return parseClassicMatchers(input)
  try {
    return parseUtf8Matchers(input)
  } catch (error) {
    if (mode === 'utf8-strict') throw error
    return parseClassicMatchers(input)
  }
}

/** Reads one matcher, as `filter=` parameters hold. @throws MatcherSyntaxError */
export function parseMatcher(input: string, mode: MatcherMode = 'fallback'): Matcher {
  if (/^\{|\}$/.test(input)) throw new MatcherSyntaxError(`unexpected open or close brace: ${input}`)
  if (mode === 'classic') return parseClassicMatcher(input)
  try {
    const matchers = parseUtf8Matchers(input)
    if (matchers.length === 1) return matchers[0]!
    throw new MatcherSyntaxError(matchers.length === 0 ? 'no matchers' : 'expected 1 matcher, found more')
  } catch (error) {
    if (mode === 'utf8-strict') throw error
    return parseClassicMatcher(input)
  }
}

function makeMatcher(operator: string, name: string, value: string): Matcher {
  try {
    return new Matcher(operator as MatchOperator, name, value)
  } catch (error) {
    if (error instanceof RegexError) throw new MatcherSyntaxError(error.message, { cause: error })
    throw error
  }
}

const CLASSIC = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*([^]*?)\s*$/

function parseClassicMatchers(input: string): Matcher[] {
  const body = input.replace(/^\{/, '').replace(/\}$/, '')
  const tokens: string[] = []
  let [token, inside, escaped] = ['', false, false]
  for (const character of body) {
    if (character === ',' && !inside) {
      tokens.push(token)
      token = ''
      continue
    }
    if (character === '"' && !escaped) inside = !inside
    escaped = character === '\\' ? !escaped : false
    token += character
  }
  if (token.trim() !== '') tokens.push(token.trim())
  return tokens.map(parseClassicMatcher)
}

function parseClassicMatcher(input: string): Matcher {
  const match = CLASSIC.exec(input)
  if (match === null) throw new MatcherSyntaxError(`bad matcher format: ${input}`)
  const [, name, operator, raw] = match as unknown as [string, string, string, string]
  return makeMatcher(operator, name, unquoteClassic(raw))
}

function unquoteClassic(raw: string): string {
  const isQuoted = raw.startsWith('"')
  const body = isQuoted ? raw.slice(1) : raw
  const bad = (): never => {
    throw new MatcherSyntaxError(`matcher value contains unescaped double quote: ${raw}`)
  }
  let out = ''
  for (let i = 0; i < body.length; i++) {
    const character = body[i]!
    if (character === '\\' && i < body.length - 1) {
      const next = body[++i]!
      out += next === 'n' ? '\n' : next === '"' || next === '\\' ? next : `\\${next}`
    } else if (character === '"') {
      if (!isQuoted || i < body.length - 1) bad()
      return out
    } else out += character
  }
  return isQuoted ? bad() : out
}

/** Characters that end an unquoted name or value. */
const RESERVED = /[\s{}!=~,\\"'`]/
const OPERATOR = /^(?:=~|!~|!=|=)/

function parseUtf8Matchers(input: string): Matcher[] {
  const text = input.trim()
  const opens = text.startsWith('{')
  if (opens !== text.endsWith('}') || text === '{')
    throw new MatcherSyntaxError(
      `0:${text.length}: ${opens ? 'expected close brace' : 'unexpected close brace'}`,
    )
  const reader = new Utf8Reader(opens ? text.slice(1, -1) : text)
  const matchers: Matcher[] = []
  while (!reader.atEnd) {
    matchers.push(reader.matcher())
    if (!reader.comma() && !reader.atEnd) reader.fail('expected a comma or close brace')
  }
  return matchers
}

class Utf8Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#skip()
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  fail(what: string): never {
    throw new MatcherSyntaxError(
      `${this.#at}:${this.#text.length}: ${this.#text.slice(this.#at) || 'end of input'}: ${what}`,
    )
  }

  comma(): boolean {
    if (this.#text[this.#at] !== ',') return false
    this.#at++
    this.#skip()
    return true
  }

  matcher(): Matcher {
    const name = this.#word('a label name')
    const operator = OPERATOR.exec(this.#text.slice(this.#at, this.#at + 2))?.[0]
    if (operator === undefined) this.fail("expected an operator such as '=', '!=', '=~' or '!~'")
    this.#at += operator.length
    this.#skip()
    return makeMatcher(operator, name, this.#word('a label value'))
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #word(what: string): string {
    const start = this.#at
    if (this.#text[start] === '"') return this.#quoted()
    while (this.#at < this.#text.length && !RESERVED.test(this.#text[this.#at]!)) this.#at++
    if (this.#at === start) this.fail(`expected ${what}`)
    const word = this.#text.slice(start, this.#at)
    this.#skip()
    return word
  }

  #quoted(): string {
    const match = /^"(?:[^"\\]|\\.)*"/s.exec(this.#text.slice(this.#at))
    if (match === null) this.fail('missing end "')
    const value = unquoteGo(match[0])
    if (value === undefined) this.fail('invalid input')
    this.#at += match[0].length
    this.#skip()
    return value
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

function unquoteGo(quoted: string): string | undefined {
  let fine = true
  const text = quoted
    .slice(1, -1)
    .replace(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-7][0-9a-fA-F])|([^]))/g,
      (_all, u, big, x, simple) => {
        const hex = u ?? big ?? x
        if (hex !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff))
        const escape = ESCAPES[simple as string]
        fine &&= escape !== undefined
        return escape ?? ''
      },
    )
  return fine ? text : undefined
}

/** In the order that group keys need: name, value, operator. */
export function sortMatchers(matchers: readonly Matcher[]): Matcher[] {
  const rank = { '=': 0, '!=': 1, '=~': 2, '!~': 3 }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...matchers].sort(
    (a, b) => order(a.name, b.name) || order(a.value, b.value) || rank[a.operator] - rank[b.operator],
  )
}

/** `{a="b",c=~"d"}`, as group keys show matchers. */
export function formatMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(formatMatcher).join(',')}}`
}

export function formatMatcher(matcher: Matcher): string {
  const escaped = matcher.value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const name = /[\s{}!=~,\\"'`]/.test(matcher.name) ? quote(matcher.name) : matcher.name
  return `${name}${matcher.operator}"${escaped}"`
}

export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  for (const matcher of matchers) if (!matcher.matches(labels.get(matcher.name))) return false
  return true
}

/**
 * Whether a label name may stand in configuration under `mode`. By default UTF-8 names may, as in upstream, but not one
 * that begins with a dash: that is a list's dash written twice rather than a name.
 */
export function isLabelName(name: string, mode: MatcherMode): boolean {
  if (mode === 'classic') return isClassicLabelName(name)
  return name !== '' && name.isWellFormed() && (mode === 'utf8-strict' || !name.startsWith('-'))
}
