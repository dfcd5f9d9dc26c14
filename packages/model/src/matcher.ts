import { quote, isClassicLabelName } from './labels.ts'
import { AnchoredRegex } from './regex.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** One condition on a label, e.g. `job=~"a.*"`. An absent label matches as the empty string. */
export class Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
  readonly #regex: AnchoredRegex | undefined

  /** @throws RegexError for a pattern that RE2 refuses */
  constructor(operator: MatchOperator, name: string, value: string) {
    this.operator = operator
    this.name = name
    this.value = value
    this.#regex = operator === '=~' || operator === '!~' ? new AnchoredRegex(value) : undefined
  }

  matches(value: string): boolean {
    switch (this.operator) {
      case '=':
        return value === this.value
      case '!=':
        return value !== this.value
      case '=~':
        return this.#regex!.matches(value)
      case '!~':
        return !this.#regex!.matches(value)
    }
  }

  /** Whether a series without this label passes. */
  matchesEmpty(): boolean {
    return this.matches('')
  }

  /**
   * The only values that can match, when the operator is `=` or the regex is an alternation of literals; what makes
   * such patterns as fast as equality. Undefined when there is no such list.
   */
  get setMatches(): readonly string[] | undefined {
    if (this.operator === '=') return [this.value]
    return this.operator === '=~' ? this.#regex!.setMatches : undefined
  }

  /** What every matching value starts with (`''` when nothing is known). For `=~` only. */
  get prefix(): string {
    return this.operator === '=~' ? this.#regex!.prefix : ''
  }

  toString(): string {
    const name = isClassicLabelName(this.name) ? this.name : quote(this.name)
    return `${name}${this.operator}${quote(this.value)}`
  }
}
