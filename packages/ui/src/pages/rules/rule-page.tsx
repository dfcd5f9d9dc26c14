import type { Rule, RulesData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link, useSearchParams } from 'wouter'
import { ask } from '../../data/api.ts'
import { runBacktest } from '../../data/backtest.ts'
import { seconds } from '../../data/format.ts'
import { rangeQuery, toChart } from '../../data/queries.ts'
import { splitThreshold } from '../../data/threshold.ts'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { Chart, type ChartData } from '../../parts/chart.tsx'
import { Labels } from '../../parts/labels.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, PageSkeleton, Skeleton } from '../../parts/states.tsx'
import { BacktestResult } from './backtest-result.tsx'

const RANGES = [['3600', '1 h'], ['21600', '6 h'], ['86400', '1 d'], ['604800', '7 d']] as const // prettier-ignore
/** A day of seconds is more than anybody wants to wait for: the steps of past firings. */
const STEPS_MAX = 2000

/** One alerting rule: what it looks at beside its threshold, and when it fired. */
export function RulePage(): ReactNode {
  const [params] = useSearchParams()
  const [range, setRange] = useState('21600')
  const [name, group, file] = [params.get('name') ?? '', params.get('group') ?? '', params.get('file') ?? '']
  const { data, error, refetch } = useQuery({
    queryKey: ['rule', name, group, file],
    queryFn: ({ signal }) =>
      ask<RulesData>(
        'rules',
        {
          'rule_name[]': name,
          'rule_group[]': group || undefined,
          'file[]': file || undefined,
          exclude_alerts: 'true',
        },
        signal,
      ),
    refetchInterval: 5000,
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined) return <PageSkeleton />
  const found = data.data.groups[0]
  const rule = found?.rules[0]
  if (found === undefined || rule === undefined)
    return (
      <EmptyState icon="rules" title="There is no such rule" text="It may have been renamed or taken away." />
    )
  return (
    <>
      <div className="page-head">
        <h1 className="grow">{rule.name}</h1>
        {rule.state === undefined ? null : <Badge tone={toneOf(rule.state)}>{rule.state}</Badge>}
        <Segments label="Time" value={range} onChange={setRange} choices={RANGES} />
        <Link className="button" href={`/rules/lab?rule=${encodeURIComponent(ruleText(rule))}`}>
          Open in the lab
        </Link>
      </div>
      <div className="stack">
        <section className="card card-body stack" aria-label="Rule">
          <Link href={`/query?g0.expr=${encodeURIComponent(rule.query)}&g0.tab=0`} className="mono expr">
            {rule.query}
          </Link>
          <p className="soft small">
            {rule.duration ? `fires after ${seconds(rule.duration)}; ` : ''}group {found.name}, every{' '}
            {seconds(found.interval)}
          </p>
          <Labels labels={rule.labels} />
          {rule.lastError ? <p className="notice bad small">{rule.lastError}</p> : null}
          <ExpressionGraph rule={rule} rangeS={Number(range)} />
        </section>
        {rule.type === 'alerting' ? (
          <PastFirings rule={rule} rangeS={Number(range)} intervalS={found.interval} />
        ) : null}
      </div>
    </>
  )
}

/** What is compared, with the bound as a line of its own. */
function ExpressionGraph({ rule, rangeS }: { rule: Rule; rangeS: number }): ReactNode {
  const { expr, bounds } = splitThreshold(rule.query)
  const { data, error } = useQuery({
    queryKey: ['rule-graph', expr, rangeS],
    queryFn: async ({ signal }) => {
      const nowS = Date.now() / 1000
      return toChart(await rangeQuery(expr, nowS - rangeS, nowS, signal))
    },
    refetchInterval: 30_000,
  })
  if (error !== null) return <ErrorState error={error} />
  if (data === undefined) return <Skeleton lines={6} />
  const lines: ChartData = {
    times: data.times,
    series: [
      ...data.series,
      ...bounds.map((bound) => ({ name: `bound ${bound}`, values: data.times.map(() => bound) })),
    ],
  }
  if (data.series.length === 0) return <p className="soft">No samples in this time.</p>
  return <Chart data={lines} height={260} label={`${rule.name}: ${expr}`} />
}

function PastFirings({
  rule,
  rangeS,
  intervalS,
}: {
  rule: Rule
  rangeS: number
  intervalS: number
}): ReactNode {
  const stepS = Math.max(1, Math.ceil(Math.max(intervalS, rangeS / STEPS_MAX)))
  const { data, error } = useQuery({
    queryKey: ['past-firings', rule.name, rule.query, rangeS],
    queryFn: () => runBacktest(ruleText(rule), rangeS, stepS),
    staleTime: 60_000,
  })
  if (error !== null) return <ErrorState error={error} />
  return data === undefined ? <Skeleton lines={3} /> : <BacktestResult result={data.data} />
}

/** The rule as in a file: JSON is YAML as well. */
function ruleText({ name, query, duration = 0, keepFiringFor = 0, labels, annotations = {} }: Rule): string {
  const list = (title: string, texts: Readonly<Record<string, string>>): string =>
    Object.keys(texts).length === 0
      ? ''
      : `\n${title}:${Object.entries(texts)
          .map(([key, value]) => `\n  ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
          .join('')}`
  return [
    `alert: ${JSON.stringify(name)}\nexpr: ${JSON.stringify(query)}`,
    duration === 0 ? '' : `\nfor: ${duration}s`,
    keepFiringFor === 0 ? '' : `\nkeep_firing_for: ${keepFiringFor}s`,
    list('labels', labels),
    list('annotations', annotations),
  ].join('') // prettier-ignore
}
