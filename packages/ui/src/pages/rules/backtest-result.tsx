import type { ReactNode } from 'react'
import type { Backtest } from '../../data/alerting.ts'
import { dateTime, seconds } from '../../data/format.ts'
import { Badge } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { EmptyState } from '../../parts/states.tsx'

/** Lives of alerts that are drawn. */
const ROWS_MAX = 200

/** When a rule would have fired, and what would have been sent. */
export function BacktestResult({ result }: { result: Backtest }): ReactNode {
  const sent = result.notificationCount
  return (
    <section className="card" aria-labelledby="backtest-title">
      <div className="card-head">
        <h2 id="backtest-title" className="grow">
          Fired {counted(result.fired, 'time')} for {result.firingSeries} series
          {sent === undefined ? '' : `, ${counted(sent, 'notification')}`}
        </h2>
        <span className="soft small">{result.evaluations} evaluations</span>
      </div>
      {result.failures.map(({ error, count }) => (
        <p key={error} className="notice bad small">
          {count} times: {error}
        </p>
      ))}
      {result.periods.length === 0 ? (
        <EmptyState
          icon="check"
          title="It would have been silent"
          text="No series fulfilled the condition in this time."
        />
      ) : (
        <ul className="list">
          {result.periods.slice(0, ROWS_MAX).map((period, i) => (
            <li key={i}>
              <Badge tone={period.firedAtMs === undefined ? 'warn' : 'bad'}>
                {period.firedAtMs === undefined ? 'pending only' : 'fired'}
              </Badge>
              <span className="small number">
                {dateTime(period.firedAtMs ?? period.activeAtMs)}
                {period.endedAtMs === undefined
                  ? ', to the end'
                  : ` for ${seconds((period.endedAtMs - (period.firedAtMs ?? period.activeAtMs)) / 1000)}`}
              </span>
              <span className="grow">
                <Labels labels={period.labels} hide={['alertname']} />
              </span>
              <span className="soft small number">value {period.lastValue}</span>
            </li>
          ))}
        </ul>
      )}
      {result.notifications === undefined || result.notifications.length === 0 ? null : (
        <details className="card-body">
          <summary className="soft small">Notifications</summary>
          <ul className="list dense">
            {result.notifications.slice(0, ROWS_MAX).map((one, i) => (
              <li key={i}>
                <time className="soft small number">{dateTime(one.timeMs)}</time>
                <Badge tone={one.status === 'firing' ? 'bad' : 'good'}>{one.status}</Badge>
                <span className="grow small">
                  {one.receiver}: {one.alerts} alerts, {one.reason}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
