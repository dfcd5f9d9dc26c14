import type { TsdbStatus } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { bytes, clock, wholeNumber } from '../../data/format.ts'
import { BlocksCard } from './blocks-card.tsx'
import { dropRule, labelDropRule } from './drop-rule.ts'
import { GrowthCards } from './growth-cards.tsx'
import { Ranking } from './ranking.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'

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
      <GrowthCards series={headStats.numSeries} />
      <BlocksCard />
    </div>
  )
}
