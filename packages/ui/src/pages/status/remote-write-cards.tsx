import type { RemoteWriteData, RemoteWriteQueue } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { dateTime, seconds, wholeNumber } from '../../data/format.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** A queue that is further behind than this is worth a look: Prometheus's own rules warn at two minutes. */
const LAG_WARN_S = 120

/** Each remote write queue: how far behind it is, what it sent, and what went wrong last. */
export function RemoteWriteCards(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['remote-write'],
    queryFn: ({ signal }) => ask<RemoteWriteData>('status/remote_write', {}, signal),
    refetchInterval: 5000,
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <div className="card">
        <Skeleton lines={6} />
      </div>
    )
  const { queues } = data.data
  if (queues.length === 0)
    return (
      <div className="card">
        <EmptyState
          icon="empty"
          title="Nothing is sent anywhere"
          text="remote_write of the configuration names no receiver."
        />
      </div>
    )
  return (
    <div className="stack">
      {queues.map((queue) => (
        <Queue key={`${queue.name} ${queue.url}`} queue={queue} />
      ))}
    </div>
  )
}

function Queue({ queue }: { queue: RemoteWriteQueue }): ReactNode {
  const { pending } = queue
  const rows: readonly (readonly [string, string])[] = [
    ['Behind by', seconds(queue.lagSeconds)],
    ['Newest sent', queue.highestSentSeconds > 0 ? dateTime(queue.highestSentSeconds * 1000) : 'nothing yet'],
    ['Waiting', `${wholeNumber(pending.samples)} samples, ${wholeNumber(pending.histograms)} histograms, ${wholeNumber(pending.exemplars)} exemplars`], // prettier-ignore
    [
      'Shards',
      `${queue.shards} (${queue.shardsMin} to ${queue.shardsMax}, ${queue.shardsDesired.toFixed(1)} wanted)`,
    ],
    ['Sent', wholeNumber(queue.sent)],
    ['Tried again', wholeNumber(queue.retried)],
    ['Refused by the receiver', wholeNumber(queue.failed)],
    ['Given up (log too large)', wholeNumber(queue.givenUp)],
  ]
  const [tone, word] = standing(queue)
  return (
    <section className="card" aria-label={`Queue ${queue.name}`}>
      <div className="card-head">
        <h2 className="grow" style={{ overflowWrap: 'anywhere' }}>
          {queue.name}
        </h2>
        <Badge tone={tone}>{word}</Badge>
      </div>
      <p className="card-body soft small" style={{ overflowWrap: 'anywhere' }}>
        {queue.url}, remote write {queue.protocol}
      </p>
      {queue.lastError === '' ? null : (
        <p
          className={`notice small ${queue.isFailing ? 'bad' : 'warn'}`}
          style={{ margin: '0 var(--space-4) var(--space-3)', overflowWrap: 'anywhere' }}
        >
          {queue.isFailing ? '' : 'Before: '}
          {queue.lastError}
        </p>
      )}
      <table className="grid">
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function standing({ lagSeconds, lastError, isFailing }: RemoteWriteQueue): [Tone, string] {
  if (isFailing) return ['bad', 'not getting through']
  if (lagSeconds > LAG_WARN_S) return ['bad', 'behind']
  return lastError === '' ? ['good', 'up to date'] : ['warn', 'had faults']
}
