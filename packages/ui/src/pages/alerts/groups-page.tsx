import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link, useSearchParams } from 'wouter'
import {
  alertGroups,
  type AlertGroup,
  type GroupedAlert,
  type GroupsOverview,
  silences,
} from '../../data/alertmanager.ts'
import { dateTime, seriesName } from '../../data/format.ts'
import { heldBack } from '../../data/held-back.ts'
import { matcherText, parseMatchers } from '../../data/silence-matchers.ts'
import { Badge } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { Segments } from '../../parts/segments.tsx'
import { useSettled } from '../../parts/settled.ts'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { AlertingTabs } from './alerting-tabs.tsx'

type Wanted = 'all' | 'told' | 'held'

/** Groups, and alerts of a group, that are asked for at first; more when they are wanted. */
const GROUPS_AT_FIRST = 50
const ALERTS_AT_FIRST = 10
const ALERTS_MAX = 1000

/** What the built-in Alertmanager holds, as it tells it: by group and receiver, and what is held back with its reason. */
export function GroupsPage(): ReactNode {
  const [wanted, setWanted] = useState<Wanted>('all')
  const [params, setParams] = useSearchParams()
  const [search, setSearch] = useState(params.get('filter') ?? '')
  const receiver = params.get('receiver') ?? ''
  const [limit, setLimit] = useState(GROUPS_AT_FIRST)
  const [alertLimit, setAlertLimit] = useState(ALERTS_AT_FIRST)
  const filter = readFilter(useSettled(search))
  const query = { matchers: filter.matchers, receiver, standing: wanted, limit, alertLimit }
  const { data, error, refetch } = useQuery({
    queryKey: ['alert-groups', query],
    queryFn: ({ signal }) => alertGroups(query, signal),
    refetchInterval: 5000,
    placeholderData: (before) => before,
  })
  const reasons = useReasons(data?.inhibiting ?? {})
  const { told = 0, silenced = 0, inhibited = 0, muted = 0 } = data?.standings ?? {}
  const held = silenced + inhibited + muted
  return (
    <>
      <AlertingTabs />
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
            ['all', `All ${told + held}`],
            ['told', `Told ${told}`],
            ['held', `Held back ${held}`],
          ]}
        />
      </div>
      <div className="stack">
        {receiver === '' ? null : (
          <div className="notice small row">
            <span className="grow">
              Only what goes to <code>{receiver}</code>.
            </span>
            <button type="button" className="button" onClick={() => setParams({})}>
              All receivers
            </button>
          </div>
        )}
        {filter.fault === undefined ? null : <p className="notice warn small">{filter.fault}</p>}
        {error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : data === undefined ? (
          <section className="card">
            <Skeleton lines={6} />
          </section>
        ) : data.groups.length === 0 ? (
          <section className="card">
            <EmptyState
              icon="alerts"
              title={told + held === 0 && search === '' ? 'Nothing fires' : 'No alert fits'}
              text="Alerts of the rules here and of other servers stand here by group, as their receivers hear of them."
            />
          </section>
        ) : (
          <>
            <p className="soft small">{summaryOf(data)}</p>
            {data.groups.map((group) => (
              <Group
                key={group.key + group.receiver}
                group={group}
                reasons={reasons}
                onMore={alertLimit < ALERTS_MAX ? () => setAlertLimit(alertLimit * 10) : undefined}
              />
            ))}
            {data.groupCount <= data.groups.length ? null : (
              <button type="button" className="button" onClick={() => setLimit(limit * 4)}>
                Show more of {data.groupCount - data.groups.length} other groups
              </button>
            )}
          </>
        )}
      </div>
    </>
  )
}

/** `1,200 alerts in 40 groups: 1,000 told, 150 silenced, 50 inhibited`. */
function summaryOf({ alertCount, groupCount, standings }: GroupsOverview): string {
  const parts = (['told', 'silenced', 'inhibited', 'muted'] as const)
    .filter((standing) => standings[standing] > 0)
    .map((standing) => `${standings[standing].toLocaleString('en')} ${standing}`)
  const count = (number: number, noun: string): string =>
    `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
  return `${count(alertCount, 'alert')} in ${count(groupCount, 'group')}; of all that fit the matchers ${parts.join(', ')}`
}

function Group({
  group: { labels, receiver, alerts, alertCount },
  reasons,
  onMore,
}: {
  group: AlertGroup
  reasons: (alert: GroupedAlert) => readonly string[]
  onMore: (() => void) | undefined
}): ReactNode {
  const others = alertCount - alerts.length
  const names = Object.keys(labels)
  return (
    <section className="card" aria-label={`${seriesName(labels)} to ${receiver}`}>
      <div className="card-head">
        {names.length === 0 ? <h2>Everything</h2> : <Labels labels={labels} />}
        <span className="soft small grow">→ {receiver}</span>
        <span className="soft small number">
          {alertCount.toLocaleString('en')} {alertCount === 1 ? 'alert' : 'alerts'}
        </span>
      </div>
      <ul className="list">
        {alerts.map((alert) => (
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
        {others <= 0 ? null : (
          <li>
            {onMore === undefined ? (
              <span className="soft small">{others.toLocaleString('en')} others are not shown: narrow the matchers down.</span>
            ) : (
              <button type="button" className="button" onClick={onMore}>
                Show more of {others.toLocaleString('en')} others
              </button>
            )}
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
function useReasons(inhibiting: GroupsOverview['inhibiting']): (alert: GroupedAlert) => readonly string[] {
  const known = useQuery({
    queryKey: ['silences'],
    queryFn: ({ signal }) => silences(signal),
    refetchInterval: 5000,
  }).data
  const byId = new Map(known?.map((silence) => [silence.id, silence]))
  return ({ status }) => heldBack(status, byId, inhibiting)
}

/** Matchers as they are typed: while they make no sense, all alerts are shown. */
function readFilter(text: string): { matchers: readonly string[]; fault?: string } {
  try {
    return { matchers: parseMatchers(text).map(matcherText) }
  } catch (error) {
    return { matchers: [], fault: (error as Error).message }
  }
}
