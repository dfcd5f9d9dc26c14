import { expect, test } from 'vitest'
import { lintMetrics } from './metric-lint.ts'

test.each([
  ['# HELP a_total A.\n# TYPE a_total counter\na_total 1\n', []],
  ['a 1\n', ['a no help text']],
  ['# HELP a A.\n# TYPE a counter\na 1\n', ['a counter metrics should have "_total" suffix']],
  [
    '# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n',
    ['a_total non-counter metrics should not have "_total" suffix'],
  ],
  [
    '# HELP a_milliseconds A.\n# TYPE a_milliseconds gauge\na_milliseconds 1\n',
    ['a_milliseconds use base unit "seconds" instead of "milliseconds"'],
  ],
  [
    '# HELP latency_seconds L.\n# TYPE latency_seconds histogram\nlatency_seconds_bucket{le="+Inf"} 1\nlatency_seconds_sum 1\nlatency_seconds_count 1\n',
    [],
  ],
  [
    '# HELP aB A.\n# TYPE aB gauge\naB 1\n',
    ["aB metric names should be written in 'snake_case' not 'camelCase'"],
  ],
])('%j', (body, findings) => expect(lintMetrics(Buffer.from(body))).toEqual(findings))

test('what cannot be read is an error', () => {
  expect(() => lintMetrics(Buffer.from('a{ 1\n'))).toThrow()
})
