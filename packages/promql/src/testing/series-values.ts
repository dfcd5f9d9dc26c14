import type { CounterResetHint, FloatHistogram } from '@promontory/model'
import { addHistograms, FloatHistogram as Histogram, Labels, METRIC_NAME, subtractHistograms, withHint } from '@promontory/model' // prettier-ignore
import { parseDurationLiteral, parseNumber } from '../parser/literals.ts'
import { parseSelector } from '../parser/parse.ts'

/** One step of a series of values: a float, a stale marker, a histogram, or nothing. */
export interface SequenceValue {
  readonly value?: number
  readonly histogram?: FloatHistogram
  /** The histogram's counter reset hint was written out. */
  readonly hintGiven?: boolean
  readonly stale?: boolean
  readonly omitted?: boolean
}

/** Text that is not in the language of series values. */
export class SeriesSyntaxError extends Error {
  override readonly name = 'SeriesSyntaxError'
}

/** Most values that one item may expand to. */
const REPETITIONS_MAX = 1_000_000

/** Splits `metric{label="value"} values` into its two parts; the second may be empty. */
export function splitSeries(line: string): [series: string, values: string] {
  let quote = ''
  let inBraces = false
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!
    if (quote !== '') {
      if (character === '\\' && quote !== '`') i++
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'" || character === '`') quote = character
    else if (character === '{') inBraces = true
    else if (character === '}') inBraces = false
    else if (/\s/.test(character) && !inBraces && !/^\s*\{(?!\{)/.test(line.slice(i)))
      return [line.slice(0, i), line.slice(i).trim()]
  }
  return [line, '']
}

/** Labels of a series written as a selector with `=` only. */
export function parseSeriesLabels(text: string): Labels {
  const entries = parseSelector(text.trim()).map(({ name, operator, value }) => {
    if (operator !== '=') throw new SeriesSyntaxError(`${text}: a series takes "=" only, not ${operator}`)
    return [name, value] as const
  })
  return Labels.from(entries)
}

/** `{"x"}` and `x` are the same metric; so are `{__name__="x"}`. */
export function metricLabels(name: string): Labels {
  return Labels.EMPTY.with(METRIC_NAME, name)
}

/**
 * Parses values as the promqltest language and rule tests write them: `1+1x3 _ stale {{count:2}}`.
 * @throws SeriesSyntaxError
 */
export function parseSequence(text: string): SequenceValue[] {
  const out: SequenceValue[] = []
  let rest = text.trim()
  while (rest !== '') {
    const item = rest.startsWith('{{') ? takeHistogramItem(rest, out) : takeItem(rest, out)
    rest = rest.slice(item).trimStart()
  }
  return out
}

function takeItem(text: string, out: SequenceValue[]): number {
  const [item] = /^\S+/.exec(text)!
  for (const value of expandItem(item)) out.push(value)
  return item.length
}

const NUMBER = String.raw`(?:(?:\d+(?:ms|[smhdwy]))+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI]nf|[nN]a[nN])`
const FLOAT_ITEM = new RegExp(`^([+-]?${NUMBER})(?:([+-])(${NUMBER}))?(?:x(\\d+))?$`)

function expandItem(item: string): SequenceValue[] {
  if (item === 'stale') return [{ stale: true }]
  const blank = /^_(?:x(\d+))?$/.exec(item)
  if (blank !== null) return Array.from({ length: repetitions(blank[1] ?? '1') }, () => ({ omitted: true }))
  if (/^[+-]?0x[0-9a-f]*[a-f][0-9a-f]*$/i.test(item)) return [{ value: parseSigned(item) }]
  const match = FLOAT_ITEM.exec(item)
  if (match === null) throw new SeriesSyntaxError(`unexpected ${JSON.stringify(item)} in series values`)
  const [, first, sign, increment, times] = match
  if (sign !== undefined && times === undefined)
    throw new SeriesSyntaxError(`${item}: an increment needs a repetition, as in 1+2x5`)
  let value = parseSigned(first!)
  const step = increment === undefined ? 0 : parseSigned(`${sign}${increment}`)
  const values: SequenceValue[] = [{ value }]
  for (let i = repetitions(times ?? '0'); i > 0; i--) {
    if (increment !== undefined) value += step
    values.push({ value })
  }
  return values
}

function repetitions(digits: string): number {
  const count = Number(digits)
  if (count > REPETITIONS_MAX)
    throw new SeriesSyntaxError(`more than ${REPETITIONS_MAX} repetitions: ${digits}`)
  return count
}

/** A number or a duration (in seconds), with a sign or without. */
export function parseSigned(text: string): number {
  const negative = text.startsWith('-')
  const unsigned = text.replace(/^[+-]/, '')
  const value = /^(?:\d+(?:ms|[smhdwy]))+$/.test(unsigned)
    ? parseDurationLiteral(unsigned)
    : parseNumber(unsigned)
  return negative ? -value : value
}

function takeHistogramItem(text: string, out: SequenceValue[]): number {
  const match = /^\{\{(.*?)\}\}(?:([+-])\{\{(.*?)\}\})?(?:x(\d+))?(?=\s|$)/s.exec(text)
  if (match === null)
    throw new SeriesSyntaxError(`unexpected ${JSON.stringify(text.slice(0, 40))} in series values`)
  const [whole, first, sign, increment, times] = match
  const base = parseHistogram(first!)
  const step = increment === undefined ? undefined : parseHistogram(increment)
  if (step !== undefined && base.histogram.schema > step.histogram.schema)
    throw new SeriesSyntaxError(
      `error combining histograms: cannot merge from schema ${step.histogram.schema} to ${base.histogram.schema}`,
    )
  let { histogram } = base
  const hintGiven = (step ?? base).hintGiven
  out.push({ histogram, hintGiven })
  for (let i = repetitions(times ?? '0'); i > 0; i--) {
    if (step !== undefined)
      histogram = (sign === '+' ? addHistograms : subtractHistograms)(histogram, step.histogram).histogram
    out.push({ histogram, hintGiven })
  }
  return whole.length
}

const HINTS: Readonly<Record<string, CounterResetHint>> = {
  unknown: 'unknown',
  reset: 'reset',
  not_reset: 'not_reset',
  gauge: 'gauge',
}

/** The inside of `{{…}}`. */
function parseHistogram(text: string): { histogram: FloatHistogram; hintGiven: boolean } {
  const fields = new Map<string, string>()
  const pattern = /\s*([a-z_]+):(\[[^\]]*\]|\S+)\s*/y
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) throw new SeriesSyntaxError(`bad histogram description: ${text.slice(at)}`)
    const [, key, value] = match as unknown as [string, string, string]
    if (fields.has(key)) throw new SeriesSyntaxError(`duplicate key "${key}" in histogram`)
    fields.set(key, value)
  }
  const known = ['schema', 'count', 'sum', 'z_bucket', 'z_bucket_w', 'buckets', 'offset', 'n_buckets', 'n_offset', 'custom_values', 'counter_reset_hint'] // prettier-ignore
  for (const key of fields.keys())
    if (!known.includes(key)) throw new SeriesSyntaxError(`bad histogram descriptor found: "${key}"`)
  const number = (key: string): number => parseSigned(fields.get(key) ?? '0')
  const list = (key: string): number[] =>
    (fields.get(key) ?? '[]').slice(1, -1).split(/\s+/).filter(Boolean).map(parseSigned)
  const spans = (counts: readonly number[], offset: number): { offset: number; length: number }[] =>
    counts.length === 0 ? [] : [{ offset, length: counts.length }]
  const hint = fields.get('counter_reset_hint')
  if (hint !== undefined && !Object.hasOwn(HINTS, hint))
    throw new SeriesSyntaxError(`error parsing counter_reset_hint: unknown value ${hint}`)
  const positive = list('buckets')
  const negative = list('n_buckets')
  const histogram = new Histogram({
    schema: number('schema'),
    count: number('count'),
    sum: number('sum'),
    zeroCount: number('z_bucket'),
    zeroThreshold: number('z_bucket_w'),
    positiveBuckets: positive,
    positiveSpans: spans(positive, number('offset')),
    negativeBuckets: negative,
    negativeSpans: spans(negative, number('n_offset')),
    customBounds: list('custom_values'),
  })
  return { histogram: withHint(histogram, HINTS[hint ?? 'unknown']!), hintGiven: hint !== undefined }
}
