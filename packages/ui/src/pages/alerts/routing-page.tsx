import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { labelsOf, type Receiver, type RouteNode, type RouteStanding } from '../../data/alerting.ts'
import { ask } from '../../data/api.ts'
import { seconds } from '../../data/format.ts'
import { Badge } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { AlertingTabs } from './alerting-tabs.tsx'
import { ReceiverTest } from './receiver-test.tsx'
import { Standings } from './standings.tsx'

interface Routes {
  readonly tree: RouteNode | null
  readonly matched: readonly RouteStanding[]
}

/** The routing tree, where an alert would go, and the receivers with a test for each. */
export function RoutingPage(): ReactNode {
  const [text, setText] = useState('severity="critical"')
  const [time, setTime] = useState('')
  const [asked, setAsked] = useState<{ labels: string; time: string | undefined }>()
  const [fault, setFault] = useState<string>()
  const [tested, setTested] = useState<string>()
  const { data, error, refetch } = useQuery({
    queryKey: ['routes', asked],
    queryFn: ({ signal }) => ask<Routes>('notifications/routes', { ...asked }, signal),
  })
  const receivers = useQuery({
    queryKey: ['receivers'],
    queryFn: ({ signal }) => ask<{ receivers: readonly Receiver[] }>('notifications/receivers', {}, signal),
  }).data?.data.receivers
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    try {
      setFault(undefined)
      setAsked({
        labels: JSON.stringify(labelsOf(text)),
        time: time === '' ? undefined : new Date(time).toISOString(),
      })
    } catch (thrown) {
      setFault((thrown as Error).message)
    }
  }
  const { tree = null, matched = [] } = data?.data ?? {}
  const taken = new Set(matched.map(({ routeId }) => routeId))
  return (
    <>
      <AlertingTabs />
      <div className="page-head">
        <h1 className="grow">Routing</h1>
      </div>
      <div className="stack">
        <section className="card" aria-labelledby="where-title">
          <div className="card-head">
            <h2 id="where-title">Where would this alert go?</h2>
          </div>
          <form className="card-body stack" onSubmit={submit}>
            <div className="form-grid">
              <label className="full">
                Labels of the alert, one per line
                <textarea
                  className="field"
                  rows={3}
                  spellCheck={false}
                  value={text}
                  onChange={(event) => setText(event.target.value)}
                />
              </label>
              <label>
                At this time; now when empty
                <input
                  className="field"
                  type="datetime-local"
                  value={time}
                  onChange={(event) => setTime(event.target.value)}
                />
              </label>
            </div>
            {fault === undefined ? null : (
              <p className="notice bad" role="alert">
                {fault}
              </p>
            )}
            <div className="row">
              <button className="button primary">Show the way</button>
              <button type="button" className="button" onClick={() => setTested('')}>
                Send a test this way
              </button>
            </div>
            {matched.length === 0 ? null : <Standings routes={matched} />}
          </form>
        </section>
        <section className="card" aria-labelledby="tree-title">
          <div className="card-head">
            <h2 id="tree-title">Routing tree</h2>
          </div>
          {error !== null ? (
            <div className="card-body">
              <ErrorState error={error} retry={() => void refetch()} />
            </div>
          ) : data === undefined ? (
            <Skeleton lines={4} />
          ) : tree === null ? (
            <EmptyState
              icon="alerts"
              title="The built-in Alertmanager does not run"
              text="Alerts go to the Alertmanagers of the configuration."
            />
          ) : (
            <div className="card-body tree">
              <Node route={tree} taken={taken} />
            </div>
          )}
        </section>
        <section className="card" aria-labelledby="receivers-title">
          <div className="card-head">
            <h2 id="receivers-title">Receivers</h2>
          </div>
          <ul className="list">
            {(receivers ?? []).map(({ name, integrations }) => (
              <li key={name}>
                <strong>{name}</strong>
                <span className="grow row">
                  {integrations.length === 0 ? <span className="soft small">delivers nowhere</span> : null}
                  {integrations.map((one) => (
                    <Badge key={one.name} tone="neutral" plain>
                      {one.kind}
                    </Badge>
                  ))}
                </span>
                <button
                  type="button"
                  className="button"
                  disabled={integrations.length === 0}
                  onClick={() => setTested(name)}
                >
                  Test
                </button>
              </li>
            ))}
          </ul>
        </section>
      </div>
      {tested === undefined ? null : (
        <ReceiverTest receiver={tested} labels={text} onClose={() => setTested(undefined)} />
      )}
    </>
  )
}

function Node({ route, taken }: { route: RouteNode; taken: ReadonlySet<string> }): ReactNode {
  const times = [
    ...route.muteTimeIntervals.map((name) => `muted in ${name}`),
    ...route.activeTimeIntervals.map((name) => `only in ${name}`),
  ]
  return (
    <>
      <div className="tree-node" aria-current={taken.has(route.id) ? 'true' : undefined}>
        <code>{route.matchers === '{}' ? 'all alerts' : route.matchers}</code>
        <Badge tone={taken.has(route.id) ? 'good' : 'neutral'} plain={!taken.has(route.id)}>
          → {route.receiver}
        </Badge>
        <span className="soft small">
          by {route.groupBy.join(', ') || 'nothing'}, after {seconds(route.groupWaitMs / 1000)}, then every{' '}
          {seconds(route.groupIntervalMs / 1000)}, again after {seconds(route.repeatIntervalMs / 1000)}
          {route.continues ? ', goes on to the next' : ''}
          {times.length === 0 ? '' : `, ${times.join(', ')}`}
        </span>
      </div>
      {route.routes.length === 0 ? null : (
        <ul>
          {route.routes.map((child) => (
            <li key={child.id}>
              <Node route={child} taken={taken} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
