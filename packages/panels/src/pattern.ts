import { RE2JS } from 're2js'

/** A regular expression that we cannot run in linear time, or that is none. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/** What a pattern found: the whole, its groups, and the named ones. */
export interface Found {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly groups: readonly (string | undefined)[]
  readonly named: Readonly<Record<string, string>>
}

/** Characters of a text that a pattern with a negative look-ahead looks at. */
const GUARDED_LENGTH_MAX = 4096

const cache = new Map<string, Pattern>()
const CACHE_SIZE_MAX = 500

/**
 * A regular expression of a dashboard: `/text/flags` or the bare text. It runs in linear time (RE2), so that no dashboard
 * can hang a page. Of JavaScript's look-around, one negative look-ahead in front is understood (`(?!a|b).+`), which is
 * what dashboards use.
 * @throws PatternError
 */
export class Pattern {
  readonly #main: RE2JS
  readonly #guard: RE2JS | undefined
  readonly #isAnchored: boolean
  readonly #names: readonly string[]
  readonly isGlobal: boolean

  constructor(source: string) {
    const parts = /^\/([\s\S]*)\/([gimsuy]*)$/.exec(source)
    const body = parts?.[1] ?? source
    const flagText = parts?.[2] ?? ''
    this.isGlobal = flagText.includes('g')
    const flags = (flagText.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) | (flagText.includes('s') ? RE2JS.DOTALL : 0)
      | (flagText.includes('m') ? RE2JS.MULTILINE : 0) // prettier-ignore
    const look = splitLookahead(body)
    this.#isAnchored = look.isAnchored
    this.#guard = look.guard === undefined ? undefined : compile(`^(?:${look.guard})`, flags, source)
    this.#main = compile(look.guard === undefined ? body : `^(?:${look.rest})`, flags, source)
    this.#names = [...body.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map((match) => match[1]!)
  }

  /** The first match at or after a position. */
  find(text: string, from = 0): Found | undefined {
    if (this.#guard === undefined) return this.#find(text, from)
    const end = Math.min(text.length, GUARDED_LENGTH_MAX)
    for (let start = from; start <= end; start++) {
      if (this.#isAnchored && start > 0) return undefined
      const rest = text.slice(start)
      if (this.#guard.matcher(rest).find()) continue
      const found = this.#find(rest, 0)
      if (found !== undefined) return { ...found, start: found.start + start, end: found.end + start }
    }
    return undefined
  }

  test(text: string): boolean {
    return this.find(text) !== undefined
  }

  /** As JavaScript's `replace`: the first match, all of them with the flag `g`; `$1`, `$<name>` and `$&` are filled in. */
  replace(text: string, template: string): string {
    let out = ''
    let position = 0
    for (let found = this.find(text); found !== undefined; found = this.find(text, position)) {
      out += text.slice(position, found.start) + fill(template, found)
      position = found.end
      if (!this.isGlobal) break
      if (found.end === found.start) {
        out += text.slice(position, position + 1)
        position++
        if (position > text.length) break
      }
    }
    return out + text.slice(position)
  }

  #find(text: string, from: number): Found | undefined {
    const matcher = this.#main.matcher(text)
    if (!matcher.find(from)) return undefined
    const groups = Array.from({ length: matcher.groupCount() }, (_, i) => matcher.group(i + 1) ?? undefined)
    const named: Record<string, string> = {}
    for (const name of this.#names) {
      const value = matcher.group(name)
      if (value !== null && value !== undefined) named[name] = value
    }
    return { text: matcher.group(0) ?? '', start: matcher.start(0), end: matcher.end(0), groups, named }
  }
}

/** The pattern of a text, kept for the next time. @throws PatternError */
export function patternOf(source: string): Pattern {
  const known = cache.get(source)
  if (known !== undefined) return known
  const made = new Pattern(source)
  if (cache.size >= CACHE_SIZE_MAX) cache.clear()
  cache.set(source, made)
  return made
}

/** Whether the text matches; a pattern that cannot be run matches nothing. */
export function isMatch(source: string, text: string): boolean {
  try {
    return patternOf(source).test(text)
  } catch (error) {
    if (error instanceof PatternError) return false
    throw error
  }
}

function compile(body: string, flags: number, source: string): RE2JS {
  try {
    return RE2JS.compile(body, flags)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new PatternError(`'${source}' is no regular expression that can be run here: ${reason}`, {
      cause: error,
    })
  }
}

/** `^(?!a|b)rest` → its parts. A look-ahead ends at its own parenthesis. */
function splitLookahead(body: string): { isAnchored: boolean; guard?: string; rest: string } {
  const isAnchored = body.startsWith('^')
  const start = isAnchored ? 1 : 0
  if (!body.startsWith('(?!', start)) return { isAnchored, rest: body }
  let depth = 0
  for (let i = start; i < body.length; i++) {
    const char = body[i]
    if (char === '\\') i++
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0)
      return { isAnchored, guard: body.slice(start + 3, i), rest: body.slice(i + 1) }
  }
  return { isAnchored, rest: body }
}

function fill(template: string, found: Found): string {
  return template.replace(/\$(?:(\d{1,2})|<(\w+)>|(&)|(\$))/g, (whole, index, name, all, dollar) => {
    if (dollar !== undefined) return '$'
    if (all !== undefined) return found.text
    if (name !== undefined) return found.named[name] ?? ''
    const at = Number(index)
    return at >= 1 && at <= found.groups.length ? (found.groups[at - 1] ?? '') : whole
  })
}
