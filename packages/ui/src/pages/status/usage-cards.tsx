import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { ask } from '../../data/api.ts'
import { dateTime, wholeNumber } from '../../data/format.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

interface RelabelRule {
  readonly source_labels?: readonly string[]
  readonly regex: string
  readonly action: 'drop' | 'labeldrop'
}

/** What `/api/v1/usage` answers. */
interface Usage {
  readonly unusedMetrics: readonly { readonly name: string; readonly series: number }[]
  readonly unusedSeries: number
  readonly totalSeries: number
  readonly relabelRules: readonly RelabelRule[]
  readonly unusedLabels: readonly {
    readonly name: string
    readonly values: number
    readonly rule: RelabelRule
  }[]
  readonly dashboards: readonly {
    readonly uid: string
    readonly title: string
    readonly views: number
    readonly lastMs: number
  }[]
}

/** Rows shown before one asks for all. */
const FIRST_ROWS = 15

/** What is stored and nobody looks at: metrics and labels that no dashboard and no rule names, and dashboards that nobody opens. */
export function UsageCards(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['usage'],
    queryFn: ({ signal }) => ask<Usage>('usage', {}, signal),
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <div className="card">
        <Skeleton lines={8} />
      </div>
    )
  const usage = data.data
  const share = usage.totalSeries === 0 ? 0 : Math.round((100 * usage.unusedSeries) / usage.totalSeries)
  return (
    <div className="stack">
      <section className="tiles" aria-label="Unused">
        {(
          [
            ['Series', wholeNumber(usage.totalSeries)],
            ['In no dashboard and no rule', wholeNumber(usage.unusedSeries)],
            ['That is', `${share} %`],
            ['Metrics', wholeNumber(usage.unusedMetrics.length)],
          ] as const
        ).map(([title, value]) => (
          <article key={title} className="card tile" style={{ paddingBottom: 'var(--space-4)' }}>
            <h3 className="tile-title">{title}</h3>
            <p className="tile-value">{value}</p>
          </article>
        ))}
      </section>
      <div className="two">
        <Rows
          title="Metrics that nobody asks for"
          heads={['Metric', 'Series']}
          rows={usage.unusedMetrics.map(({ name, series }) => [
            <Link key={name} href={`/query?g0.expr=${encodeURIComponent(name)}&g0.tab=0`} className="mono">
              {name}
            </Link>,
            wholeNumber(series),
          ])}
          empty="Every metric is in a dashboard or a rule."
        />
        <section className="card">
          <div className="card-head">
            <h2 className="grow">What drops them</h2>
            <CopyButton text={yamlOf(usage.relabelRules)} />
          </div>
          {usage.relabelRules.length === 0 ? (
            <EmptyState icon="check" title="Nothing to drop" text="There is nothing that nobody asks for." />
          ) : (
            <pre className="code" tabIndex={0} aria-label="Relabelling rules" role="region">
              {yamlOf(usage.relabelRules)}
            </pre>
          )}
        </section>
      </div>
      <div className="two">
        <Rows
          title="Labels that no query names"
          heads={['Label', 'Values']}
          rows={usage.unusedLabels.map(({ name, values }) => [
            <span key={name} className="mono">
              {name}
            </span>,
            wholeNumber(values),
          ])}
          empty="Every label is named in a query."
        />
        <Rows
          title="Dashboards, the least opened first"
          heads={['Dashboard', 'Opened']}
          rows={usage.dashboards.map(({ uid, title, views, lastMs }) => [
            <Link key={uid} href={`/d/${uid}`}>
              {title}
            </Link>,
            views === 0 ? 'never' : `${wholeNumber(views)} times, last ${dateTime(lastMs)}`,
          ])}
          empty="There is no dashboard."
        />
      </div>
    </div>
  )
}

interface RowsProps {
  readonly title: string
  readonly heads: readonly [string, string]
  readonly rows: readonly (readonly [ReactNode, string])[]
  readonly empty: string
}

function Rows({ title, heads, rows, empty }: RowsProps): ReactNode {
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? rows : rows.slice(0, FIRST_ROWS)
  return (
    <section className="card">
      <div className="card-head">
        <h2 className="grow">{title}</h2>
        <span className="soft">{wholeNumber(rows.length)}</span>
      </div>
      {rows.length === 0 ? (
        <EmptyState icon="check" title={empty} text="" />
      ) : (
        <div className="table-wrap">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">{heads[0]}</th>
                <th scope="col">{heads[1]}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(([name, value], i) => (
                <tr key={i}>
                  <td style={{ overflowWrap: 'anywhere' }}>{name}</td>
                  <td className="nowrap">{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > shown.length ? (
        <div className="card-body">
          <button type="button" className="button" onClick={() => setWhole(true)}>
            Show all {wholeNumber(rows.length)}
          </button>
        </div>
      ) : null}
    </section>
  )
}

/** The rules as they stand in a scrape job. */
function yamlOf(rules: readonly RelabelRule[]): string {
  const items = rules.map(({ source_labels: labels, regex, action }) =>
    [
      ...(labels === undefined ? [] : [`source_labels: [${labels.join(', ')}]`]),
      `regex: '${regex.replaceAll("'", "''")}'`,
      `action: ${action}`,
    ]
      .map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`)
      .join('\n'),
  )
  return `metric_relabel_configs:\n${items.join('\n')}\n`
}
