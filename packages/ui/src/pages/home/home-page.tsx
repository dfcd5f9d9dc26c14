import type { ReactNode } from 'react'
import type { RuntimeInfo } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { ask } from '../../data/api.ts'
import { useFiring } from '../../data/rules-overview.ts'
import { AddTarget } from './add-target.tsx'
import { FiringCard } from './firing-card.tsx'
import { MachineTiles } from './machine-tiles.tsx'
import { UpCard, useActiveTargets } from './up-card.tsx'

/** What is up, what fires, what this machine does, at a glance. */
export function HomePage(): ReactNode {
  const { data } = useQuery({
    queryKey: ['runtimeinfo'],
    queryFn: ({ signal }) => ask<RuntimeInfo>('status/runtimeinfo', {}, signal),
  })
  const settled = [useActiveTargets(), useFiring()].every(({ isPending }) => !isPending)
  const builtIn = data !== undefined && data.data.configFile === undefined
  return (
    <>
      <div className="page-head">
        <div className="grow">
          <h1>{data?.data.hostname ?? 'This machine'}</h1>
          <p>
            {builtIn
              ? 'No configuration is given: this machine and Promontory itself are watched every 5 seconds.'
              : 'What is up, what fires, and what this machine does.'}
          </p>
        </div>
      </div>
      <div className="stack">
        <div className="two even">
          <UpCard />
          <FiringCard />
        </div>
        {/* Not before the lists above are there: nothing is to jump down below a list that grows. */}
        {settled ? (
          <>
            <MachineTiles />
            {builtIn ? <AddTarget /> : null}
          </>
        ) : null}
      </div>
    </>
  )
}
