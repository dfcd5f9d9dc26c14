import { quote } from '@promontory/model'
import { children, typeOf } from '../parser/ast.ts'
import type { ParserOptions } from '../parser/options.ts'
import { ALL_PARSER_OPTIONS } from '../parser/options.ts'
import { parseExpr } from '../parser/parse.ts'
import { printExpr } from '../parser/printer.ts'

/** What random queries may speak of. */
export interface Vocabulary {
  readonly counters: readonly string[]
  readonly gauges: readonly string[]
  /** Names of classic histograms, without `_bucket`. */
  readonly classicHistograms: readonly string[]
  readonly nativeHistograms: readonly string[]
  /** Labels that all metrics have, each with some of its values. */
  readonly labels: Readonly<Record<string, readonly string[]>>
  /** Times for `@`, in Unix seconds. */
  readonly atSeconds: readonly number[]
  /** Durations for ranges and offsets, e.g. on and off the scrape interval. */
  readonly durations: readonly string[]
  /** Whether functions and aggregations behind `promql-experimental-functions` may be used. */
  readonly experimental?: boolean
}

/** Numbers in [0, 1) from a seed: Mulberry32. The same seed gives the same numbers everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A valid query that depends on `seed` and the vocabulary only; `depth` bounds its nesting. */
export function randomQuery(seed: number, vocabulary: Vocabulary, depth: number = 3): string {
  return new QueryWriter(seededRandom(seed), vocabulary).vector(depth)
}

/**
 * Smaller queries to try when a query fails: its vector parts, and itself with one part replaced by that part's own
 * vector. Used to shrink a failure.
 */
export function smallerQueries(query: string, options: ParserOptions = ALL_PARSER_OPTIONS): string[] {
  const found = new Set<string>()
  const visit = (expr: ReturnType<typeof parseExpr>): void => {
    for (const child of children(expr)) {
      if (typeOf(child) === 'vector' && child.type !== 'string') found.add(printExpr(child))
      visit(child)
    }
  }
  visit(parseExpr(query, options))
  found.delete(query)
  return [...found].sort((a, b) => a.length - b.length)
}

const OVER_TIME = ['avg', 'min', 'max', 'sum', 'count', 'last', 'present', 'stddev', 'stdvar'].map((name) => `${name}_over_time`) // prettier-ignore
const EXPERIMENTAL_OVER_TIME = ['mad', 'ts_of_max', 'ts_of_min', 'ts_of_last'].map(
  (name) => `${name}_over_time`,
)
const ELEMENTWISE = ['abs', 'ceil', 'floor', 'sgn', 'sqrt', 'exp', 'ln', 'log2', 'log10', 'deg', 'rad', 'sin', 'atan', 'tanh', 'round', 'timestamp', 'minute', 'hour', 'day_of_week', 'day_of_year', 'days_in_month'] // prettier-ignore
const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar']

class QueryWriter {
  readonly #random: () => number
  readonly #words: Vocabulary

  constructor(random: () => number, words: Vocabulary) {
    this.#random = random
    this.#words = words
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  /** An instant vector. */
  vector(depth: number): string {
    if (depth <= 0) return this.#selector(this.#anyMetric()) + this.#modifiers()
    const forms = [
      () => this.#rangeFunction(depth - 1),
      () => this.#rangeFunction(depth - 1),
      () => this.#aggregation(depth - 1),
      () => this.#aggregation(depth - 1),
      () => this.#vectorScalar(depth - 1),
      () => this.#vectorVector(depth - 1),
      () => `${this.#pick(ELEMENTWISE)}(${this.vector(depth - 1)})`,
      () => this.#histogramQuantile(),
      () => this.#labels(depth - 1),
      () => this.#special(depth - 1),
      () => this.vector(0),
    ]
    return this.#pick(forms)()
  }

  #anyMetric(): string {
    const { counters, gauges, nativeHistograms } = this.#words
    return this.#pick([...counters, ...gauges, ...nativeHistograms])
  }

  #selector(metric: string): string {
    if (this.#chance(0.6)) return metric
    const label = this.#pick(Object.keys(this.#words.labels))
    const value = this.#pick(this.#words.labels[label]!)
    const operator = this.#pick(['=', '!=', '=~', '!~'])
    return `${metric}{${label}${operator}${quote(operator.endsWith('~') && this.#chance(0.5) ? `${value}|x.*` : value)}}`
  }

  #modifiers(): string {
    let out = ''
    if (this.#chance(0.1))
      out += ` offset ${this.#chance(0.2) ? '-' : ''}${this.#pick(this.#words.durations)}`
    if (this.#chance(0.1))
      out += ` @ ${this.#pick([...this.#words.atSeconds.map(String), 'start()', 'end()'])}`
    return out
  }

  #range(metric: string): string {
    return `${this.#selector(metric)}[${this.#pick(this.#words.durations)}]${this.#modifiers()}`
  }

  #rangeFunction(depth: number): string {
    const { counters, gauges, nativeHistograms } = this.#words
    if (this.#chance(0.2)) {
      const step = this.#chance(0.5) ? '' : this.#pick(['30s', '1m', '95s'])
      return `${this.#pick(OVER_TIME)}((${this.vector(depth)})[${this.#pick(this.#words.durations)}:${step}]${this.#modifiers()})`
    }
    const counter = this.#range(this.#pick([...counters, ...nativeHistograms]))
    const any = this.#range(this.#pick([...counters, ...gauges, ...nativeHistograms]))
    const forms = [
      () => `${this.#pick(['rate', 'increase', 'irate', 'resets', 'changes'])}(${counter})`,
      () => `${this.#pick(['delta', 'idelta', 'deriv'])}(${any})`,
      () => `${this.#pick(OVER_TIME)}(${any})`,
      () => `quantile_over_time(${this.#pick(['0', '0.5', '0.95', '1', '2'])}, ${any})`,
      () => `predict_linear(${any}, ${this.#pick(['60', '-300', '3600'])})`,
      () => `absent_over_time(${any})`,
    ]
    if (this.#words.experimental === true && this.#chance(0.06))
      return this.#chance(0.8)
        ? `${this.#pick(EXPERIMENTAL_OVER_TIME)}(${any})`
        : `double_exponential_smoothing(${any}, ${this.#pick(['0.1', '0.5'])}, 0.3)`
    return this.#pick(forms)()
  }

  #grouping(): string {
    if (this.#chance(0.3)) return ''
    const names = Object.keys(this.#words.labels)
    const chosen = names.filter(() => this.#chance(0.4))
    return ` ${this.#pick(['by', 'without'])} (${chosen.join(', ')}) `
  }

  #aggregation(depth: number): string {
    const inner = this.vector(depth)
    const grouping = this.#grouping()
    if (this.#chance(0.75)) return `${this.#pick(AGGREGATIONS)}${grouping}(${inner})`
    const forms = [
      `quantile${grouping}(${this.#pick(['0.1', '0.5', '0.99'])}, ${inner})`,
      `count_values${grouping}("v", ${inner})`,
      `${this.#pick(['topk', 'bottomk'])}${grouping}(${this.#pick(['0', '1', '3', '100'])}, ${inner})`,
    ]
    if (this.#words.experimental === true)
      forms.push(
        // Of selected series: what comes out of functions has no order in Prometheus.
        `limitk${grouping}(${this.#pick(['1', '4'])}, ${this.vector(0)})`,
        `limit_ratio${grouping}(${this.#pick(['0.3', '-0.6', '1.5'])}, ${inner})`,
      )
    return this.#pick(forms)
  }

  #vectorScalar(depth: number): string {
    const scalar = this.#pick(['2', '0.5', '-1', '0', '1e3', 'time()', `scalar(${this.vector(0)})`])
    const vector = `(${this.vector(depth)})`
    const operator = this.#operator()
    return this.#chance(0.5) ? `${vector} ${operator} ${scalar}` : `${scalar} ${operator} ${vector}`
  }

  #operator(): string {
    if (this.#chance(0.6)) return this.#pick(['+', '-', '*', '/', '%', '^', 'atan2'])
    return this.#pick(['==', '!=', '>', '<', '>=', '<=']) + (this.#chance(0.4) ? ' bool' : '')
  }

  #vectorVector(depth: number): string {
    const left = this.vector(depth)
    const right = this.vector(depth)
    if (this.#chance(0.35))
      return `(${left}) ${this.#pick(['and', 'or', 'unless'])}${this.#matching()} (${right})`
    if (this.#chance(0.25)) return this.#manyToOne(left, right)
    return `(${left}) ${this.#operator()}${this.#matching()} (${right})`
  }

  /** A match with one side summed up by the labels that are compared, so that it is found once mostly. */
  #manyToOne(many: string, one: string): string {
    const names = Object.keys(this.#words.labels).filter(() => this.#chance(0.5))
    const summed = `${this.#pick(AGGREGATIONS)} by (${names.join(', ')}) (${one})`
    const operator = `${this.#operator()} on (${names.join(', ')})`
    const extra = this.#chance(0.2) ? this.#pick(Object.keys(this.#words.labels)) : ''
    return this.#chance(0.5)
      ? `(${many}) ${operator} group_left (${names.includes(extra) ? '' : extra}) (${summed})`
      : `(${summed}) ${operator} group_right () (${many})`
  }

  #matching(): string {
    if (this.#chance(0.4)) return ''
    const names = Object.keys(this.#words.labels).filter(() => this.#chance(0.6))
    return ` ${this.#pick(['on', 'ignoring'])} (${names.join(', ')})`
  }

  #histogramQuantile(): string {
    const { classicHistograms, nativeHistograms } = this.#words
    const quantile = this.#pick(['0', '0.5', '0.9', '0.99', '1'])
    if (nativeHistograms.length > 0 && this.#chance(0.5)) {
      const rate = `rate(${this.#range(this.#pick(nativeHistograms))})`
      return this.#chance(0.5)
        ? `histogram_quantile(${quantile}, ${rate})`
        : `histogram_fraction(0, 2, ${rate})`
    }
    if (classicHistograms.length === 0) return this.vector(0)
    if (this.#chance(0.005)) return `histogram_quantile(${this.#pick(['-1', '0.5', '2'])}, ${this.vector(0)})`
    const bucket = `rate(${this.#range(`${this.#pick(classicHistograms)}_bucket`)})`
    if (this.#chance(0.15)) return `histogram_fraction(0.2, 2, ${bucket})`
    return `histogram_quantile(${quantile}, ${this.#chance(0.5) ? bucket : `sum by (le) (${bucket})`})`
  }

  #labels(depth: number): string {
    const label = this.#pick(Object.keys(this.#words.labels))
    const inner = this.vector(depth)
    if (this.#chance(0.5)) return `label_replace(${inner}, "copy", "$1-x", ${quote(label)}, "(.*)")`
    return `label_join(${inner}, "joined", "-", ${quote(label)}, "nothing")`
  }

  #special(depth: number): string {
    const inner = this.vector(depth)
    const forms = [
      `absent(${inner})`,
      `clamp(${inner}, 1, 10)`,
      `clamp_min(${inner}, 3)`,
      `clamp_max(${inner}, -1)`,
      `round(${inner}, ${this.#pick(['0.1', '5', '-2', '0'])})`,
      `-(${inner})`,
      `vector(scalar(${inner}))`,
      `histogram_count(${inner})`,
      `histogram_sum(${inner})`,
    ]
    return this.#pick(forms)
  }
}
