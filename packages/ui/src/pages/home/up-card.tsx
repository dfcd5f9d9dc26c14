import type { ActiveTarget, TargetsData } from '@promontory/api'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { ask, type Answer } from '../../data/api.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** From this many jobs on, those that are well shrink to chips. */
const LINES_MAX = 6

interface Job {
  readonly name: string
  readonly count: number
  readonly up: number
  readonly state: 'up' | 'down' | 'waiting'
  readonly reason: string
}

const TONES: Readonly<Record<Job['state'], Tone>> = { up: 'good', down: 'bad', waiting: 'neutral' }
const RANKS: Readonly<Record<Job['state'], number>> = { down: 0, waiting: 1, up: 2 }

export function useActiveTargets(): UseQueryResult<Answer<TargetsData>> {
  return useQuery({
    queryKey: ['targets', 'active'],
    queryFn: ({ signal }) => ask<TargetsData>('targets', { state: 'active' }, signal),
    refetchInterval: 5000,
  })
}

/** Jobs with the number of their targets that are up; what is down stands first, with the reason. */
export function UpCard(): ReactNode {
  const { data, error, refetch } = useActiveTargets()
  const targets = data?.data.activeTargets
  return (
    <section className="card" aria-labelledby="up-title">
      <div className="card-head">
        <h2 id="up-title" className="grow">
          What is up
        </h2>
        {targets === undefined || targets.length === 0 ? null : <Summary targets={targets} />}
      </div>
      {error !== null ? (
        <div className="card-body">
          <ErrorState error={error} retry={() => void refetch()} />
        </div>
      ) : targets === undefined ? (
        <Skeleton lines={3} />
      ) : targets.length === 0 ? (
        <EmptyState
          title="No targets"
          text="The configuration names none, or discovery has found none yet."
        />
      ) : (
        <Jobs jobs={jobsOf(targets)} />
      )}
    </section>
  )
}

function Jobs({ jobs }: { jobs: readonly Job[] }): ReactNode {
  if (jobs.length <= LINES_MAX) return <JobList jobs={jobs} />
  const well = jobs.filter(({ state }) => state === 'up')
  const unwell = jobs.filter(({ state }) => state !== 'up')
  return (
    <>
      <JobList jobs={unwell.slice(0, LINES_MAX)} />
      {unwell.length > LINES_MAX ? (
        <p className="small" style={{ padding: 'var(--space-2) var(--space-4)' }}>
          <Link href="/targets">and {unwell.length - LINES_MAX} more that are not up</Link>
        </p>
      ) : null}
      {well.length === 0 ? null : (
        <ul
          className="chips"
          aria-label="Jobs that are up"
          style={unwell.length > 0 ? { borderTop: '1px solid var(--line)' } : {}}
        >
          {well.map(({ name, count }) => (
            <li key={name} className="chip">
              <Link href={hrefOf(name)}>{name}</Link>
              <span className="soft number">{count}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function JobList({ jobs }: { jobs: readonly Job[] }): ReactNode {
  return (
    <ul className="list">
      {jobs.map(({ name, count, up, state, reason }) => (
        <li key={name}>
          <div className="grow">
            <Link href={hrefOf(name)}>{name}</Link>
            {reason === '' ? null : <p className="soft small">{reason}</p>}
          </div>
          <span className="soft small number">
            {up} of {count}
          </span>
          <Badge tone={TONES[state]}>{state}</Badge>
        </li>
      ))}
    </ul>
  )
}

function Summary({ targets }: { targets: readonly ActiveTarget[] }): ReactNode {
  const count = (wanted: string): number => targets.filter(({ health }) => health === wanted).length
  const [up, down] = [count('up'), count('down')]
  return (
    <Badge tone={down > 0 ? 'bad' : up === targets.length ? 'good' : 'neutral'}>
      {down > 0 ? `${down} down` : `${up} of ${targets.length} up`}
    </Badge>
  )
}

function hrefOf(job: string): string {
  return `/targets?search=${encodeURIComponent(job)}`
}

function jobsOf(targets: readonly ActiveTarget[]): Job[] {
  const members = Map.groupBy(targets, ({ scrapePool }) => scrapePool)
  return [...members]
    .map(([name, of]): Job => {
      const down = of.filter(({ health }) => health === 'down')
      const up = of.filter(({ health }) => health === 'up').length
      const state = down.length > 0 ? 'down' : up < of.length ? 'waiting' : 'up'
      return { name, count: of.length, up, state, reason: down[0]?.lastError ?? '' }
    })
    .sort((a, b) => RANKS[a.state] - RANKS[b.state] || a.name.localeCompare(b.name, 'en', { numeric: true }))
}
