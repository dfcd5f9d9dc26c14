import { expect, test } from 'vitest'
import { spanFrame, traceListFrame } from './traces.ts'

const TRACE = {
  traceID: 'abc',
  processes: { p1: { serviceName: 'api' }, p2: { serviceName: 'db' } },
  spans: [
    {
      spanID: 's2', processID: 'p2', operationName: 'SELECT', startTime: 2_000_300, duration: 900,
      references: [{ refType: 'CHILD_OF', spanID: 's1' }],
    },
    { spanID: 's1', processID: 'p1', operationName: 'GET /', startTime: 2_000_000, duration: 1000 },
  ],
} // prettier-ignore

const rows = (frame: ReturnType<typeof spanFrame>): unknown[][] =>
  Array.from({ length: frame.length }, (_, row) => frame.fields.map(({ values }) => values[row]))

test('a trace is called after its first span and lasts until its last end', () => {
  expect(rows(traceListFrame('A', [TRACE, { traceID: 'empty', spans: [] }]))).toEqual([
    ['abc', 'api: GET /', 2000, 1200, 2],
    ['empty', ': ', 0, 0, 0],
  ])
})

test('spans stand in the order of time', () => {
  expect(rows(spanFrame('A', TRACE))).toEqual([
    ['api', 'GET /', 0, 1000, 's1', ''],
    ['db', 'SELECT', 300, 900, 's2', 's1'],
  ])
  expect(spanFrame('A', {}).length).toBe(0)
})
