import type { Alert, AlertState, InboxMessage, Rule, RulesData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { ask } from '../../data/api.ts'
import { ago, seconds } from '../../data/format.ts'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { useNow } from '../../parts/now.ts'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

type Wanted = 'all' | AlertState

/** Alerting rules with their alerts, and what was delivered to the built-in inbox. */
export function AlertsPage(): ReactNode {
  const [wanted, setWanted] = useState<Wanted>('all')
  const [search, setSearch] = useState('')
  const { data, error, refetch } = useQuery({
    queryKey: ['rules', 'alert'],
    queryFn: ({ signal }) => ask<RulesData>('rules', { type: 'alert' }, signal),
    refetchInterval: 5000,
  })
  const rules = (data?.data.groups ?? []).flatMap((group) =>
    group.rules.map((rule) => ({ ...rule, group: `${group.file} › ${group.name}` })),
  )
  const shown = rules
    .filter((rule) => (wanted === 'all' || rule.state === wanted) && isFound(rule, search))
    .sort((a, b) => rank(a) - rank(b))
  const count = (state: AlertState): number => rules.filter((rule) => rule.state === state).length
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Alerts</h1>
        <input
          className="field"
          type="search"
          data-search
          placeholder="Search in names and labels"
          aria-label="Search alerts"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <Segments
          label="State"
          value={wanted}
          onChange={setWanted}
          choices={[
            ['all', `All ${rules.length}`],
            ['firing', `Firing ${count('firing')}`],
            ['pending', `Pending ${count('pending')}`],
            ['inactive', `Inactive ${count('inactive')}`],
          ]}
        />
      </div>
      <div className="stack">
        {error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : data === undefined ? (
          <div className="card">
            <Skeleton lines={6} />
          </div>
        ) : rules.length === 0 ? (
          <div className="card">
            <EmptyState
              icon="alerts"
              title="No alerting rules"
              text={
                <>
                  Add <code>rule_files:</code> with alerting rules to the configuration and reload.
                </>
              }
            />
          </div>
        ) : shown.length === 0 ? (
          <div className="card">
            <EmptyState
              icon="search"
              title="No alert matches"
              text="Change the search or the state that is asked for."
            />
          </div>
        ) : (
          <div className="card">
            <ul className="list">
              {shown.map((rule, i) => (
                <AlertRule key={rule.group + rule.name + i} rule={rule} />
              ))}
            </ul>
          </div>
        )}
        <Inbox />
      </div>
    </>
  )
}

const RANKS: Readonly<Record<AlertState, number>> = { firing: 0, pending: 1, inactive: 2 }

function rank(rule: Rule): number {
  return RANKS[rule.state ?? 'inactive']
}

function AlertRule({ rule }: { rule: Rule & { readonly group: string } }): ReactNode {
  const now = useNow()
  const alerts = rule.alerts ?? []
  return (
    <li style={{ alignItems: 'flex-start' }}>
      <details className="grow" open={rule.state === 'firing'}>
        <summary>
          <strong>{rule.name}</strong>{' '}
          <span className="soft small">
            {rule.annotations?.['summary'] ?? ''} {alerts.length > 0 ? `(${alerts.length} active)` : ''}
          </span>
        </summary>
        <div className="stack" style={{ paddingTop: 'var(--space-3)' }}>
          <Link
            href={`/query?g0.expr=${encodeURIComponent(rule.query)}&g0.tab=0`}
            className="mono"
            style={{ whiteSpace: 'pre-wrap' }}
          >
            {rule.query}
          </Link>
          <span className="soft small">
            {rule.group}
            {rule.duration ? `, for ${seconds(rule.duration)}` : ''}
          </span>
          {alerts.map((alert) => (
            <AlertBox key={JSON.stringify(alert.labels)} alert={alert} now={now} />
          ))}
        </div>
      </details>
      <Badge tone={toneOf(rule.state ?? 'inactive')}>{rule.state ?? 'inactive'}</Badge>
    </li>
  )
}

function AlertBox({ alert, now }: { alert: Alert; now: number }): ReactNode {
  return (
    <div className={`notice ${toneOf(alert.state)}`}>
      <div className="stack" style={{ gap: 'var(--space-2)', width: '100%' }}>
        <div className="row">
          <Badge tone={toneOf(alert.state)}>{alert.state}</Badge>
          <span className="small">active since {ago(alert.activeAt, now)}</span>
          <span className="small number">value {Number(alert.value)}</span>
        </div>
        <Labels labels={alert.labels} hide={['alertname']} />
        {Object.entries(alert.annotations).map(([name, value]) => (
          <p key={name} className="small">
            <span className="soft">{name}:</span> {value}
          </p>
        ))}
      </div>
    </div>
  )
}

/** What the built-in receiver got: shown as long as no Alertmanager configuration sends elsewhere. */
function Inbox(): ReactNode {
  const now = useNow()
  const { data } = useQuery({
    queryKey: ['inbox'],
    queryFn: ({ signal }) => ask<{ messages: InboxMessage[] }>('inbox', {}, signal),
    refetchInterval: 5000,
    retry: false,
  })
  if (data === undefined) return null
  const { messages } = data.data
  return (
    <section className="card" aria-labelledby="inbox-title">
      <div className="card-head">
        <h2 id="inbox-title" className="grow">
          Inbox
        </h2>
        <span className="soft small">Notifications of the built-in receiver, newest first</span>
      </div>
      {messages.length === 0 ? (
        <EmptyState
          icon="inbox"
          title="Nothing was delivered yet"
          text="Notifications arrive here until an Alertmanager configuration names receivers."
        />
      ) : (
        <ul className="list">
          {messages.map((message, i) => (
            <li key={message.receivedAt + i}>
              <Badge tone={toneOf(message.status)}>{message.status}</Badge>
              <span className="grow">
                {message.alerts
                  .map((alert) => alert.annotations['summary'] ?? alert.labels['alertname'] ?? 'alert')
                  .join(', ')}
              </span>
              <Labels labels={message.groupLabels} />
              <span className="soft small nowrap">{ago(message.receivedAt, now)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function isFound(rule: Rule & { readonly group: string }, search: string): boolean {
  const text = [
    rule.name,
    rule.query,
    rule.group,
    ...(rule.alerts ?? []).map(({ labels }) => JSON.stringify(labels)),
  ]
    .join('\n')
    .toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
