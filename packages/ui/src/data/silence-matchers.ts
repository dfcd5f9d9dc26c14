/** What labels a silence is about, as Alertmanager's API has it. */
export interface SilenceMatcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  readonly isEqual: boolean
}

/** `job="a"`, `instance!~"b.*"`, … as they are written in routes. */
export function matcherText({ name, value, isRegex, isEqual }: SilenceMatcher): string {
  return `${name}${isEqual ? '=' : '!'}${isRegex ? '~' : isEqual ? '' : '='}${JSON.stringify(value)}`
}

/**
 * Matchers one per line or separated by commas.
 * @throws Error quoting the part that is none
 */
export function parseMatchers(text: string): SilenceMatcher[] {
  const matchers: SilenceMatcher[] = []
  let rest = text.replace(/^\s*\{|\}\s*$/g, '').trim()
  while (rest !== '') {
    const match = /^([a-zA-Z_][\w.:]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)\s*(?:,|\n|$)\s*/.exec(
      rest,
    )
    if (match === null)
      throw new Error(
        `"${rest.slice(0, 40)}" is no matcher, expected e.g. job="checkout" or instance=~"web.*"`,
      )
    const [whole, name = '', operator = '', written = ''] = match
    const value = written.startsWith('"') ? (JSON.parse(written) as string) : written
    matchers.push({ name, value, isRegex: operator.endsWith('~'), isEqual: !operator.startsWith('!') })
    rest = rest.slice(whole.length)
  }
  return matchers
}
