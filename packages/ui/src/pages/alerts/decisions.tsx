import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Decision } from '../../data/alerting.ts'
import { clock, seriesName } from '../../data/format.ts'
import { askHistory } from '../../data/history.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

const ROWS_AT_FIRST = 12
const ROWS_MAX = 500
/** Newest decisions of which some are shown. */
const LOOKED_AT_MAX = 1000
/** What only repeats that nothing has changed is left out until it is asked for. */
const QUIET: ReadonlySet<string> = new Set(['received', 'nothing new', 'repeated too early'])
/** Tone of each kind of decision. */
export const DECISION_TONES: Readonly<Record<string, Tone>> = {
  notified: 'good',
  failed: 'bad',
  silenced: 'warn',
  inhibited: 'warn',
  muted: 'warn',
  acknowledged: 'warn',
  inactive: 'warn',
}

/** Every step of the way from an alert to a receiver, with its reason. */
export function Decisions(): ReactNode {
  const [all, setAll] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['decisions'],
    queryFn: ({ signal }) => askHistory({ limit: LOOKED_AT_MAX }, signal),
    refetchInterval: 5000,
  })
  const names = new Map(
    Object.entries(data?.labels ?? {}).map(([fingerprint, labels]) => [fingerprint, nameOf(labels)]),
  )
  const events = data?.events ?? []
  const rows = all
    ? events.slice(0, ROWS_MAX)
    : events.filter(({ kind }) => !QUIET.has(kind)).slice(0, ROWS_AT_FIRST)
  return (
    <section className="card" aria-labelledby="decisions-title">
      <div className="card-head">
        <h2 id="decisions-title" className="grow">
          Why was I (not) notified?
        </h2>
        {events.length === 0 ? null : (
          <button type="button" className="button quiet" aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? 'Only what matters' : 'Every step'}
          </button>
        )}
      </div>
      {error !== null ? (
        <div className="card-body">
          <ErrorState error={error} retry={() => void refetch()} />
        </div>
      ) : data === undefined ? (
        <Skeleton lines={3} />
      ) : rows.length === 0 ? (
        <EmptyState
          icon="inbox"
          title="Nothing was decided yet"
          text="Grouping, silences, inhibitions, deliveries and their failures will stand here, each with its reason."
        />
      ) : (
        <ul className="list dense">
          {rows.map((event, i) => (
            <li key={`${event.timeMs};${event.kind};${i}`}>
              <time className="soft small number" dateTime={new Date(event.timeMs).toISOString()}>
                {clock(event.timeMs)}
              </time>
              <Badge tone={DECISION_TONES[event.kind] ?? 'neutral'}>{event.kind}</Badge>
              <span className="grow small">
                <strong>{concerned(event, names)}</strong>
                {event.receiver === undefined ? '' : ` → ${event.receiver}`}
                {event.detail === '' ? null : <span className="soft"> {event.detail}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function nameOf(labels: Readonly<Record<string, string>>): string {
  const { alertname = '', ...others } = labels
  return labels['instance'] === undefined && labels['job'] === undefined
    ? alertname || seriesName(others)
    : `${alertname} ${labels['instance'] ?? labels['job']}`
}

function concerned({ alerts, alertCount }: Decision, names: ReadonlyMap<string, string>): string {
  const known = alerts[0] === undefined ? undefined : names.get(alerts[0])
  if (known === undefined) return `${alertCount} ${alertCount === 1 ? 'alert' : 'alerts'}`
  return alertCount > 1 ? `${known} and ${alertCount - 1} more` : known
}
