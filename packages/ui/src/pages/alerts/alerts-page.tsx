import type { AlertState } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useSearchParams } from 'wouter'
import { askRules } from '../../data/rules-overview.ts'
import { matcherText } from '../../data/silence-matchers.ts'
import { SearchField } from '../../parts/search-field.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { useSettled } from '../../parts/settled.ts'
import { AlertingTabs } from './alerting-tabs.tsx'
import { AlertRule } from './alert-rule.tsx'
import { Decisions } from './decisions.tsx'
import { Inbox } from './inbox.tsx'
import type { SilenceDraft } from './silence-form.tsx'
import { Silences } from './silences.tsx'

type Wanted = 'all' | AlertState

/** Rules, and alerts of each, that are asked for at first; more when they are wanted. */
const RULES_AT_FIRST = 100
const ALERTS_AT_FIRST = 20
const ALERTS_MAX = 500

/** Alerting rules with their alerts; silences; what was delivered to the built-in inbox; why something was or was not. */
export function AlertsPage(): ReactNode {
  const [wanted, setWanted] = useState<Wanted>('all')
  const [search, setSearch] = useState('')
  const [limit, setLimit] = useState(RULES_AT_FIRST)
  const [alertLimit, setAlertLimit] = useState(ALERTS_AT_FIRST)
  const [params, setParams] = useSearchParams()
  const asked = params.get('silence')
  const [draft, setDraft] = useState<SilenceDraft | undefined>(() =>
    asked === null ? undefined : { text: asked },
  )
  const changeDraft = (next: SilenceDraft | undefined): void => {
    setDraft(next)
    if (next === undefined && asked !== null) setParams({}, { replace: true })
  }
  const query = {
    search: useSettled(search),
    state: wanted === 'all' ? undefined : wanted,
    limit,
    alertLimit,
  }
  const { data, error, refetch } = useQuery({
    queryKey: ['rules-overview', query],
    queryFn: ({ signal }) => askRules(query, signal),
    refetchInterval: 5000,
    placeholderData: (before) => before,
  })
  const shown = data?.rules ?? []
  const count = (state: AlertState): number => data?.states[state] ?? 0
  const all = count('firing') + count('pending') + count('inactive')
  return (
    <>
      <AlertingTabs />
      <div className="page-head">
        <h1 className="grow">Alerts</h1>
        <SearchField label="Search alerts" placeholder="Names, labels" value={search} onChange={setSearch} />
        <Segments
          label="State"
          value={wanted}
          onChange={setWanted}
          choices={[
            ['all', `All ${all}`],
            ['firing', `Firing ${count('firing')}`],
            ['pending', `Pending ${count('pending')}`],
            ['inactive', `Inactive ${count('inactive')}`],
          ]}
        />
      </div>
      <div className="stack">
        {error !== null ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : (
          <section className="card" aria-label="Alerting rules">
            {data === undefined ? (
              <Skeleton lines={6} />
            ) : all === 0 ? (
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
                    onMore={alertLimit < ALERTS_MAX ? () => setAlertLimit(alertLimit * 5) : undefined}
                    onSilence={(matchers) => setDraft({ text: matchers.map(matcherText).join('\n') })}
                  />
                ))}
                {data.ruleCount <= shown.length ? null : (
                  <li>
                    <button type="button" className="button" onClick={() => setLimit(limit * 4)}>
                      Show more of {data.ruleCount - shown.length} others
                    </button>
                  </li>
                )}
              </ul>
            )}
          </section>
        )}
        {/* Not before the rules are there: nothing is to jump down below a list that grows. */}
        {data === undefined && error === null ? null : (
          <>
            <Silences draft={draft} onDraft={changeDraft} />
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
