import type { Rule, RuleGroup, RulesData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { ask } from '../../data/api.ts'
import { seconds } from '../../data/format.ts'
import { useFileName } from '../../data/rule-file.ts'
import { Ago } from '../../parts/ago.tsx'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { isFound, SearchField } from '../../parts/search-field.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** Rule groups with the health and cost of each rule. */
export function RulesPage(): ReactNode {
  const [search, setSearch] = useState('')
  const { data, error, refetch } = useQuery({
    queryKey: ['rules'],
    queryFn: ({ signal }) => ask<RulesData>('rules', { exclude_alerts: 'true' }, signal),
    refetchInterval: 5000,
  })
  const groups = data?.data.groups ?? []
  const found = groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => isFound(search, [rule.name, rule.query, group.name, group.file])),
    }))
    .filter(({ rules }) => rules.length > 0)
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Rules</h1>
        <Link className="button" href="/rules/lab">
          Rule lab
        </Link>
        <SearchField
          label="Search rules"
          placeholder="Names, expressions"
          value={search}
          onChange={setSearch}
        />
      </div>
      {error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <div className="card">
          <Skeleton lines={6} />
        </div>
      ) : groups.length === 0 ? (
        <div className="card">
          <EmptyState
            icon="rules"
            title="No rules"
            text={
              <>
                The configuration names no rule files. Add <code>rule_files:</code> to it and reload.
              </>
            }
          />
        </div>
      ) : found.length === 0 ? (
        <div className="card">
          <EmptyState icon="search" title="No rule matches" text="Change the search." />
        </div>
      ) : (
        <div className="stack">
          {found.map((group) => (
            <Group key={`${group.file};${group.name}`} group={group} />
          ))}
        </div>
      )}
    </>
  )
}

function Group({ group }: { group: RuleGroup }): ReactNode {
  const fileName = useFileName()
  return (
    <section className="card" aria-label={`Group ${group.name}`}>
      <div className="card-head">
        <h2>{group.name}</h2>
        <span className="soft small grow" title={group.file} style={{ overflowWrap: 'anywhere' }}>
          {fileName(group.file)}
        </span>
        <span className="soft small number">
          every {seconds(group.interval)}, last <Ago at={group.lastEvaluation} />, took{' '}
          {seconds(group.evaluationTime)}
        </span>
      </div>
      <ul className="list">
        {group.rules.map((rule, i) => (
          <RuleLine key={rule.name + i} rule={rule} group={group} />
        ))}
      </ul>
    </section>
  )
}

function RuleLine({ rule, group }: { rule: Rule; group: RuleGroup }): ReactNode {
  const search = new URLSearchParams({ name: rule.name, group: group.name, file: group.file })
  return (
    <li style={{ alignItems: 'flex-start' }}>
      <div className="grow stack" style={{ gap: 'var(--space-2)' }}>
        <div className="row">
          <Link href={`/rules/rule?${search}`}>
            <strong>{rule.name}</strong>
          </Link>
          <span className="soft small">{rule.type === 'alerting' ? 'alert' : 'recording rule'}</span>
          {rule.duration ? <span className="soft small">for {seconds(rule.duration)}</span> : null}
          {rule.keepFiringFor ? (
            <span className="soft small">keep firing for {seconds(rule.keepFiringFor)}</span>
          ) : null}
        </div>
        <Link
          href={`/query?g0.expr=${encodeURIComponent(rule.query)}&g0.tab=0`}
          className="mono"
          style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
        >
          {rule.query}
        </Link>
        {Object.keys(rule.labels).length > 0 ? <Labels labels={rule.labels} /> : null}
        {rule.lastError ? <p className="notice bad small">{rule.lastError}</p> : null}
      </div>
      {rule.state === undefined ? null : <Badge tone={toneOf(rule.state)}>{rule.state}</Badge>}
      <Badge tone={toneOf(rule.health)}>
        {rule.health === 'err' ? 'error' : rule.health === 'unknown' ? 'not yet run' : rule.health}
      </Badge>
    </li>
  )
}
