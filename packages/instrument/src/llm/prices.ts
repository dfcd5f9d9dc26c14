/** Prices in US dollars per million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Input that the vendor had in its cache; the price of input when not given. */
  readonly cacheRead?: number
  /** Input that goes into the vendor's cache; the price of input when not given. */
  readonly cacheWrite?: number
}

/** Prices by the beginning of a model's name, with the day on which they were looked up. */
export interface PriceTable {
  /** `2025-12-01` */
  readonly date: string
  readonly models: Readonly<Record<string, Price>>
}

/** Tokens of one call, each counted once. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
}

/** List prices of the vendors. They change: give your own table with the option `prices`. */
export const LIST_PRICES: PriceTable = {
  date: '2025-12-01',
  models: {
    'gpt-5': { input: 1.25, output: 10, cacheRead: 0.125 },
    'gpt-5-mini': { input: 0.25, output: 2, cacheRead: 0.025 },
    'gpt-5-nano': { input: 0.05, output: 0.4, cacheRead: 0.005 },
    'gpt-4.1': { input: 2, output: 8, cacheRead: 0.5 },
    'gpt-4.1-mini': { input: 0.4, output: 1.6, cacheRead: 0.1 },
    'gpt-4.1-nano': { input: 0.1, output: 0.4, cacheRead: 0.025 },
    'gpt-4o': { input: 2.5, output: 10, cacheRead: 1.25 },
    'gpt-4o-mini': { input: 0.15, output: 0.6, cacheRead: 0.075 },
    'gpt-4-turbo': { input: 10, output: 30 },
    'gpt-4': { input: 30, output: 60 },
    'gpt-3.5-turbo': { input: 0.5, output: 1.5 },
    o3: { input: 2, output: 8, cacheRead: 0.5 },
    'o4-mini': { input: 1.1, output: 4.4, cacheRead: 0.275 },
    'text-embedding-3-small': { input: 0.02, output: 0 },
    'text-embedding-3-large': { input: 0.13, output: 0 },
    'claude-opus-4-5': { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
    'claude-opus-4': { input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 },
    'claude-sonnet-4': { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
    'claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
    'claude-3-5-haiku': { input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1 },
    'gemini-2.5-pro': { input: 1.25, output: 10, cacheRead: 0.125 },
    'gemini-2.5-flash': { input: 0.3, output: 2.5, cacheRead: 0.03 },
    'gemini-2.0-flash': { input: 0.1, output: 0.4, cacheRead: 0.025 },
    'deepseek-chat': { input: 0.28, output: 0.42, cacheRead: 0.028 },
    'deepseek-reasoner': { input: 0.28, output: 0.42, cacheRead: 0.028 },
  },
}

const MILLION = 1_000_000

/** The price of a model: its own, or that of the longest name that it is a dated or named version of. */
export function priceOf(model: string, { models }: PriceTable): Price | undefined {
  const exact = models[model]
  if (exact !== undefined) return exact
  const bases = Object.keys(models).filter((name) => model.startsWith(`${name}-`) && isVersion(model.slice(name.length + 1))) // prettier-ignore
  const longest = bases.sort((a, b) => b.length - a.length)[0]
  return longest === undefined ? undefined : models[longest]
}

/** `gpt-4o-2024-08-06` and `claude-sonnet-4-5` are versions; `gpt-4o-audio` is another model with other prices. */
function isVersion(rest: string): boolean {
  return /^(\d[\d.-]*|latest|preview)(-(\d[\d-]*|latest|preview))*$/.test(rest)
}

/** Dollars of one call; undefined when the model has no known price. */
export function costOf(model: string, usage: Usage, table: PriceTable): number | undefined {
  const price = priceOf(model, table)
  if (price === undefined) return undefined
  const { input, output, cacheRead = 0, cacheWrite = 0 } = usage
  return (
    (input * price.input +
      output * price.output +
      cacheRead * (price.cacheRead ?? price.input) +
      cacheWrite * (price.cacheWrite ?? price.input)) /
    MILLION
  )
}
