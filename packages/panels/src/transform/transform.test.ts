import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { displayOf, displayText } from '../field/display.ts'
import { fieldDisplayName } from '../frame/field-name.ts'
import type { Field, Frame } from '../frame/frame.ts'
import { reduce, type NullMode } from '../frame/reducers.ts'
import { isSameJson, objectOf, type JsonObject } from '../json.ts'
import { transform, TransformationError } from './transform.ts'

/** Written by `@grafana/data` 13.2.3: frames in, transformations, frames out. */
const golden = read('transformations.json') as {
  inputs: Record<string, { refId: string; fields: Field[] }[]>
  cases: { input: string; configs: JsonObject[]; frames: Plain[] }[]
}
/** Random frames and options of every transformation of `@grafana/data`, and what its version 13.2.3 made of them. */
const generated = read('transformations-generated.json') as Generated[]
const reducers = read('reducers.json') as {
  fields: Record<string, unknown[]>
  reducers: Record<string, Record<string, unknown>>
}

interface Generated {
  readonly config: JsonObject
  readonly input: readonly Omit<Frame, 'length'>[]
  readonly frames: readonly Plain[]
}

interface Plain {
  readonly length: number
  readonly fields: readonly {
    readonly name: string
    readonly type: string
    readonly values: readonly unknown[]
  }[]
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../testdata/${name}`, import.meta.url), 'utf8'))
}

function framesOf(name: string): Frame[] {
  return golden.inputs[name]!.map((frame) => ({ ...frame, length: frame.fields[0]!.values.length }))
}

function plain(frames: readonly Frame[]): Plain[] {
  return frames.map((frame) => ({
    length: frame.length,
    fields: frame.fields.map((field) => ({
      name: fieldDisplayName(field, frame, frames),
      type: field.type,
      values: field.values.map((value) => value ?? null),
    })),
  }))
}

const same = (text: string): string => text

test.each(
  golden.cases.map((one) => [`${one.configs.map(({ id }) => id).join(' ')} of ${one.input}`, one] as const),
)('as @grafana/data: %s', (_, { input, configs, frames }) => {
  expect(plain(transform(framesOf(input), configs, same))).toEqual(frames)
})

/** Numbers that JSON has no word for stand there as texts; sums may differ in their last digits. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'number') return typeof value === 'object' ? null : value
  return Number.isFinite(value) ? Number(value.toPrecision(12)) : String(value)
}

/** What a table shows: a column that is shorter than the first one ends with empty cells. */
function shown(frames: readonly Plain[]): Plain[] {
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => ({
      ...field,
      values: Array.from({ length: frame.length }, (_, i) => comparable(field.values[i] ?? null)),
    })),
  }))
}

function oursOf({ config, input }: Generated): Plain[] {
  const before = input.map((frame) => ({ ...frame, length: frame.fields[0]!.values.length }))
  return shown(plain(transform(before, [config], same)))
}

/** Where Grafana's answer cannot be meant: each says what is wrong with it, and how it is recognised in that answer. */
const EXCUSED: Readonly<Record<string, (one: Generated) => boolean>> = {
  'reduce: a column that has another type in a later frame loses results, and moves others to rows of other fields':
    ({ config, frames }) =>
      config['id'] === 'reduce' &&
      frames.some(({ length, fields }) => fields.some(({ values }) => values.length < length)),
  'joinByField, outer (tabular): by times, rows that have met are given a second time alone': ({
    config,
    frames,
  }) =>
    objectOf(config['options'])['mode'] === 'outerTabular' &&
    frames.some(({ fields }) => fields[0]?.type === 'time'),
}

/** Names of columns, and those columns that are complete in Grafana's answer of a reduction. */
function complete(frames: readonly Plain[], like: Generated): unknown {
  return frames.map((frame, i) =>
    frame.fields.map((field, k) => {
      const { length = 0, fields = [] } = like.frames[i] ?? {}
      const isComplete = like.config['id'] === 'reduce' && fields[k]?.values.length === length
      return isComplete ? field : field.name
    }),
  )
}

test.each([...Map.groupBy(generated, ({ config }) => String(config['id']))])(
  'as @grafana/data, generated: %s',
  (_, cases) => {
    expect(cases.length).toBeGreaterThan(30)
    for (const one of cases) {
      const [wanted, got] = [shown(one.frames), oursOf(one)]
      const isExcused = Object.values(EXCUSED).some((isMeant) => isMeant(one))
      if (isExcused && !isSameJson(wanted, got)) expect(complete(got, one)).toEqual(complete(wanted, one))
      else expect(got, JSON.stringify(one.config)).toEqual(wanted)
    }
  },
)

test('of the generated cases 99.5 % agree; the rest is excused by name', () => {
  const differing = generated.filter((one) => !isSameJson(shown(one.frames), oursOf(one)))
  expect(differing.filter((one) => !Object.values(EXCUSED).some((isMeant) => isMeant(one)))).toEqual([])
  expect(differing.length / generated.length).toBeLessThanOrEqual(0.005)
})

test.each(Object.entries(reducers.reducers))('reducers as @grafana/data: %s', (name, results) => {
  const [field = '', mode] = name.split('|')
  const type = field === 'texts' ? 'string' : 'number'
  const values = reducers.fields[field]!
  const got = Object.keys(results).map((id) => {
    const value =
      reduce({ name: 'x', type, config: {}, values }, id, mode === 'null' ? undefined : (mode as NullMode)) ??
      null
    return [id, typeof value === 'number' && !Number.isFinite(value) ? String(value) : value]
  })
  expect(Object.fromEntries(got)).toEqual(results)
})

test('a moving mean forgets nothing in a row without a value; operations by type stand beside each column', () => {
  const values = [2, 4, null, 6]
  const frames: Frame[] = [
    { length: 4, fields: [{ name: 'a', type: 'number', config: { unit: 's' }, values }] },
  ]
  const window = { field: 'a', windowSize: 2, windowSizeMode: 'fixed' }
  const options = { mode: 'windowFunctions', window }
  const [mean] = transform(frames, [{ id: 'calculateField', options }], same)
  expect(mean!.fields[1]!.values).toEqual([2, 3, 3, 4])
  const left = { matcher: { id: 'byType', options: 'number' } }
  const binary = { left, operator: '*', right: { fixed: '10' } }
  const [byType] = transform(frames, [{ id: 'calculateField', options: { mode: 'binary', binary } }], same)
  expect(byType!.fields.map(({ name, config }) => [name, config.unit])).toEqual([
    ['a', 's'],
    ['a * 10', 's'],
  ])
  expect(byType!.fields[1]!.values).toEqual([20, 40, 0, 60])
})

test('what is disabled or for annotations is left out; filters keep other frames; what is unknown is named', () => {
  const frames = framesOf('series')
  expect(transform(frames, [{ id: 'limit', disabled: true, options: { limitField: 1 } }], same)).toBe(frames)
  const limited = transform(
    frames,
    [{ id: 'limit', filter: { id: 'byRefId', options: 'B' }, options: { limitField: 1 } }],
    same,
  )
  expect(limited.map(({ length }) => length)).toEqual([4, 4, 1])
  expect(() => transform(frames, [{ id: 'spatial' }], same)).toThrow(TransformationError)
})

test('queries of merged frames are found by a pattern, not by a name; an empty filter means all', () => {
  const frames = framesOf('series')
  const merged = transform(frames, [{ id: 'merge' }], same)
  const refId = String(merged[0]!.refId)
  const found = (include: string): number =>
    transform(merged, [{ id: 'filterByRefId', options: { include } }], same).length
  expect([found('/A/'), found('A'), found('A|B'), found(refId), found(`x|${refId}`)]).toEqual([1, 0, 0, 1, 1])
  const filter = { id: 'byRefId', options: '' }
  const limited = transform(frames, [{ id: 'limit', filter, options: { limitField: 1 } }], same)
  expect(limited.map(({ length }) => length)).toEqual(frames.map(() => 1))
})

const theme = { isDark: true, series: ['#7eb26d'], text: '#ffffff', ground: '#000000' }

test.each([
  ['number', NaN, 'NaN'],
  ['number', null, ''],
  ['number', undefined, ''],
  ['number', Infinity, '∞'],
  ['string', NaN, 'NaN'],
  ['boolean', true, 'true'],
  ['number', false, 'false'],
  ['other', [1, 'a'], '1, a'],
] as const)('a cell of type %s shows %s as %s', (type, value, text) => {
  const field: Field = { name: 'x', type, config: {}, values: [value] }
  expect(displayText(displayOf(field, { theme, zone: 'utc' })(value))).toBe(text)
})
