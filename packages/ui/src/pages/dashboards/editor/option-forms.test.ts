import { isKnownTransformation, objectOf, type JsonObject } from '@promontory/panels'
import { describe, expect, test } from 'vitest'
import { nextCrosshair, setAt, toggleLegend } from '../data/edits.ts'
import { FIELD_OPTIONS, KIND_OPTIONS } from './kind-options.ts'
import { fieldValue, shownFields, type OptionField } from './option-field.ts'
import { moved, organizedNames } from './organize-names.ts'
import { MATCHERS, OVERRIDE_PROPERTIES } from './override-properties.ts'
import { newTransformation, TRANSFORMATION_CHOICES, TRANSFORMATION_FORMS } from './transformation-options.ts'

describe('options as data', () => {
  const panel: JsonObject = {
    type: 'timeseries',
    strange: { kept: true },
    options: { legend: { calcs: ['mean'], width: 90 } },
    fieldConfig: { defaults: { custom: { lineWidth: 3, fromAPlugin: 1 } }, overrides: [{ x: 1 }] },
  }
  const all: readonly (readonly [name: string, field: OptionField, json: JsonObject])[] = [
    ...Object.entries(KIND_OPTIONS).flatMap(([kind, fields]) =>
      [...fields, ...FIELD_OPTIONS].map((field) => [kind, field, panel] as const),
    ),
    ...OVERRIDE_PROPERTIES.flatMap(({ id, fields, value }) =>
      fields.map((field) => [id, field, { id, value, more: 1 }] as const),
    ),
    ...MATCHERS.flatMap(({ id, fields, options }) =>
      fields.map((field) => [id, field, { id, options, more: 1 }] as const),
    ),
    ...Object.entries(TRANSFORMATION_FORMS).flatMap(([id, { fields, initial = {} }]) =>
      fields.map((field) => [id, field, { ...initial, more: 1 }] as const),
    ),
  ]

  test.each(all)('$0: what is written is read again, and nothing else is touched', (_, field, json) => {
    const before = JSON.stringify(json)
    const written = setAt(json, field.path, 'written')
    expect(fieldValue(field, written)).toBe('written')
    expect(JSON.stringify(json)).toBe(before)
    const back = fieldValue(field, json)
    expect(shownFields([field], json).length).toBeLessThanOrEqual(1)
    // Put back as it was, nothing of the rest has changed.
    const [root] = field.path
    const rest = Object.keys(json).filter((key) => key !== root)
    for (const key of rest) expect(written[key]).toBe(json[key])
    expect(fieldValue(field, setAt(written, field.path, back))).toEqual(back)
  })

  test('an empty field takes its option out', () => {
    expect(setAt({ fieldConfig: { defaults: { unit: 's', min: 0 } } }, ['fieldConfig', 'defaults', 'unit'], undefined)).toEqual({ fieldConfig: { defaults: { min: 0 } } }) // prettier-ignore
  })
})

describe('transformations', () => {
  test('the sixteen most used have forms, and what the picker offers can be run', () => {
    const most = ['organize', 'merge', 'joinByField', 'sortBy', 'groupBy', 'filterFieldsByName', 'timeSeriesTable', 'calculateField', 'renameByRegex', 'prepareTimeSeries', 'seriesToColumns', 'groupingToMatrix', 'labelsToFields', 'reduce', 'formatTime', 'seriesToRows'] // prettier-ignore
    expect(most.filter((id) => TRANSFORMATION_FORMS[id] === undefined)).toEqual([])
    expect(TRANSFORMATION_CHOICES.filter(([id]) => !isKnownTransformation(id))).toEqual([])
    expect(newTransformation('limit')).toEqual({ id: 'limit', options: {} })
  })

  test('organize: columns in their order, with those that only the transformation names', () => {
    const options = {
      indexByName: { b: 0, a: 1 },
      excludeByName: { gone: true },
      renameByName: { a: 'Other' },
    }
    expect(organizedNames(['a', 'b', 'Other', 'c'], options)).toEqual(['b', 'a', 'gone', 'c'])
    expect(moved(['b', 'a', 'c'], 2)).toEqual({ b: 0, c: 1, a: 2 })
    expect(moved(['b', 'a'], 0)).toEqual({ b: 0, a: 1 })
  })
})

describe('edits by keys', () => {
  test('a legend is hidden and shown; a panel without one stays', () => {
    const model = {
      panels: [
        { id: 1, options: { legend: { calcs: [] } } },
        { id: 2, options: {} },
      ],
    }
    const hidden = toggleLegend(model, 1)
    expect(hidden).toEqual({
      panels: [
        { id: 1, options: { legend: { calcs: [], showLegend: false } } },
        { id: 2, options: {} },
      ],
    })
    expect(objectOf(toggleLegend(hidden, 1))['panels']).toMatchObject([
      { options: { legend: { showLegend: true } } },
      {},
    ])
    expect(toggleLegend(model, 2)).toEqual(model)
  })

  test('three crosshairs in a ring', () => {
    expect([0, 1, 2].map((graphTooltip) => nextCrosshair({ graphTooltip })['graphTooltip'])).toEqual([
      1, 2, 0,
    ])
    expect(nextCrosshair({})).toEqual({ graphTooltip: 1 })
  })
})
