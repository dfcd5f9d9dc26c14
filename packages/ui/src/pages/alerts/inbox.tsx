import type { InboxMessage } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { Ago } from '../../parts/ago.tsx'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

const MESSAGES_AT_FIRST = 10
/** Alerts of a message that are named. */
const ALERTS_NAMED = 3

/** What the built-in receiver got: it stays empty once an Alertmanager configuration sends elsewhere. */
export function Inbox(): ReactNode {
  const [all, setAll] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['inbox'],
    queryFn: ({ signal }) => ask<{ messages: InboxMessage[] }>('inbox', {}, signal),
    refetchInterval: 5000,
  })
  const messages = data?.data.messages ?? []
  const rows = all ? messages : messages.slice(0, MESSAGES_AT_FIRST)
  return (
    <section className="card" aria-labelledby="inbox-title">
      <div className="card-head">
        <h2 id="inbox-title">Inbox</h2>
        <span className="soft small">What the built-in receiver got</span>
      </div>
      {error !== null ? (
        <div className="card-body">
          <ErrorState error={error} retry={() => void refetch()} />
        </div>
      ) : data === undefined ? (
        <Skeleton lines={3} />
      ) : messages.length === 0 ? (
        <EmptyState
          icon="inbox"
          title="Nothing was delivered yet"
          text="Notifications arrive here until an Alertmanager configuration names receivers."
        />
      ) : (
        <ul className="list">
          {rows.map((message, i) => (
            <li key={message.receivedAt + i}>
              <Badge tone={toneOf(message.status)}>{message.status}</Badge>
              <span className="grow">{namesOf(message)}</span>
              <span className="soft small nowrap">
                <Ago at={message.receivedAt} />
              </span>
            </li>
          ))}
          {rows.length < messages.length ? (
            <li>
              <button type="button" className="button" onClick={() => setAll(true)}>
                Show all {messages.length}
              </button>
            </li>
          ) : null}
        </ul>
      )}
    </section>
  )
}

function namesOf({ alerts }: InboxMessage): string {
  const names = alerts
    .slice(0, ALERTS_NAMED)
    .map((alert) => alert.annotations['summary'] ?? alert.labels['alertname'] ?? 'alert')
  return alerts.length > ALERTS_NAMED
    ? `${names.join('; ')}; and ${alerts.length - ALERTS_NAMED} more`
    : names.join('; ')
}
