import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { alertGroups, type GroupedAlert, type AlertGroup, silences } from '../../data/alertmanager.ts'
import { dateTime, seriesName } from '../../data/format.ts'
import { heldBack } from '../../data/held-back.ts'
import { matcherText, parseMatchers } from '../../data/silence-matchers.ts'
import { Badge } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { AlertingTabs } from './alerting-tabs.tsx'

type Wanted = 'all' | 'told' | 'held'

/** Groups, and alerts of a group, that are drawn before they are asked for. */
const GROUPS_AT_FIRST = 50
const ALERTS_AT_FIRST = 10

/** What the built-in Alertmanager holds, as it tells it: by group and receiver, and what is held back with its reason. */
export function GroupsPage(): ReactNode {
  const [wanted, setWanted] = useState<Wanted>('all')
  const [search, setSearch] = useState('')
  const [all, setAll] = useState(false)
  const filter = readFilter(search)
  const { data, error, refetch } = useQuery({
    queryKey: ['alert-groups', filter.matchers],
    queryFn: ({ signal }) => alertGroups(filter.matchers, signal),
    refetchInterval: 5000,
    placeholderData: (before) => before,
  })
  const reasons = useReasons(data ?? [])
  const shown = (data ?? []).flatMap((group) => {
    const alerts = group.alerts.filter(
      (alert) => wanted === 'all' || reasons(alert).length > 0 === (wanted === 'held'),
    )
    return alerts.length === 0 ? [] : [{ ...group, alerts }]
  })
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Groups</h1>
        <SearchField
          label="Matchers"
          placeholder={'severity="critical", job=~"web.*"'}
          value={search}
          onChange={setSearch}
        />
        <Segments
          label="Which alerts"
          value={wanted}
          onChange={setWanted}
          choices={[
            ['all', 'All'],
            ['told', 'Told'],
            ['held', 'Held back'],
          ]}
        />
        <AlertingTabs />
      </div>
      <div className="stack">
        {filter.fault === undefined ? null : <p className="notice warn small">{filter.fault}</p>}
        {error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : data === undefined ? (
          <section className="card">
            <Skeleton lines={6} />
          </section>
        ) : shown.length === 0 ? (
          <section className="card">
            <EmptyState
              icon="alerts"
              title={data.length === 0 && search === '' ? 'Nothing fires' : 'No alert fits'}
              text="Alerts of the rules here and of other servers stand here by group, as their receivers hear of them."
            />
          </section>
        ) : (
          shown
            .slice(0, all ? undefined : GROUPS_AT_FIRST)
            .map((group) => <Group key={keyOf(group)} group={group} reasons={reasons} />)
        )}
        {all || shown.length <= GROUPS_AT_FIRST ? null : (
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {shown.length} groups
          </button>
        )}
      </div>
    </>
  )
}

function Group({
  group: { labels, receiver, alerts },
  reasons,
}: {
  group: AlertGroup
  reasons: (alert: GroupedAlert) => readonly string[]
}): ReactNode {
  const [all, setAll] = useState(false)
  const names = Object.keys(labels)
  return (
    <section className="card" aria-label={`${seriesName(labels)} to ${receiver.name}`}>
      <div className="card-head">
        {names.length === 0 ? <h2>Everything</h2> : <Labels labels={labels} />}
        <span className="soft small grow">→ {receiver.name}</span>
        <span className="soft small number">
          {alerts.length} {alerts.length === 1 ? 'alert' : 'alerts'}
        </span>
      </div>
      <ul className="list">
        {alerts.slice(0, all ? undefined : ALERTS_AT_FIRST).map((alert) => (
          <li key={alert.fingerprint} style={{ alignItems: 'flex-start' }}>
            <Standing alert={alert} />
            <div className="grow stack" style={{ gap: 'var(--space-1)' }}>
              <Labels labels={alert.labels} hide={names} />
              {alert.annotations['summary'] === undefined ? null : (
                <span className="small">{alert.annotations['summary']}</span>
              )}
              {reasons(alert).map((reason) => (
                <span key={reason} className="small soft">
                  {reason}
                </span>
              ))}
              <span className="small soft">since {dateTime(Date.parse(alert.startsAt))}</span>
            </div>
            <Link href={`/alerts/history?alert=${encodeURIComponent(alert.fingerprint)}`} className="small nowrap">
              Why?
            </Link>
          </li>
        ))}
        {all || alerts.length <= ALERTS_AT_FIRST ? null : (
          <li>
            <button type="button" className="button" onClick={() => setAll(true)}>
              Show all {alerts.length} alerts
            </button>
          </li>
        )}
      </ul>
    </section>
  )
} // prettier-ignore

function Standing({ alert: { status } }: { alert: GroupedAlert }): ReactNode {
  const word =
    status.silencedBy.length > 0
      ? 'silenced'
      : status.inhibitedBy.length > 0
        ? 'inhibited'
        : status.mutedBy.length > 0
          ? 'muted'
          : 'firing'
  return <Badge tone={word === 'firing' ? 'bad' : 'warn'}>{word}</Badge>
}

/** Why an alert is held back, in words; with the silence's comment and the other alert's name where they are known. */
function useReasons(groups: readonly AlertGroup[]): (alert: GroupedAlert) => readonly string[] {
  const known = useQuery({
    queryKey: ['silences'],
    queryFn: ({ signal }) => silences(signal),
    refetchInterval: 5000,
  }).data
  const byId = new Map(known?.map((silence) => [silence.id, silence]))
  const byFingerprint = new Map(
    groups.flatMap(({ alerts }) => alerts.map((alert) => [alert.fingerprint, alert] as const)),
  )
  return ({ status }) => heldBack(status, byId, byFingerprint)
}

function keyOf({ labels, receiver }: AlertGroup): string {
  return `${receiver.name};${JSON.stringify(labels)}`
}

/** Matchers as they are typed: while they make no sense, all alerts are shown. */
function readFilter(text: string): { matchers: readonly string[]; fault?: string } {
  try {
    return { matchers: parseMatchers(text).map(matcherText) }
  } catch (error) {
    return { matchers: [], fault: (error as Error).message }
  }
}
