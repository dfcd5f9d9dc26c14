import type { Alert } from '@promontory/api'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { ask, type Answer } from '../../data/api.ts'
import { Ago } from '../../parts/ago.tsx'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

const SHOWN = 6

export function useAlerts(): UseQueryResult<Answer<{ alerts: Alert[] }>> {
  return useQuery({
    queryKey: ['alerts'],
    queryFn: ({ signal }) => ask<{ alerts: Alert[] }>('alerts', {}, signal),
    refetchInterval: 5000,
  })
}

/** Alerts that fire or are about to. */
export function FiringCard(): ReactNode {
  const { data, error, refetch } = useAlerts()
  const alerts = data?.data.alerts
    .filter(({ state }) => state !== 'inactive')
    .sort((a, b) => a.state.localeCompare(b.state))
  return (
    <section className="card" aria-labelledby="firing-title">
      <div className="card-head">
        <h2 id="firing-title" className="grow">
          What fires
        </h2>
        <Link href="/alerts">All alerts</Link>
      </div>
      {error !== null ? (
        <div className="card-body">
          <ErrorState error={error} retry={() => void refetch()} />
        </div>
      ) : alerts === undefined ? (
        <Skeleton lines={3} />
      ) : alerts.length === 0 ? (
        <EmptyState icon="check" title="Nothing fires" text="No alert is pending or firing." />
      ) : (
        <ul className="list">
          {alerts.slice(0, SHOWN).map((alert) => (
            <AlertLine key={JSON.stringify(alert.labels)} alert={alert} />
          ))}
          {alerts.length > SHOWN ? (
            <li>
              <Link href="/alerts">and {alerts.length - SHOWN} more</Link>
            </li>
          ) : null}
        </ul>
      )}
    </section>
  )
}

function AlertLine({ alert }: { alert: Alert }): ReactNode {
  return (
    <li>
      <div className="grow">
        <strong>{alert.labels['alertname']}</strong>
        <p className="soft small">
          {alert.annotations['summary'] ?? alert.annotations['description'] ?? alert.labels['instance'] ?? ''}
        </p>
      </div>
      <span className="soft small nowrap">
        <Ago at={alert.activeAt} />
      </span>
      <Badge tone={toneOf(alert.state)}>{alert.state}</Badge>
    </li>
  )
}
