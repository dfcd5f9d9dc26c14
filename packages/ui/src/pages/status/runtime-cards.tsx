import type { BuildInfo, RuntimeInfo } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { dateTime, seconds } from '../../data/format.ts'
import { useNow } from '../../parts/now.ts'
import { ErrorState, Skeleton } from '../../parts/states.tsx'

/** How the server runs, and what it is. */
export function RuntimeCards(): ReactNode {
  const runtime = useQuery({
    queryKey: ['runtimeinfo'],
    queryFn: ({ signal }) => ask<RuntimeInfo>('status/runtimeinfo', {}, signal),
  })
  const build = useQuery({
    queryKey: ['buildinfo'],
    queryFn: ({ signal }) => ask<BuildInfo>('status/buildinfo', {}, signal),
  })
  const info = runtime.data?.data
  const version = build.data?.data
  return (
    <div className="two">
      <section className="card">
        <div className="card-head">
          <h2>Runtime</h2>
        </div>
        {runtime.error !== null ? (
          <div className="card-body">
            <ErrorState error={runtime.error} retry={() => void runtime.refetch()} />
          </div>
        ) : info === undefined ? (
          <Skeleton lines={6} />
        ) : (
          <Facts
            facts={[
              ['Running for', <RunningFor startTime={info.startTime} />],
              ['Started', dateTime(Date.parse(info.startTime))],
              ['Host', info.hostname],
              ['Configuration', info.configFile ?? 'built in: this machine and Promontory itself'],
              [
                'Configuration loaded',
                `${dateTime(Date.parse(info.lastConfigTime))}${info.reloadConfigSuccess ? '' : ' (the last one was refused)'}`,
              ],
              ['Data directory', info.dataDirectory ?? info.CWD],
              ['Retention', info.storageRetention],
              ['Damages repaired in the log', String(info.corruptionCount)],
              ['Processors', String(info.GOMAXPROCS)],
            ]}
          />
        )}
      </section>
      <section className="card">
        <div className="card-head">
          <h2>Build</h2>
        </div>
        {build.error !== null ? (
          <div className="card-body">
            <ErrorState error={build.error} retry={() => void build.refetch()} />
          </div>
        ) : version === undefined ? (
          <Skeleton lines={4} />
        ) : (
          <Facts
            facts={[
              ['Promontory', version.applicationVersion ?? ''],
              ['API of Prometheus', version.version],
              ['Runtime', version.goVersion],
            ]}
          />
        )}
      </section>
    </div>
  )
}

function RunningFor({ startTime }: { startTime: string }): ReactNode {
  return seconds(Math.max(0, Math.floor((useNow() - Date.parse(startTime)) / 1000)))
}

function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="facts card-body">
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
