import type { ActiveTarget, TargetsData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { ask } from '../../data/api.ts'
import { Badge } from '../../parts/badge.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** Jobs with the number of their targets that are up. */
export function UpCard(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['targets', 'active'],
    queryFn: ({ signal }) => ask<TargetsData>('targets', { state: 'active' }, signal),
    refetchInterval: 5000,
  })
  const targets = data?.data.activeTargets
  return (
    <section className="card" aria-labelledby="up-title">
      <div className="card-head">
        <h2 id="up-title" className="grow">
          What is up
        </h2>
        {targets === undefined ? null : <Summary targets={targets} />}
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
        <ul className="list">
          {[...byJob(targets)].map(([job, members]) => (
            <JobLine key={job} job={job} members={members} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Summary({ targets }: { targets: readonly ActiveTarget[] }): ReactNode {
  const down = targets.filter(({ health }) => health === 'down').length
  return down > 0 ? (
    <Badge tone="bad">{down} down</Badge>
  ) : (
    <Badge tone="good">{targets.filter(({ health }) => health === 'up').length} up</Badge>
  )
}

function JobLine({ job, members }: { job: string; members: readonly ActiveTarget[] }): ReactNode {
  const down = members.filter(({ health }) => health === 'down')
  const waiting = members.filter(({ health }) => health === 'unknown').length
  return (
    <li>
      <span className="grow">
        <Link href={`/targets?search=${encodeURIComponent(job)}`}>{job}</Link>
        {down.length > 0 ? <span className="soft small"> {down[0]!.lastError}</span> : null}
      </span>
      <span className="soft small number">
        {members.length - down.length - waiting} of {members.length}
      </span>
      <Badge tone={down.length > 0 ? 'bad' : waiting > 0 ? 'neutral' : 'good'}>
        {down.length > 0 ? 'down' : waiting > 0 ? 'waiting' : 'up'}
      </Badge>
    </li>
  )
}

function byJob(targets: readonly ActiveTarget[]): Map<string, ActiveTarget[]> {
  const jobs = new Map<string, ActiveTarget[]>()
  for (const target of targets) {
    const members = jobs.get(target.scrapePool)
    if (members === undefined) jobs.set(target.scrapePool, [target])
    else members.push(target)
  }
  return jobs
}
