import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { dateTime, seconds, wholeNumber } from '../../data/format.ts'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** What `/api/v1/status/tsdb/blocks` answers: the blocks' `meta.json`. */
interface Blocks {
  readonly blocks: readonly {
    readonly ulid: string
    readonly minTime: number
    readonly maxTime: number
    readonly stats: {
      readonly numSamples?: number
      readonly numSeries?: number
      readonly numChunks?: number
      readonly numTombstones?: number
    }
    readonly compaction: { readonly level: number }
  }[]
}

/** The blocks on the disk, the newest first. */
export function BlocksCard(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['blocks'],
    queryFn: ({ signal }) => ask<Blocks>('status/tsdb/blocks', {}, signal),
    refetchInterval: 60_000,
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <div className="card">
        <Skeleton lines={4} />
      </div>
    )
  const blocks = [...data.data.blocks].sort((a, b) => b.minTime - a.minTime)
  return (
    <section className="card" aria-label="Blocks">
      <div className="card-head">
        <h2 className="grow">Blocks</h2>
        <span className="soft">{wholeNumber(blocks.length)}</span>
      </div>
      {blocks.length === 0 ? (
        <EmptyState title="No block yet" text="The first one is written when the head holds three hours." />
      ) : (
        <div className="table-wrap" tabIndex={0} role="region" aria-label="Blocks on the disk">
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Length</th>
                <th scope="col" className="number">
                  Level
                </th>
                <th scope="col" className="number">
                  Series
                </th>
                <th scope="col" className="number">
                  Samples
                </th>
                <th scope="col" className="number">
                  Chunks
                </th>
                <th scope="col" className="number">
                  Deletions
                </th>
                <th scope="col">ULID</th>
              </tr>
            </thead>
            <tbody>
              {blocks.map(({ ulid, minTime, maxTime, stats, compaction }) => (
                <tr key={ulid}>
                  <td>{dateTime(minTime)}</td>
                  <td>{seconds((maxTime - minTime) / 1000)}</td>
                  <td className="number">{compaction.level}</td>
                  <td className="number">{wholeNumber(stats.numSeries ?? 0)}</td>
                  <td className="number">{wholeNumber(stats.numSamples ?? 0)}</td>
                  <td className="number">{wholeNumber(stats.numChunks ?? 0)}</td>
                  <td className="number">{wholeNumber(stats.numTombstones ?? 0)}</td>
                  <td className="mono small">{ulid}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
