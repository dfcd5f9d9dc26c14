import type { Alert } from '@promontory/api'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useFiring } from '../../data/rules-overview.ts'
import { Ago } from '../../parts/ago.tsx'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

const SHOWN = 6

/** Alerts that fire or are about to. */
export function FiringCard(): ReactNode {
  const { data, error, refetch } = useFiring()
  const alerts = data?.rules
    .flatMap((rule) => rule.alerts ?? [])
    .sort((a, b) => a.state.localeCompare(b.state))
  const count = data === undefined ? 0 : data.alerts.firing + data.alerts.pending
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
          {count > SHOWN ? (
            <li>
              <Link href="/alerts">and {count - SHOWN} more</Link>
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
