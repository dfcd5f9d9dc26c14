import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link, useParams } from 'wouter'
import { lastAuthor, type IncidentDetail } from '../../data/alerting.ts'
import { ask, change, send } from '../../data/api.ts'
import { dateTime, seconds } from '../../data/format.ts'
import { routePrefix } from '../../data/prefix.ts'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { ErrorState, PageSkeleton } from '../../parts/states.tsx'
import { SEVERITY_TONES, STATE_TONES } from './incidents-page.tsx'

/** Alerts that are drawn before they are asked for. */
const ALERTS_AT_FIRST = 50
const ROLES = ['commander', 'communications', 'operations', 'scribe']

/** One incident: who does what, what happened when, and the way to its postmortem. */
export function IncidentPage(): ReactNode {
  const { id = '' } = useParams<{ id: string }>()
  const client = useQueryClient()
  const [text, setText] = useState('')
  const [fault, setFault] = useState<string>()
  const [allAlerts, setAllAlerts] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['incident', id],
    queryFn: ({ signal }) => ask<IncidentDetail>(`incidents/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: 5000,
  })
  if (error !== null)
    return (
      <>
        <div className="page-head">
          <h1>Incident</h1>
        </div>
        <ErrorState error={error} retry={() => void refetch()} />
      </>
    )
  if (data === undefined) return <PageSkeleton />
  const { incident, events, marks } = data.data
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      setFault(undefined)
      await work()
      setText('')
      await client.invalidateQueries({ queryKey: ['incident', id] })
    } catch (thrown) {
      setFault((thrown as Error).message)
    }
  }
  const act = (action: string, body: object): void =>
    void attempt(() => send(`incidents/${id}/${action}`, JSON.stringify({ actor: lastAuthor(), ...body })))
  const lines = [
    ...events.map((event) => ({ ...event, key: String(event.id) })),
    ...marks.map((mark, i) => ({ ...mark, kind: 'deployment', actor: '', key: `mark ${i}` })),
  ].sort((a, b) => b.timeMs - a.timeMs)
  const isResolved = incident.state === 'resolved'
  return (
    <>
      <div className="page-head">
        <h1 className="grow">
          {incident.title} <span className="soft small">#{incident.id}</span>
        </h1>
        <a
          className="button"
          href={`${routePrefix()}/api/v1/incidents/${id}/postmortem`}
          download={`incident-${id}.md`}
        >
          Postmortem
        </a>
        <Link className="button" href="/incidents">
          All incidents
        </Link>
      </div>
      <div className="stack">
        {fault === undefined ? null : (
          <p className="notice bad" role="alert">
            {fault}
          </p>
        )}
        <section className="card card-body stack" aria-label="State">
          <div className="row">
            <Badge tone={STATE_TONES[incident.state]}>{incident.state}</Badge>
            <select
              className="field"
              aria-label="Severity"
              value={incident.severity}
              onChange={(event) =>
                void attempt(() =>
                  change('PATCH', `incidents/${id}`, { severity: event.target.value, actor: lastAuthor() }),
                )
              }
            >
              {Object.keys(SEVERITY_TONES).map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
            <span className="soft small">
              opened {dateTime(incident.openedAtMs)} by {incident.openedBy}
              {incident.acknowledgedAtMs === undefined
                ? ''
                : `, acknowledged after ${seconds((incident.acknowledgedAtMs - incident.openedAtMs) / 1000)} by ${incident.acknowledgedBy}`}
              {incident.resolvedAtMs === undefined
                ? ''
                : `, resolved after ${seconds((incident.resolvedAtMs - incident.openedAtMs) / 1000)}`}
            </span>
          </div>
          {incident.summary === '' ? null : <p>{incident.summary}</p>}
          <Labels labels={incident.labels} />
          <div className="form-grid">
            {ROLES.map((role) => (
              <label key={role} className="small">
                {role}
                <input
                  className="field"
                  placeholder="nobody yet"
                  defaultValue={incident.roles[role] ?? ''}
                  onBlur={(event) =>
                    event.target.value === (incident.roles[role] ?? '') ||
                    act('roles', { role, who: event.target.value })
                  }
                />
              </label>
            ))}
          </div>
          <div className="row">
            <input
              className="field"
              style={{ flex: '1 1 16rem' }}
              aria-label="Note"
              placeholder="What did you see, what did you do?"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <button
              type="button"
              className="button"
              disabled={text === ''}
              onClick={() => act('notes', { text })}
            >
              Note it
            </button>
            <button
              type="button"
              className="button"
              disabled={isResolved}
              onClick={() => act('acknowledge', { comment: text })}
            >
              Acknowledge
            </button>
            <button
              type="button"
              className="button primary"
              disabled={isResolved}
              onClick={() => act('resolve', { comment: text })}
            >
              Resolve
            </button>
          </div>
        </section>
        <div className="two">
          <section className="card" aria-labelledby="timeline-title">
            <div className="card-head">
              <h2 id="timeline-title">Timeline</h2>
            </div>
            <ul className="list dense">
              {lines.map((line) => (
                <li key={line.key}>
                  <time className="soft small number">{dateTime(line.timeMs)}</time>
                  <Badge
                    tone={
                      line.kind === 'opened' || line.kind === 'reopened'
                        ? 'bad'
                        : line.kind === 'resolved'
                          ? 'good'
                          : 'neutral'
                    }
                  >
                    {line.kind}
                  </Badge>
                  <span className="grow small">
                    {line.text} <span className="soft">{line.actor}</span>
                  </span>
                </li>
              ))}
            </ul>
          </section>
          <section className="card" aria-labelledby="incident-alerts-title">
            <div className="card-head">
              <h2 id="incident-alerts-title">Alerts</h2>
            </div>
            <ul className="list">
              {incident.alerts.slice(0, allAlerts ? undefined : ALERTS_AT_FIRST).map((alert) => (
                <li key={alert.fingerprint}>
                  <Badge tone={toneOf(alert.status)}>{alert.status}</Badge>
                  <span className="grow">
                    <Labels labels={alert.labels} />
                  </span>
                  <Link
                    className="small"
                    href={`/alerts/history?alert=${encodeURIComponent(alert.fingerprint)}`}
                  >
                    Who was told?
                  </Link>
                </li>
              ))}
              {allAlerts || incident.alerts.length <= ALERTS_AT_FIRST ? null : (
                <li>
                  <button type="button" className="button" onClick={() => setAllAlerts(true)}>
                    Show all {incident.alerts.length} alerts
                  </button>
                </li>
              )}
            </ul>
          </section>
        </div>
      </div>
    </>
  )
}
