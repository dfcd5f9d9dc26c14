import { Matcher, type Labels, type MatchOperator } from '@promontory/model'
import { matchesAll } from '../matchers/alert-matcher.ts'

/** A matcher as the API and the store hold it. */
export interface SilenceMatcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  readonly isEqual: boolean
}

/** Mutes matching alerts between two times (Unix milliseconds). */
export interface Silence {
  readonly id: string
  readonly matchers: readonly SilenceMatcher[]
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly updatedAtMs: number
  readonly createdBy: string
  readonly comment: string
  readonly annotations: Readonly<Record<string, string>>
}

export type SilenceState = 'active' | 'pending' | 'expired'

export function silenceState({ startsAtMs, endsAtMs }: Silence, nowMs: number): SilenceState {
  if (nowMs < startsAtMs) return 'pending'
  return nowMs > endsAtMs ? 'expired' : 'active'
}

export function operatorOf({ isRegex, isEqual }: SilenceMatcher): MatchOperator {
  return isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!='
}

/** @throws RegexError for a pattern that RE2 refuses */
export function compileMatchers(matchers: readonly SilenceMatcher[]): Matcher[] {
  return matchers.map((matcher) => new Matcher(operatorOf(matcher), matcher.name, matcher.value))
}

/** What is wrong with a silence, in upstream's words; undefined when nothing is. */
export function silenceFault(silence: Omit<Silence, 'id' | 'updatedAtMs'>): string | undefined {
  if (silence.matchers.length === 0) return 'invalid silence: at least one matcher required'
  const compiled: Matcher[] = []
  for (const [i, { name, value }] of silence.matchers.entries()) {
    if (name === '' || !name.isWellFormed())
      return `invalid silence: invalid label matcher ${i} in set 0: invalid label name "${name}"`
    if (!value.isWellFormed())
      return `invalid silence: invalid label matcher ${i} in set 0: invalid label value "${value}"`
  }
  for (const [i, matcher] of silence.matchers.entries())
    try {
      compiled.push(...compileMatchers([matcher]))
    } catch (error) {
      return `invalid silence: invalid label matcher ${i} in set 0: invalid regular expression ${JSON.stringify(matcher.value)}: ${(error as Error).message}`
    }
  if (compiled.every((matcher) => matcher.matchesEmpty()))
    return 'invalid silence: matcher set 0: at least one matcher must not match the empty string'
  if (silence.endsAtMs < silence.startsAtMs) return 'invalid silence: end time must not be before start time'
  return undefined
}

export function silenceMatches(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchesAll(matchers, labels)
}
