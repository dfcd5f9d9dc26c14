import type { AlertState, Rule, RulesData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import type { SilenceMatcher } from '../../data/silence-matchers.ts'
import { isFound, SearchField } from '../../parts/search-field.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { AlertingTabs } from './alerting-tabs.tsx'
import { AlertRule, type GroupedRule } from './alert-rule.tsx'
import { Decisions } from './decisions.tsx'
import { Inbox } from './inbox.tsx'
import { Silences } from './silences.tsx'

type Wanted = 'all' | AlertState

/** Alerting rules with their alerts; silences; what was delivered to the built-in inbox; why something was or was not. */
export function AlertsPage(): ReactNode {
  const [wanted, setWanted] = useState<Wanted>('all')
  const [search, setSearch] = useState('')
  const [draft, setDraft] = useState<readonly SilenceMatcher[]>()
  const { data, error, refetch } = useQuery({
    queryKey: ['rules', 'alert'],
    queryFn: ({ signal }) => ask<RulesData>('rules', { type: 'alert' }, signal),
    refetchInterval: 5000,
  })
  const rules = (data?.data.groups ?? []).flatMap((group) =>
    group.rules.map((rule) => ({ ...rule, file: group.file, group: group.name })),
  )
  const shown = rules
    .filter((rule) => (wanted === 'all' || rule.state === wanted) && isFound(search, textsOf(rule)))
    .sort((a, b) => rank(a) - rank(b))
  const count = (state: AlertState): number => rules.filter((rule) => rule.state === state).length
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Alerts</h1>
        <SearchField label="Search alerts" placeholder="Names, labels" value={search} onChange={setSearch} />
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
        <AlertingTabs />
      </div>
      <div className="stack">
        {error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : (
          <section className="card" aria-label="Alerting rules">
            {data === undefined ? (
              <Skeleton lines={6} />
            ) : rules.length === 0 ? (
              <EmptyState
                icon="alerts"
                title="No alerting rules"
                text={
                  <>
                    Add <code>rule_files:</code> with alerting rules to the configuration and reload.
                  </>
                }
              />
            ) : shown.length === 0 ? (
              <EmptyState
                icon="search"
                title="No alert matches"
                text="Change the search or the state that is asked for."
              />
            ) : (
              <ul className="list">
                {shown.map((rule, i) => (
                  <AlertRule
                    key={`${rule.file};${rule.group};${rule.name};${i}`}
                    rule={rule}
                    onSilence={setDraft}
                  />
                ))}
              </ul>
            )}
          </section>
        )}
        {/* Not before the rules are there: nothing is to jump down below a list that grows. */}
        {data === undefined && error === null ? null : (
          <>
            <Silences draft={draft} onDraft={setDraft} />
            <div className="two">
              <Inbox />
              <Decisions />
            </div>
          </>
        )}
      </div>
    </>
  )
}

const RANKS: Readonly<Record<AlertState, number>> = { firing: 0, pending: 1, inactive: 2 }

function rank(rule: Rule): number {
  return RANKS[rule.state ?? 'inactive']
}

function textsOf(rule: GroupedRule): string[] {
  const labels = (rule.alerts ?? []).flatMap((alert) =>
    Object.entries(alert.labels).map((pair) => pair.join('=')),
  )
  return [rule.name, rule.query, rule.file, rule.group, ...labels]
}
