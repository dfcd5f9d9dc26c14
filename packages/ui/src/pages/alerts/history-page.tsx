import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useSearchParams } from 'wouter'
import { type Decision, type Explanation, lastAuthor } from '../../data/alerting.ts'
import { ask, send } from '../../data/api.ts'
import { dateTime, seriesName } from '../../data/format.ts'
import { askHistory } from '../../data/history.ts'
import { Badge } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { isFound, SearchField } from '../../parts/search-field.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { AlertPicker } from './alert-picker.tsx'
import { AlertingTabs } from './alerting-tabs.tsx'
import { DECISION_TONES } from './decisions.tsx'
import { Standings } from './standings.tsx'

/** Decisions that are drawn at once. */
const ROWS_MAX = 500

/** Every decision about notifications; of one alert, why somebody was told, or not. */
export function HistoryPage(): ReactNode {
  const [params, setParams] = useSearchParams()
  const [search, setSearch] = useState('')
  const fingerprint = params.get('alert') ?? ''
  const { data, error, refetch } = useQuery({
    queryKey: ['history', fingerprint],
    queryFn: ({ signal }) => askHistory({ fingerprint: fingerprint || undefined, limit: 2000 }, signal),
    refetchInterval: 5000,
  })
  const names = new Map(Object.entries(data?.labels ?? {}).map(([one, labels]) => [one, seriesName(labels)]))
  const events = (data?.events ?? []).filter((event) =>
    isFound(search, [
      event.kind,
      event.receiver ?? '',
      event.detail,
      event.groupKey ?? '',
      ...event.alerts.map((one) => names.get(one) ?? one),
    ]),
  )
  return (
    <>
      <AlertingTabs />
      <div className="page-head">
        <h1 className="grow">Why was I (not) notified?</h1>
        <SearchField
          label="Search decisions"
          placeholder="Receivers, reasons"
          value={search}
          onChange={setSearch}
        />
      </div>
      <div className="stack">
        <AlertPicker
          fingerprint={fingerprint}
          name={names.get(fingerprint)}
          onPick={(picked) => setParams(picked === '' ? {} : { alert: picked })}
        />
        {fingerprint === '' ? null : <Why fingerprint={fingerprint} />}
        {error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : (
          <section className="card" aria-label="Decisions">
            {data === undefined ? (
              <Skeleton lines={8} />
            ) : events.length === 0 ? (
              <EmptyState
                icon="inbox"
                title="No decision fits"
                text="Grouping, silences, inhibitions, deliveries and their failures stand here, each with its reason."
              />
            ) : (
              <ul className="list dense">
                {events.slice(0, ROWS_MAX).map((event, i) => (
                  <li key={`${event.timeMs};${i}`}>
                    <time className="soft small number">{dateTime(event.timeMs)}</time>
                    <Badge tone={DECISION_TONES[event.kind] ?? 'neutral'}>{event.kind}</Badge>
                    <span className="grow small">
                      <strong>{named(event, names)}</strong>
                      {event.receiver === undefined ? '' : ` → ${event.integration ?? event.receiver}`}
                      {/* What was received is named already. */}
                      {names.get(event.alerts[0] ?? '') === event.detail ? null : (
                        <span className="soft"> {event.detail}</span>
                      )}
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </section>
        )}
      </div>
    </>
  )
}

/** The first alert by name, and how many more there are. */
function named({ alerts, alertCount }: Decision, names: ReadonlyMap<string, string>): string {
  const name = names.get(alerts[0] ?? '')
  if (name === undefined) return `${alertCount} ${alertCount === 1 ? 'alert' : 'alerts'}`
  return alertCount > 1 ? `${name} and ${alertCount - 1} more` : name
}

function Why({ fingerprint }: { fingerprint: string }): ReactNode {
  const { data, error } = useQuery({
    queryKey: ['explain', fingerprint],
    queryFn: ({ signal }) => ask<Explanation>('notifications/explain', { fingerprint }, signal),
    refetchInterval: 5000,
  })
  if (error !== null) return <ErrorState error={error} />
  if (data === undefined) return <Skeleton lines={2} />
  const { verdict, alert, routes } = data.data
  return (
    <section className="card" aria-labelledby="why-title">
      <div className="card-head">
        <h2 id="why-title" className="grow">
          {verdict}
        </h2>
        {alert === undefined ? null : <Acknowledge fingerprint={fingerprint} />}
      </div>
      <div className="card-body stack">
        {alert === undefined ? null : <Labels labels={alert.labels} />}
        <Standings routes={routes} />
      </div>
    </section>
  )
}

/** Stops the repeats of the alert's groups until they get worse or resolve. */
function Acknowledge({ fingerprint }: { fingerprint: string }): ReactNode {
  const client = useQueryClient()
  const [fault, setFault] = useState<string>()
  const acknowledge = async (): Promise<void> => {
    try {
      await send('notifications/acknowledgements', JSON.stringify({ fingerprint, owner: lastAuthor() }))
      setFault(undefined)
      await client.invalidateQueries({ queryKey: ['explain'] })
    } catch (error) {
      setFault((error as Error).message)
    }
  }
  return (
    <>
      {fault === undefined ? null : <span className="notice bad small">{fault}</span>}
      <button
        type="button"
        className="button"
        title="No repeats until it gets worse or resolves"
        onClick={() => void acknowledge()}
      >
        I take care
      </button>
    </>
  )
}
