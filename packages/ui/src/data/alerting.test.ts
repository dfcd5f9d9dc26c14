import { expect, test } from 'vitest'
import { labelsOf } from './alerting.ts'

test('labels one per line or between commas, quoted or not', () => {
  expect(labelsOf('a="b c"\nd = e, f="g=h"')).toEqual({ a: 'b c', d: 'e', f: 'g=h' })
  expect(labelsOf(' ')).toEqual({})
  expect(() => labelsOf('nothing')).toThrow('"nothing" is no label')
})
