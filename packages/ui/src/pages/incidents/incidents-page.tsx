import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { Link } from 'wouter'
import { lastAuthor, type Incident } from '../../data/alerting.ts'
import { ask, send } from '../../data/api.ts'
import { seconds } from '../../data/format.ts'
import { Ago } from '../../parts/ago.tsx'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

export const SEVERITY_TONES: Readonly<Record<Incident['severity'], Tone>> = {
  critical: 'bad',
  high: 'bad',
  warning: 'warn',
  info: 'neutral',
}
export const STATE_TONES: Readonly<Record<Incident['state'], Tone>> = {
  open: 'bad',
  acknowledged: 'warn',
  resolved: 'good',
}

/** Incidents that are shown at first, and at most. */
const AT_FIRST = 50
const LIMIT_MAX = 500

/** Incidents, open ones first, and the form to open one by hand. */
export function IncidentsPage(): ReactNode {
  const [wanted, setWanted] = useState<'active' | 'resolved' | ''>('')
  const [limit, setLimit] = useState(AT_FIRST)
  const { data, error, refetch } = useQuery({
    queryKey: ['incidents', wanted, limit],
    queryFn: ({ signal }) =>
      ask<{ incidents: readonly Incident[]; count: number }>(
        'incidents',
        { state: wanted || undefined, limit, alerts: 'false' },
        signal,
      ),
    placeholderData: (before) => before,
    refetchInterval: 5000,
  })
  const incidents = data?.data.incidents ?? []
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Incidents</h1>
        <Segments
          label="State"
          value={wanted}
          onChange={setWanted}
          choices={[
            ['', 'All'],
            ['active', 'Active'],
            ['resolved', 'Resolved'],
          ]}
        />
      </div>
      <div className="stack">
        {error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : (
          <section className="card" aria-label="Incidents">
            {data === undefined ? (
              <Skeleton lines={5} />
            ) : incidents.length === 0 ? (
              <EmptyState
                icon="check"
                title="No incident"
                text="Alerts with severity critical or page open one by themselves."
              />
            ) : (
              <ul className="list">
                {incidents.map((incident) => (
                  <li key={incident.id}>
                    <Badge tone={SEVERITY_TONES[incident.severity]}>{incident.severity}</Badge>
                    <span className="grow">
                      <Link href={`/incidents/${incident.id}`}>
                        <strong>{incident.title}</strong>
                      </Link>{' '}
                      <span className="soft small">#{incident.id}</span>
                      <br />
                      <span className="soft small">{incident.summary}</span>
                    </span>
                    <span className="soft small number">
                      {incident.resolvedAtMs === undefined ? (
                        <>
                          opened <Ago at={new Date(incident.openedAtMs).toISOString()} />
                        </>
                      ) : (
                        `took ${seconds((incident.resolvedAtMs - incident.openedAtMs) / 1000)}`
                      )}
                    </span>
                    <Badge tone={STATE_TONES[incident.state]}>{incident.state}</Badge>
                  </li>
                ))}
                {data.data.count <= incidents.length ? null : (
                  <li>
                    {limit >= LIMIT_MAX ? (
                      <span className="soft small">
                        {data.data.count - incidents.length} older ones are not shown.
                      </span>
                    ) : (
                      <button
                        type="button"
                        className="button"
                        onClick={() => setLimit(Math.min(LIMIT_MAX, limit * 4))}
                      >
                        Show more of {data.data.count - incidents.length} others
                      </button>
                    )}
                  </li>
                )}
              </ul>
            )}
          </section>
        )}
        <NewIncident />
      </div>
    </>
  )
}

function NewIncident(): ReactNode {
  const client = useQueryClient()
  const [title, setTitle] = useState('')
  const [severity, setSeverity] = useState('high')
  const [fault, setFault] = useState<string>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    try {
      await send('incidents', JSON.stringify({ title, severity, actor: lastAuthor() }))
      setTitle('')
      setFault(undefined)
      await client.invalidateQueries({ queryKey: ['incidents'] })
    } catch (error) {
      setFault((error as Error).message)
    }
  }
  return (
    <form className="card card-body row" onSubmit={(event) => void submit(event)}>
      <input
        className="field"
        style={{ flex: '1 1 14rem' }}
        aria-label="Title"
        placeholder="What is wrong?"
        required
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
      <select
        className="field"
        aria-label="Severity"
        value={severity}
        onChange={(event) => setSeverity(event.target.value)}
      >
        {Object.keys(SEVERITY_TONES).map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <button className="button primary">Open an incident</button>
      {fault === undefined ? null : (
        <p className="notice bad" role="alert">
          {fault}
        </p>
      )}
    </form>
  )
}
