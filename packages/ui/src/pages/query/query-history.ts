/** Expressions that were run, newest first, kept in the browser. */

const KEY = 'promontory.queries'
const EXPRESSIONS_MAX = 50
/** Longer ones are not kept: the browser's store is small. */
const LENGTH_MAX = 10_000

export type Store = Pick<Storage, 'getItem' | 'setItem'>

export function recentExpressions(store: Store): readonly string[] {
  try {
    const kept: unknown = JSON.parse(store.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((entry): entry is string => typeof entry === 'string') : []
  } catch {
    // Private windows refuse to read; what is no JSON was not ours.
    return []
  }
}

/** Puts an expression in front; one that stands further down moves up. */
export function rememberExpression(store: Store, expr: string): void {
  const text = expr.trim()
  if (text === '' || text.length > LENGTH_MAX) return
  const others = recentExpressions(store).filter((other) => other !== text)
  try {
    store.setItem(KEY, JSON.stringify([text, ...others].slice(0, EXPRESSIONS_MAX)))
  } catch {
    // A full or refused store: the history then ends here.
  }
}

/** Walks through the history with the arrow keys. */
export class HistoryCursor {
  readonly #expressions: () => readonly string[]
  #index = -1

  constructor(expressions: () => readonly string[]) {
    this.#expressions = expressions
  }

  /**
   * What the editor is to hold after one step back (1) or forth (-1).
   * @param text  what it holds now
   * @returns undefined when the key is to do what it does otherwise: the text was written or changed by hand
   */
  step(by: 1 | -1, text: string): string | undefined {
    const expressions = this.#expressions()
    if (text.trim() === '') this.#index = -1
    else if (text !== expressions[this.#index]) return undefined
    const next = this.#index + by
    if (next < -1 || next >= expressions.length) return undefined
    this.#index = next
    return expressions[next] ?? ''
  }
}
