import { quote } from '@promontory/model'
import { RE2JS } from 're2js'
import { FunctionError } from './errors.ts'

/** Patterns kept compiled: templates use the same few again and again. */
const COMPILED_MAX = 200
const compiled = new Map<string, RE2JS>()

/** Characters that one call searches: half a second at worst. */
const TEXT_LENGTH_MAX = 256 * 1024

/** @throws FunctionError */
function checkLength(text: string): void {
  if (text.length > TEXT_LENGTH_MAX)
    throw new FunctionError(
      `a text of ${text.length} characters is too long to be searched: at most ${TEXT_LENGTH_MAX}`,
    )
}

/** @throws FunctionError with Go's text for a pattern that RE2 refuses */
function compile(pattern: string): RE2JS {
  let regex = compiled.get(pattern)
  if (regex === undefined) {
    try {
      regex = RE2JS.compile(pattern)
    } catch (error) {
      throw new FunctionError(error instanceof Error ? error.message : String(error))
    }
    if (compiled.size >= COMPILED_MAX) compiled.clear()
    compiled.set(pattern, regex)
  }
  return regex
}

/** As Go's MustCompile, whose panic names the pattern. */
function mustCompile(pattern: string): RE2JS {
  try {
    return compile(pattern)
  } catch (error) {
    const shown = /^[^`\p{Cc}\ufeff]*$/u.test(pattern) ? `\`${pattern}\`` : quote(pattern)
    throw new FunctionError(`regexp: Compile(${shown}): ${(error as Error).message}`)
  }
}

/** `regexp.MatchString`: unanchored. */
export function matchString(pattern: string, text: string): boolean {
  checkLength(text)
  return compile(pattern).matcher(text).find()
}

/** `ReplaceAllString`: `$1`, `$name`, `${name}` stand for groups, `$$` for a dollar. */
export function replaceAllString(pattern: string, replacement: string, text: string): string {
  const regex = mustCompile(pattern)
  checkLength(text)
  const matcher = regex.matcher(text)
  const names = regex.namedGroups()
  let out = ''
  let at = 0
  while (matcher.find()) {
    out += text.slice(at, matcher.start())
    out += expand(replacement, (name) => {
      const index = /^\d+$/.test(name) ? Number(name) : (names[name] ?? -1)
      return index >= 0 && index <= regex.groupCount() ? (matcher.group(index) ?? '') : ''
    })
    at = matcher.end()
  }
  return out + text.slice(at)
}

function expand(replacement: string, group: (name: string) => string): string {
  return replacement.replace(
    /\$(?:(\$)|\{(\w+)\}|(\w+))/g,
    (_all, dollar?: string, braced?: string, bare?: string) =>
      dollar !== undefined ? '$' : group(braced ?? bare!),
  )
}
