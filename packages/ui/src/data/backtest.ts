import type { Backtest } from './alerting.ts'
import { send, type Answer } from './api.ts'

/** Runs a rule over the past on the server. `rangeS` back from now; durations in seconds. */
export function runBacktest(rule: string, rangeS: number, intervalS: number): Promise<Answer<Backtest>> {
  const endS = Math.floor(Date.now() / 1000)
  const form = new URLSearchParams({
    rule,
    start: String(endS - rangeS),
    end: String(endS),
    interval: `${intervalS}s`,
  })
  return send<Backtest>('rules/backtest', form.toString(), 'application/x-www-form-urlencoded')
}
