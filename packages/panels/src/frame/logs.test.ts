import { expect, test } from 'vitest'
import { commonLabels, logFrame, logRows, type LogData } from './logs.ts'

const DATA: LogData = {
  resultType: 'streams',
  result: [
    {
      stream: { job: 'api', level: 'error' },
      values: [
        ['1700000000000000002', 'it broke'],
        ['1700000000000000001', 'about to break'],
      ],
    },
    { stream: { job: 'api' }, values: [['1700000000001000000', 'level=warn msg="careful"']] },
  ],
}

test('streams become one table, in the order of nanoseconds', () => {
  const frame = logFrame('A', DATA, 'backward')
  const column = (name: string): readonly unknown[] =>
    frame.fields.find((field) => field.name === name)!.values
  expect(column('Line')).toEqual(['level=warn msg="careful"', 'it broke', 'about to break'])
  expect(column('Time')).toEqual([1_700_000_000_001, 1_700_000_000_000, 1_700_000_000_000])
  expect(column('tsNs')[0]).toBe('1700000000001000000')
  expect(logFrame('A', DATA, 'forward').fields[2]!.values[0]).toBe('about to break')
})

test.each([
  ['plain words', {}, 'unknown'],
  ['ERROR: no', {}, 'error'],
  ['{"level":"Warning"}', {}, 'warning'],
  ['ts=1 lvl=dbug error=x', {}, 'debug'],
  ['an error', { level: 'information' }, 'info'],
  ['an error', { detected_level: 'odd' }, 'unknown'],
  ['kernel panic', { severity: 'FATAL' }, 'critical'],
])('%j with %j is of the level %s', (line, labels, level) => {
  const data: LogData = { resultType: 'streams', result: [{ stream: labels, values: [['1000000', line]] }] }
  expect(logRows([logFrame('A', data, 'backward')], 'none', 'descending')[0]!.level).toBe(level)
})

test.each([
  ['none', 4],
  ['exact', 3],
  ['numbers', 2],
  ['signature', 1],
] as const)('%s leaves %i lines', (dedup, count) => {
  const lines = ['took 5 ms', 'took 5 ms', 'took 7 ms', 'gave 7 it']
  const values = lines.map((line, i) => [`${1_000_000 * (i + 1)}`, line] as const)
  const frame = logFrame('A', { resultType: 'streams', result: [{ stream: {}, values }] }, 'backward')
  const rows = logRows([frame], dedup, 'ascending')
  expect(rows).toHaveLength(count)
  expect(rows.reduce((sum, { repeats }) => sum + 1 + repeats, 0)).toBe(4)
})

test('labels that all lines have stand apart', () => {
  const rows = logRows([logFrame('A', DATA, 'backward')], 'none', 'descending')
  expect(commonLabels(rows)).toEqual({ job: 'api' })
  expect(commonLabels([])).toEqual({})
})
