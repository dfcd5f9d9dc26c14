import { Labels, Matcher } from '@promontory/model'
import { parseSelector } from '@promontory/promql/parser'

/** What an engine said; a failure costs a warning, not the answer. */
export interface OlderAnswer<T> {
  readonly found: readonly T[]
  readonly warnings: readonly string[]
}

export interface OlderLabelsOptions {
  /** With these our series stand in the engine; the answers are without them. */
  readonly externalLabels: Labels
  /** Local data begins here. */
  readonly beforeMs: number
  /** @returns the body of the answer, JSON */
  readonly ask: (path: string, form: string) => Promise<string>
}

interface Question {
  readonly selectors: readonly string[]
  readonly startMs: number
  readonly endMs: number
  readonly limit: number
}

/** Names and values of labels, and series, of the times that lie before local data: asked of the engine that keeps them, by its HTTP API. */
export class OlderLabels {
  readonly #options: OlderLabelsOptions

  constructor(options: OlderLabelsOptions) {
    this.#options = options
  }

  names(question: Question): Promise<OlderAnswer<string>> {
    const { externalLabels } = this.#options
    return this.#ask('/labels', question, (name) =>
      typeof name === 'string' && !externalLabels.has(name) ? name : undefined,
    )
  }

  values(name: string, question: Question): Promise<OlderAnswer<string>> {
    const own = this.#options.externalLabels.get(name)
    return this.#ask(`/label/${encodeURIComponent(name)}/values`, question, (value) =>
      typeof value === 'string' && (own === '' || value !== own) ? value : undefined,
    )
  }

  series(question: Question): Promise<OlderAnswer<Labels>> {
    const { externalLabels } = this.#options
    return this.#ask('/series', question, (series) => {
      if (typeof series !== 'object' || series === null) return undefined
      const pairs = Object.entries(series as Record<string, string>)
      return Labels.from(pairs.filter(([name, value]) => externalLabels.get(name) !== value))
    })
  }

  async #ask<T>(
    path: string,
    question: Question,
    read: (entry: unknown) => T | undefined,
  ): Promise<OlderAnswer<T>> {
    try {
      const answer = JSON.parse(await this.#options.ask(path, this.#form(question))) as { data?: unknown }
      const entries: readonly unknown[] = Array.isArray(answer.data) ? answer.data : []
      return { found: entries.map(read).filter((entry) => entry !== undefined), warnings: [] }
    } catch (error) {
      return { found: [], warnings: [`storage.remote: ${(error as Error).message}`] }
    }
  }

  #form({ selectors, startMs, endMs, limit }: Question): string {
    const { beforeMs, externalLabels } = this.#options
    const form = new URLSearchParams({
      start: seconds(Math.max(0, startMs)),
      end: seconds(Math.min(endMs, beforeMs, Date.now())),
    })
    if (limit > 0) form.set('limit', String(limit))
    const ours = [...externalLabels].map(([name, value]) => new Matcher('=', name, value))
    for (const selector of selectors) form.append('match[]', together(parseSelector(selector), ours))
    if (selectors.length === 0 && ours.length > 0) form.append('match[]', together([], ours))
    return form.toString()
  }
}

/** A selector's own matchers win over external labels of the same name. */
function together(matchers: readonly Matcher[], external: readonly Matcher[]): string {
  const added = external.filter(({ name }) => !matchers.some((matcher) => matcher.name === name))
  return `{${[...matchers, ...added].map(String).join(',')}}`
}

function seconds(timeMs: number): string {
  return (timeMs / 1000).toFixed(3)
}
