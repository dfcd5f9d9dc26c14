import { useState, type FormEvent, type ReactNode } from 'react'
import { Link, useSearchParams } from 'wouter'
import type { Backtest } from '../../data/alerting.ts'
import { runBacktest } from '../../data/backtest.ts'
import { parseRange } from '../../data/format.ts'
import { BacktestResult } from './backtest-result.tsx'

const EXAMPLE = `alert: TargetDown
expr: up == 0
for: 5m
labels:
  severity: page
annotations:
  summary: '{{ $labels.instance }} is down'`

/** A rule to play with: what would it have done? */
export function RuleLabPage(): ReactNode {
  const [params] = useSearchParams()
  const [rule, setRule] = useState(params.get('rule') ?? EXAMPLE)
  const [range, setRange] = useState('1d')
  const [interval, setInterval] = useState('1m')
  const [result, setResult] = useState<Backtest>()
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      const [rangeS, intervalS] = [parseRange(range), parseRange(interval)]
      if (rangeS === undefined || intervalS === undefined)
        throw new Error('expected durations such as 1d and 30s')
      setResult((await runBacktest(rule, rangeS, intervalS)).data)
      setFault(undefined)
    } catch (error) {
      setFault((error as Error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Rule lab</h1>
        <Link className="button" href="/rules">
          All rules
        </Link>
      </div>
      <div className="stack">
        <form className="card card-body stack" onSubmit={(event) => void submit(event)}>
          <textarea
            className="field mono"
            rows={9}
            spellCheck={false}
            aria-label="Rule"
            value={rule}
            onChange={(event) => setRule(event.target.value)}
          />
          <div className="row">
            <label className="small">
              over the last{' '}
              <input
                className="field"
                style={{ width: '5rem' }}
                value={range}
                onChange={(event) => setRange(event.target.value)}
              />
            </label>
            <label className="small">
              evaluated every{' '}
              <input
                className="field"
                style={{ width: '5rem' }}
                value={interval}
                onChange={(event) => setInterval(event.target.value)}
              />
            </label>
            <button className="button primary" disabled={busy}>
              {busy ? 'Running …' : 'What would it have done?'}
            </button>
          </div>
          {fault === undefined ? null : (
            <p className="notice bad" role="alert" style={{ whiteSpace: 'pre-wrap' }}>
              {fault}
            </p>
          )}
        </form>
        {result === undefined ? null : <BacktestResult result={result} />}
      </div>
    </>
  )
}
