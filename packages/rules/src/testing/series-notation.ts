import { FloatHistogram, type CounterResetHint } from '@promontory/model'

/** One value of a notated series; undefined leaves the slot empty. */
export type NotatedValue = number | 'stale' | FloatHistogram | undefined

/** Values that one series may expand to. */
const VALUES_MAX = 11_000_000

/**
 * Reads the values of promtool's `input_series`: `1 2 _ stale 1+2x3 10-1x5 0x4 _x3 NaN -Inf {{schema:1 count:3 sum:4}}`.
 * @throws Error naming the piece that cannot be read
 */
export function parseSeriesNotation(text: string): NotatedValue[] {
  const values: NotatedValue[] = []
  const piece = /\s*(?:(\{\{.*?\}\})(?:x(\d+))?|(\S+))/gs
  for (const match of text.matchAll(piece)) {
    const [, histogram, times, plain] = match
    if (histogram === undefined) values.push(...expandPlain(plain!))
    else {
      const value = parseHistogramNotation(histogram.slice(2, -2))
      for (let i = 0; i <= Number(times ?? 0); i++) values.push(value)
    }
    if (values.length > VALUES_MAX)
      throw new Error(`more than ${VALUES_MAX} values in "${text.slice(0, 60)}"`)
  }
  return values
}

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|0x[0-9a-fA-F]+|[iI]nf|[nN]a[nN])`
const SEQUENCE = new RegExp(`^(${NUMBER})(?:([+-](?:${NUMBER}))x(\\d+)|x(\\d+))?$`)

function expandPlain(piece: string): NotatedValue[] {
  const gap = /^_(?:x(\d+))?$/.exec(piece)
  if (gap !== null) return repeat(undefined, gap[1] === undefined ? 1 : bounded(gap[1]))
  const stale = /^stale(?:x(\d+))?$/.exec(piece)
  if (stale !== null) return repeat('stale', stale[1] === undefined ? 1 : bounded(stale[1]) + 1)
  const match = SEQUENCE.exec(piece)
  if (match === null)
    throw new Error(`cannot read "${piece}" as values of a series, expected e.g. 1, _, 1+2x3`)
  const [, start, step, times, same] = match
  const first = toNumber(start!)
  if (same !== undefined) return repeat(first, bounded(same) + 1)
  if (step === undefined) return [first]
  const delta = toNumber(step)
  return Array.from({ length: bounded(times!) + 1 }, (_, i) => first + i * delta)
}

function repeat(value: NotatedValue, times: number): NotatedValue[] {
  return Array.from({ length: times }, () => value)
}

function bounded(digits: string): number {
  const times = Number(digits)
  if (times > VALUES_MAX) throw new Error(`"x${digits}" asks for more than ${VALUES_MAX} values`)
  return times
}

function toNumber(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const plain = text.replace(/^[+-]+/, '')
  if (/^inf$/i.test(plain)) return sign * Infinity
  return /^nan$/i.test(plain) ? Number.NaN : sign * Number(plain)
}

const HINTS = new Set(['unknown', 'reset', 'not_reset', 'gauge'])

/** `schema:1 count:3 sum:4 z_bucket:1 z_bucket_w:0.01 buckets:[1 2] offset:0 n_buckets:[1] n_offset:1 counter_reset_hint:gauge`. */
function parseHistogramNotation(body: string): FloatHistogram {
  const fields = new Map<string, string>()
  for (const match of body.matchAll(/(\w+):(\[[^\]]*\]|\S+)/g)) fields.set(match[1]!, match[2]!)
  const rest = body.replace(/(\w+):(\[[^\]]*\]|\S+)/g, '').trim()
  if (rest !== '') throw new Error(`cannot read "${rest}" in histogram {{${body}}}`)
  const number = (name: string): number => toNumber(fields.get(name) ?? '0')
  const numbers = (name: string): number[] =>
    (fields.get(name) ?? '[]')
      .slice(1, -1)
      .split(/[\s,]+/)
      .filter((part) => part !== '')
      .map(toNumber)
  const hint = fields.get('counter_reset_hint') ?? 'unknown'
  if (!HINTS.has(hint)) throw new Error(`unknown counter_reset_hint "${hint}"`)
  const [positive, negative] = [numbers('buckets'), numbers('n_buckets')]
  return new FloatHistogram({
    schema: number('schema'),
    count: number('count'),
    sum: number('sum'),
    zeroCount: number('z_bucket'),
    zeroThreshold: number('z_bucket_w'),
    positiveSpans: positive.length === 0 ? [] : [{ offset: number('offset'), length: positive.length }],
    positiveBuckets: positive,
    negativeSpans: negative.length === 0 ? [] : [{ offset: number('n_offset'), length: negative.length }],
    negativeBuckets: negative,
    customBounds: numbers('custom_values'),
    counterResetHint: hint as CounterResetHint,
  })
}
