/** What stands in print for a secret, as everywhere in Prometheus. */
export const SECRET_TEXT = '<secret>'

/** A password or token. Every way of printing it gives `<secret>`; `reveal()` is the one way to the text. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  get isEmpty(): boolean {
    return this.#text === ''
  }

  toString(): string {
    return this.#text === '' ? '' : SECRET_TEXT
  }

  toJSON(): string {
    return this.toString()
  }
}

/**
 * Whether two decoded values mean the same, secrets compared by their text (a structural comparison cannot see it). For
 * deciding at a reload what changed.
 */
export function sameConfig(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Secret || b instanceof Secret)
    return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal()
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (a instanceof URL && b instanceof URL) return a.href === b.href
  // A compiled pattern is its source; what it remembers of past matches does not count.
  if ('source' in a && 'source' in b && 'matches' in a) return a.source === b.source
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => sameConfig((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}
