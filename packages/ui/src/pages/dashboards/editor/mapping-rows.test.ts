import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyRow, mappingRows, mappingsOf } from './mapping-rows.ts'

const MAPPINGS = [
  {
    type: 'value',
    kept: 'elsewhere',
    options: { 0: { text: 'down', color: 'red', index: 0, icon: 'x' }, up: { text: 'up' } },
  },
  { type: 'range', options: { from: null, to: 5, result: { color: 'green', index: 2 } } },
  { type: 'regex', options: { pattern: '/^a(.*)$/', result: { text: '$1' } } },
  { type: 'special', options: { match: 'null+nan', result: { text: 'N/A' } } },
]

describe('rows of value mappings', () => {
  test('one row per value, range, pattern and special case', () => {
    expect(
      mappingRows(MAPPINGS).map(({ kind, match, from, to, result }) => [
        kind,
        match,
        from,
        to,
        result['text'],
        result['color'],
      ]),
    ).toEqual([
      ['value', '0', undefined, undefined, 'down', 'red'],
      ['value', 'up', undefined, undefined, 'up', undefined],
      ['range', '', null, 5, undefined, 'green'],
      ['regex', '/^a(.*)$/', undefined, undefined, '$1', undefined],
      ['special', 'null+nan', undefined, undefined, 'N/A', undefined],
    ])
  })

  test('a row that is changed keeps what the form does not know', () => {
    const rows = mappingRows(MAPPINGS).map((row) =>
      row.match === '0' ? { ...row, result: { ...row.result, text: 'gone' } } : row,
    )
    expect(mappingsOf(rows)).toEqual([
      { ...MAPPINGS[0], options: { 0: { text: 'gone', color: 'red', index: 0, icon: 'x' }, up: { text: 'up' } } },
      ...MAPPINGS.slice(1),
    ]) // prettier-ignore
  })

  test('a new value joins those before it, one that is there already does not replace it', () => {
    const [first] = mappingRows(MAPPINGS)
    const added = { ...emptyRow('value', 3), match: '1', result: { text: 'one' } }
    expect(mappingsOf([first!, added, { ...added, result: { text: 'other' } }])).toEqual([
      { type: 'value', kept: 'elsewhere', options: { 0: first!.result, 1: { text: 'one' } } },
      { type: 'value', options: { 1: { text: 'other' } } },
    ])
  })

  test('what is no mapping that we know stays as it is', () => {
    const strange = [
      { type: 'value', options: {} },
      { type: 'moon' },
      { type: 'range', options: { from: 1 } },
    ]
    expect(mappingRows(strange).map(({ kind }) => kind)).toEqual(['other', 'other', 'other'])
  })

  test('any mappings go through the rows unchanged', () => {
    const options = fc.dictionary(
      fc.constantFrom('from', 'to', 'match', 'pattern', 'result', '0', 'a', 'more'),
      fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.dictionary(fc.string(), fc.string())),
      { noNullPrototype: true },
    )
    const mapping = fc.record(
      { type: fc.constantFrom('value', 'range', 'regex', 'special', 'other'), options, id: fc.integer() },
      { requiredKeys: ['type'], noNullPrototype: true },
    )
    fc.assert(
      fc.property(fc.array(mapping, { maxLength: 4 }), (mappings) => {
        expect(mappingsOf(mappingRows(mappings))).toEqual(mappings)
      }),
      { numRuns: 200 },
    )
  })
})
