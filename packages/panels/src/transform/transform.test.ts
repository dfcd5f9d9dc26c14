import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fieldDisplayName } from '../frame/field-name.ts'
import type { Field, Frame } from '../frame/frame.ts'
import { reduce, type NullMode } from '../frame/reducers.ts'
import type { JsonObject } from '../json.ts'
import { transform, TransformationError } from './transform.ts'

/** Written by `@grafana/data` 13.2.3: frames in, transformations, frames out. */
const golden = read('transformations.json') as {
  inputs: Record<string, { refId: string; fields: Field[] }[]>
  cases: { input: string; configs: JsonObject[]; frames: Plain[] }[]
}
/** Random frames and options, and what `@grafana/data` 13.2.3 made of them. */
const generated = read('transformations-generated.json') as {
  config: JsonObject
  input: Omit<Frame, 'length'>[]
  frames: Plain[]
}[]
const reducers = read('reducers.json') as {
  fields: Record<string, unknown[]>
  reducers: Record<string, Record<string, unknown>>
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

test.each([...Map.groupBy(generated, ({ config }) => String(config['id']))])(
  'as @grafana/data, generated: %s',
  (_, cases) => {
    expect(cases.length).toBeGreaterThan(4)
    for (const { config, input, frames } of cases) {
      const before = input.map((frame) => ({ ...frame, length: frame.fields[0]!.values.length }))
      const after = plain(transform(before, [config], same))
      const values = after.map((frame) => ({
        ...frame,
        fields: frame.fields.map((field) => ({ ...field, values: field.values.map(comparable) })),
      }))
      expect(values, JSON.stringify(config)).toEqual(frames)
    }
  },
)

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
