import type { NamedCount, TsdbStatus } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { bytes, clock, wholeNumber } from '../../data/format.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { dropRule, labelDropRule } from './drop-rule.ts'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** What the head holds, and which names and labels take the most of it. */
export function TsdbCards(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['tsdb'],
    queryFn: ({ signal }) => ask<TsdbStatus>('status/tsdb', { limit: 10 }, signal),
    refetchInterval: 15_000,
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <div className="card">
        <Skeleton lines={8} />
      </div>
    )
  const status = data.data
  const { headStats } = status
  return (
    <div className="stack">
      <section className="tiles" aria-label="Head">
        {(
          [
            ['Series', wholeNumber(headStats.numSeries)],
            ['Label pairs', wholeNumber(headStats.numLabelPairs)],
            ['Chunks', wholeNumber(headStats.chunkCount)],
            ['Oldest sample', headStats.numSeries === 0 ? '–' : clock(headStats.minTime)],
          ] as const
        ).map(([title, value]) => (
          <article key={title} className="card tile" style={{ paddingBottom: 'var(--space-4)' }}>
            <h3 className="tile-title">{title}</h3>
            <p className="tile-value">{value}</p>
          </article>
        ))}
      </section>
      <div className="two">
        <Ranking
          title="Metrics with the most series"
          rows={status.seriesCountByMetricName}
          format={wholeNumber}
          remedy={(name) => dropRule('__name__', name)}
        />
        <Ranking
          title="Labels with the most values"
          rows={status.labelValueCountByLabelName}
          format={wholeNumber}
          remedy={(name) => (name === '__name__' ? undefined : labelDropRule(name))}
        />
        <Ranking
          title="Label pairs with the most series"
          rows={status.seriesCountByLabelValuePair}
          format={wholeNumber}
          remedy={(pair) => dropRule(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))}
        />
        <Ranking
          title="Labels whose values take the most memory"
          rows={status.memoryInBytesByLabelName}
          format={bytes}
        />
      </div>
    </div>
  )
}

function Ranking({
  title,
  rows,
  format,
  remedy,
}: {
  title: string
  rows: readonly NamedCount[]
  format: (value: number) => string
  /** The configuration that would do away with a row. */
  remedy?: (name: string) => string | undefined
}): ReactNode {
  const [chosen, setChosen] = useState<string>()
  const most = Math.max(1, ...rows.map(({ value }) => value))
  return (
    <section className="card" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
      </div>
      {rows.length === 0 ? (
        <EmptyState title="Nothing yet" text="The head holds no series." />
      ) : (
        <ul className="list ranking">
          {rows.map(({ name, value }) => (
            <li key={name}>
              <span className="grow mono">{name}</span>
              {remedy?.(name) === undefined ? null : (
                <button
                  type="button"
                  className="button quiet"
                  aria-expanded={chosen === name}
                  aria-label={`Drop ${name}`}
                  onClick={() => setChosen(chosen === name ? undefined : name)}
                >
                  Drop
                </button>
              )}
              <span className="bar" style={{ width: '5rem' }}>
                <i style={{ width: `${(100 * value) / most}%` }} />
              </span>
              <span className="number" style={{ minWidth: '3.5rem', textAlign: 'right' }}>
                {format(value)}
              </span>
              {chosen === name ? <Remedy yaml={remedy?.(name) ?? ''} /> : null}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Remedy({ yaml }: { yaml: string }): ReactNode {
  return (
    <div className="notice" style={{ width: '100%', flexDirection: 'column' }}>
      <p className="small soft">
        In the job that brings it, from the next scrape on. What is stored stays until the retention ends.
      </p>
      <pre style={{ margin: 0 }}>{yaml}</pre>
      <CopyButton text={yaml} />
    </div>
  )
}
