import { silentLogger } from '@promontory/base'
import { Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { backtest, BacktestError, type BacktestOptions } from './backtest.ts'
import { parseRuleFile } from './rule-file.ts'

const MINUTE = 60_000
const rule = (yaml: string): BacktestOptions['rule'] =>
  parseRuleFile(`groups: [{name: g, rules: [{${yaml}}]}]`, 'r.yml').groups[0]!.rules[0]!

/** A series that is there in the minutes given. */
function options(
  yaml: string,
  minutes: readonly number[],
  more: Partial<BacktestOptions> = {},
): BacktestOptions & { asked: number[] } {
  const asked: number[] = []
  return {
    rule: rule(yaml), startMs: 0, endMs: 20 * MINUTE, intervalMs: MINUTE, queryOffsetMs: 0, limit: 0, externalLabels: Labels.EMPTY, externalUrl: 'http://p',
    resendDelayMs: MINUTE, signal: new AbortController().signal, logger: silentLogger, asked,
    query: async () => ({ samples: [{ labels: Labels.EMPTY, value: 7 }], warnings: [], infos: [] }),
    rangeQuery: async (_, { startMs, endMs }) => {
      asked.push(startMs / MINUTE)
      const timesMs = minutes.map((minute) => minute * MINUTE).filter((timeMs) => timeMs >= startMs && timeMs <= endMs)
      return [{ labels: Labels.from({ __name__: 'x', job: 'a' }), timesMs, values: timesMs.map((timeMs) => timeMs / MINUTE) }]
    },
    ...more,
  } // prettier-ignore
}

test('exact for: pending that ends is no firing; lives are told with their times', async () => {
  const messages: string[] = []
  const { periods, evaluations } = await backtest(
    options(
      'alert: X, expr: x > 0, for: 2m, annotations: {t: "{{ $value }} {{ with query \\"y\\" }}{{ . | first | value }}{{ end }}"}',
      [1, 2, 5, 6, 7, 8, 19, 20],
      {
        onEvaluation: async (timeMs, sent) =>
          void messages.push(
            ...sent.map(({ endsAtMs }) => `${timeMs / MINUTE} ${endsAtMs <= timeMs ? 'resolved' : 'firing'}`),
          ),
      },
    ),
  )
  expect(evaluations).toBe(21)
  expect(
    periods.map(({ activeAtMs, firedAtMs, endedAtMs, lastValue }) =>
      [activeAtMs, firedAtMs, endedAtMs].map((ms) => (ms === undefined ? ms : ms / MINUTE)).concat(lastValue),
    ),
  ).toEqual([
    [1, undefined, 3, 2],
    [5, 7, 9, 8],
    [19, undefined, undefined, 20],
  ])
  expect(periods[1]!.annotations.get('t')).toBe('8 7')
  expect(messages.slice(0, 2)).toEqual(['7 firing', '9 resolved'])
})

test('long ranges are asked in parts; too long ones are refused', async () => {
  const long = options('alert: X, expr: x > 0', [600], { endMs: 1200 * MINUTE })
  expect((await backtest(long)).periods).toHaveLength(1)
  expect(long.asked).toEqual([0, 500, 1000])
  await expect(
    backtest(options('alert: X, expr: x', [], { endMs: 1e12, intervalMs: 1000 })),
  ).rejects.toBeInstanceOf(BacktestError)
})

test('failures are counted by their text', async () => {
  const { failures } = await backtest(
    options('alert: X, expr: x', [], { rangeQuery: () => Promise.reject(new Error('boom')) }),
  )
  expect([...failures]).toEqual([['boom', 21]])
})
