import type { NamedCount, TsdbStatus } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { bytes, shortNumber } from '../../data/format.ts'
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
            ['Series', shortNumber(headStats.numSeries)],
            ['Label pairs', shortNumber(headStats.numLabelPairs)],
            ['Chunks', shortNumber(headStats.chunkCount)],
            [
              'Oldest sample',
              headStats.numSeries === 0 ? '–' : new Date(headStats.minTime).toLocaleTimeString(),
            ],
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
          format={shortNumber}
        />
        <Ranking
          title="Labels with the most values"
          rows={status.labelValueCountByLabelName}
          format={shortNumber}
        />
        <Ranking
          title="Label pairs with the most series"
          rows={status.seriesCountByLabelValuePair}
          format={shortNumber}
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
}: {
  title: string
  rows: readonly NamedCount[]
  format: (value: number) => string
}): ReactNode {
  const most = Math.max(1, ...rows.map(({ value }) => value))
  return (
    <section className="card" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
      </div>
      {rows.length === 0 ? (
        <EmptyState title="Nothing yet" text="The head holds no series." />
      ) : (
        <ul className="list">
          {rows.map(({ name, value }) => (
            <li key={name}>
              <span className="grow mono">{name}</span>
              <span className="bar" style={{ width: '7rem' }}>
                <i style={{ width: `${(100 * value) / most}%` }} />
              </span>
              <span className="number" style={{ minWidth: '4rem', textAlign: 'right' }}>
                {format(value)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
