import { parseDuration } from '@promontory/model'

/** The request asks for something that cannot be: answered as `bad_data` with status 400. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

/** Query string and form body together, as Go's `r.Form`: the body's values come first. */
export class Params {
  readonly #values: URLSearchParams

  constructor(query: string, form = '') {
    this.#values = new URLSearchParams(form === '' ? query : `${form}&${query}`)
  }

  /** The first value, `''` when there is none. */
  get(name: string): string {
    return this.#values.get(name) ?? ''
  }

  all(name: string): string[] {
    return this.#values.getAll(name)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** A time in ms. @throws BadRequest with Prometheus's text, which is longer for times that may be left out */
  time(name: string, otherwise: number | undefined): number {
    const text = this.get(name)
    if (text === '' && otherwise !== undefined) return otherwise
    const timeMs = parseTime(text)
    if (timeMs === undefined)
      throw new BadRequest(
        `invalid parameter "${name}": ${otherwise === undefined ? '' : `invalid time value for '${name}': `}` +
          `cannot parse "${text}" to a valid timestamp`,
      )
    return timeMs
  }

  /** A duration in ms, undefined when absent. @throws BadRequest */
  duration(name: string): number | undefined {
    const text = this.get(name)
    if (text === '') return undefined
    const durationMs = parseSeconds(text)
    if (durationMs === undefined)
      throw new BadRequest(`invalid parameter "${name}": cannot parse "${text}" to a valid duration`)
    return durationMs
  }

  /** A whole number ≥ 0; 0 when absent, which means "no limit". @throws BadRequest */
  limit(name = 'limit'): number {
    const text = this.get(name)
    if (text === '') return 0
    if (!/^[+-]?\d+$/.test(text))
      throw new BadRequest(`invalid parameter "${name}": cannot parse "${text}" to a valid limit`)
    const value = Number(text)
    if (value < 0) throw new BadRequest(`invalid parameter "${name}": limit must be non-negative`)
    return value
  }
}

/** Unix seconds with fraction, or RFC 3339. @returns ms, undefined when it is neither */
export function parseTime(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Math.round(Number(text) * 1000)
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const timeMs = Date.parse(text)
  return Number.isNaN(timeMs) ? undefined : timeMs
}

/** Float seconds, or a Prometheus duration. @returns ms, undefined when it is neither */
export function parseSeconds(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Math.round(Number(text) * 1000)
  try {
    return parseDuration(text)
  } catch {
    return undefined
  }
}
