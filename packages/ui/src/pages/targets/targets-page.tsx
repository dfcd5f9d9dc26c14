import type { ActiveTarget, TargetHealth, TargetsData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { ask } from '../../data/api.ts'
import { seconds, wholeNumber } from '../../data/format.ts'
import { Ago } from '../../parts/ago.tsx'
import { Badge, toneOf } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { isFound, SearchField } from '../../parts/search-field.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { TargetTabs } from './target-tabs.tsx'
import { TryTarget } from './try-target.tsx'

type Wanted = 'all' | TargetHealth

/** Rows of a job that are drawn before they are asked for; what is down comes first. */
const ROWS_AT_FIRST = 30
const RANKS: Readonly<Record<TargetHealth, number>> = { down: 0, unknown: 1, up: 2 }

const EXAMPLE = `scrape_configs:
  - job_name: my-app
    static_configs:
      - targets: ['localhost:8080']`

/** More jobs than these start closed where everything is up. */
const JOBS_OPEN = 12

/** Every target with its state, its last scrape and what went wrong. */
export function TargetsPage(): ReactNode {
  const [wanted, setWanted] = useState<Wanted>('all')
  const [search, setSearch] = useState(() => new URLSearchParams(window.location.search).get('search') ?? '')
  const [tried, setTried] = useState<ActiveTarget>()
  const { data, error, refetch } = useQuery({
    queryKey: ['targets', 'any'],
    queryFn: ({ signal }) => ask<TargetsData>('targets', { state: 'any' }, signal),
    refetchInterval: 5000,
  })
  const targets = data?.data.activeTargets ?? []
  const shown = targets.filter(
    (target) => (wanted === 'all' || target.health === wanted) && isFound(search, textsOf(target)),
  )
  const pools = poolsOf(shown)
  const dropped = Object.values(data?.data.droppedTargetCounts ?? {}).reduce((sum, count) => sum + count, 0)
  return (
    <>
      <TargetTabs />
      <div className="page-head">
        <div className="grow">
          <h1>Targets</h1>
          {dropped > 0 ? (
            <p>
              {dropped} discovered targets were dropped by relabelling.{' '}
              <Link href="/service-discovery?state=dropped" style={{ textDecoration: 'underline' }}>
                Which, and why?
              </Link>
            </p>
          ) : null}
        </div>
        <SearchField
          label="Search targets"
          placeholder="Labels, URLs, errors"
          value={search}
          onChange={setSearch}
        />
        <Segments
          label="Health"
          value={wanted}
          onChange={setWanted}
          choices={[
            ['all', `All ${wholeNumber(targets.length)}`],
            ['up', `Up ${wholeNumber(count(targets, 'up'))}`],
            ['down', `Down ${wholeNumber(count(targets, 'down'))}`],
            ['unknown', `Waiting ${wholeNumber(count(targets, 'unknown'))}`],
          ]}
        />
      </div>
      {error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <div className="card">
          <Skeleton lines={6} />
        </div>
      ) : targets.length === 0 ? (
        <div className="card">
          <EmptyState
            icon="targets"
            title="No targets"
            text="scrape_configs of prometheus.yml names none, or discovery has found none yet. A job needs no more than this; reload afterwards."
          >
            <pre className="code" style={{ textAlign: 'left', marginTop: 'var(--space-3)' }}>
              {EXAMPLE}
            </pre>
            <Link className="button" href="/service-discovery" style={{ marginTop: 'var(--space-3)' }}>
              What discovery found
            </Link>
          </EmptyState>
        </div>
      ) : shown.length === 0 ? (
        <div className="card">
          <EmptyState
            icon="search"
            title="No target matches"
            text="Change the search or the health that is asked for."
          />
        </div>
      ) : (
        <div className="stack">
          {pools.map(([pool, members]) => (
            <Pool
              key={pool}
              pool={pool}
              targets={members}
              startsOpen={pools.length <= JOBS_OPEN || search !== '' || count(members, 'up') < members.length}
              onTry={setTried}
            />
          ))}
        </div>
      )}
      {tried === undefined ? null : <TryTarget target={tried} onClose={() => setTried(undefined)} />}
    </>
  )
}

function Pool({
  pool,
  targets,
  startsOpen,
  onTry,
}: {
  pool: string
  targets: readonly ActiveTarget[]
  startsOpen: boolean
  onTry: (target: ActiveTarget) => void
}): ReactNode {
  const [all, setAll] = useState(false)
  /** Undefined until somebody opens or closes it. */
  const [wish, setWish] = useState<boolean>()
  const isOpen = wish ?? startsOpen
  const ordered = targets.toSorted((a, b) => RANKS[a.health] - RANKS[b.health])
  const rows = all ? ordered : ordered.slice(0, ROWS_AT_FIRST)
  const up = count(targets, 'up')
  return (
    <section className="card" aria-label={`Job ${pool}`}>
      <div className="card-head">
        <h2 style={{ flex: '1 1 12rem', overflowWrap: 'anywhere' }}>{pool}</h2>
        <Badge tone={up === targets.length ? 'good' : count(targets, 'down') > 0 ? 'bad' : 'neutral'}>
          {wholeNumber(up)} of {wholeNumber(targets.length)} up
        </Badge>
        <button
          type="button"
          className="button"
          aria-expanded={isOpen}
          aria-label={`${isOpen ? 'Hide' : 'Show'} targets of ${pool}`}
          onClick={() => setWish(!isOpen)}
        >
          {isOpen ? 'Hide' : 'Show'}
        </button>
      </div>
      {isOpen ? (
        <div className="table-wrap">
          <table className="grid cards targets">
            <thead>
              <tr>
                <th scope="col">Endpoint</th>
                <th scope="col">State</th>
                <th scope="col">Labels</th>
                <th scope="col">Last scrape</th>
                <th scope="col">
                  <span className="visually-hidden">Try</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((target) => (
                <TargetRow
                  key={target.scrapeUrl + JSON.stringify(target.labels)}
                  target={target}
                  onTry={onTry}
                />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {isOpen && rows.length < targets.length ? (
        <button
          type="button"
          className="button"
          style={{ margin: 'var(--space-3) var(--space-4)' }}
          onClick={() => setAll(true)}
        >
          Show all {wholeNumber(targets.length)} targets
        </button>
      ) : null}
    </section>
  )
}

function TargetRow({
  target,
  onTry,
}: {
  target: ActiveTarget
  onTry: (target: ActiveTarget) => void
}): ReactNode {
  return (
    <>
      <tr>
        <td style={{ overflowWrap: 'anywhere' }}>
          <a href={target.globalUrl} rel="noreferrer">
            {target.scrapeUrl}
          </a>
        </td>
        <td>
          <Badge tone={toneOf(target.health)}>
            {target.health === 'unknown' ? 'waiting' : target.health}
          </Badge>
        </td>
        <td>
          <Labels labels={target.labels} />
          <details className="small soft" style={{ marginTop: 'var(--space-1)' }}>
            <summary>before relabelling</summary>
            <Labels labels={target.discoveredLabels} />
          </details>
        </td>
        <td className="number">
          <Ago at={target.lastScrape} />
          <br />
          <span className="soft">
            {target.health === 'up' ? `${wholeNumber(target.lastScrapeSamples)} samples in ` : 'took '}
            {seconds(target.lastScrapeDuration)}, every {target.scrapeInterval}
          </span>
        </td>
        <td className="action">
          <button
            type="button"
            className="button"
            aria-label={`Try now: ${target.scrapeUrl}`}
            onClick={() => onTry(target)}
          >
            Try now
          </button>
        </td>
      </tr>
      {target.lastError === '' ? null : (
        <tr className="fault">
          <td colSpan={5}>
            <p className="notice bad small" style={{ overflowWrap: 'anywhere' }}>
              {target.lastError}
            </p>
          </td>
        </tr>
      )}
    </>
  )
}

function textsOf(target: ActiveTarget): string[] {
  return [
    target.scrapePool,
    target.scrapeUrl,
    target.lastError,
    ...Object.entries(target.labels).map((pair) => pair.join('=')),
  ]
}

function count(targets: readonly ActiveTarget[], health: TargetHealth): number {
  return targets.filter((target) => target.health === health).length
}

/** Jobs with a target that is down stand first. */
function poolsOf(targets: readonly ActiveTarget[]): [string, ActiveTarget[]][] {
  const rank = (members: readonly ActiveTarget[]): number =>
    Math.min(...members.map(({ health }) => RANKS[health]))
  return [...Map.groupBy(targets, ({ scrapePool }) => scrapePool)].sort(
    ([, a], [, b]) => Number(rank(a) > 0) - Number(rank(b) > 0),
  )
}
