import type { FoundTarget, ServiceDiscoveryData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { ask } from '../../data/api.ts'
import { wholeNumber } from '../../data/format.ts'
import { labelLines, ruleText } from '../../data/relabel.ts'
import { Badge } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { Segments } from '../../parts/segments.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'
import { TargetTabs } from './target-tabs.tsx'

type State = 'any' | 'active' | 'dropped'
type Pool = ServiceDiscoveryData['pools'][number]

const TARGETS_MAX = 200

/** What discovery found for each job, labels before and after, and why what is not scraped is not. */
export function ServiceDiscoveryPage(): ReactNode {
  const asked = new URLSearchParams(window.location.search)
  const [state, setState] = useState<State>(asked.get('state') === 'dropped' ? 'dropped' : 'any')
  const [search, setSearch] = useState(asked.get('search') ?? '')
  const [open, setOpen] = useState<string | undefined>(asked.get('scrapePool') ?? undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['service-discovery'],
    queryFn: ({ signal }) => ask<ServiceDiscoveryData>('service_discovery', {}, signal),
    refetchInterval: 10_000,
  })
  const pools = data?.data.pools ?? []
  const isOpen = (name: string): boolean => open === name || (open === undefined && pools.length === 1)
  return (
    <>
      <TargetTabs />
      <div className="page-head">
        <h1 className="grow">Discovery</h1>
        <SearchField
          label="Search found targets"
          placeholder="Labels before relabelling"
          value={search}
          onChange={setSearch}
        />
        <Segments
          label="Which targets"
          value={state}
          onChange={setState}
          choices={[
            ['any', 'All'],
            ['active', 'Scraped'],
            ['dropped', 'Not scraped'],
          ]}
        />
      </div>
      {error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <div className="card">
          <Skeleton lines={6} />
        </div>
      ) : pools.length === 0 ? (
        <div className="card">
          <EmptyState icon="targets" title="No jobs" text="The configuration has no scrape_configs." />
        </div>
      ) : (
        <div className="stack">
          {pools.map((pool) => (
            <PoolCard
              key={pool.name}
              pool={pool}
              isOpen={isOpen(pool.name)}
              onToggle={() => setOpen(isOpen(pool.name) ? '' : pool.name)}
              state={state}
              search={search}
            />
          ))}
        </div>
      )}
    </>
  )
}

interface PoolCardProps {
  readonly pool: Pool
  readonly isOpen: boolean
  readonly onToggle: () => void
  readonly state: State
  readonly search: string
}

function PoolCard({ pool, isOpen, onToggle, state, search }: PoolCardProps): ReactNode {
  const lost = pool.dropped + pool.refused
  return (
    <section className="card" aria-label={`Job ${pool.name}`}>
      <div className="card-head">
        <h2 style={{ flex: '1 1 12rem', overflowWrap: 'anywhere' }}>{pool.name}</h2>
        <Badge tone={pool.refused > 0 ? 'bad' : 'neutral'}>
          {wholeNumber(pool.scraped)} of {wholeNumber(pool.found)} scraped
        </Badge>
        {lost === 0 ? null : <span className="soft small">{wholeNumber(lost)} not</span>}
        <button type="button" className="button" aria-expanded={isOpen} onClick={onToggle}>
          {isOpen ? 'Hide' : 'Show'}
        </button>
      </div>
      {isOpen ? <PoolTargets name={pool.name} state={state} search={search} /> : null}
    </section>
  )
}

function PoolTargets({ name, state, search }: { name: string; state: State; search: string }): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['service-discovery', name, state, search],
    queryFn: ({ signal }) =>
      ask<ServiceDiscoveryData>(
        'service_discovery',
        { scrapePool: name, state, search: search === '' ? undefined : search, limit: TARGETS_MAX },
        signal,
      ),
    refetchInterval: 10_000,
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined) return <Skeleton lines={4} />
  const targets = data.data.pools[0]?.targets ?? []
  if (targets.length === 0)
    return <EmptyState icon="search" title="Nothing here" text="No target of this job is of this kind." />
  return (
    <div className="table-wrap">
      <table className="grid cards found">
        <thead>
          <tr>
            <th scope="col">Before relabelling</th>
            <th scope="col">After</th>
            <th scope="col">
              <span className="visually-hidden">Steps</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {targets.map((target, i) => (
            <FoundRow key={i} pool={name} target={target} />
          ))}
        </tbody>
      </table>
      {targets.length === TARGETS_MAX ? (
        <p className="soft small card-body">The first {TARGETS_MAX}; search for others.</p>
      ) : null}
    </div>
  )
}

function FoundRow({ pool, target }: { pool: string; target: FoundTarget }): ReactNode {
  const lab = new URLSearchParams({ scrapePool: pool, labels: labelLines(target.discoveredLabels) })
  return (
    <tr>
      <td style={{ overflowWrap: 'anywhere' }}>
        <Labels labels={target.discoveredLabels} hide={unset(target.discoveredLabels)} />
      </td>
      <td style={{ overflowWrap: 'anywhere' }}>
        <Outcome target={target} />
      </td>
      <td className="action">
        <Link className="button" href={`/targets/relabel?${lab.toString()}`}>
          Step by step
        </Link>
      </td>
    </tr>
  )
}

/** Switches of a scrape that every target carries; they are worth a look where they are on. */
const SWITCHES = [
  '__always_scrape_classic_histograms__',
  '__convert_classic_histograms_to_nhcb__',
  '__scrape_native_histograms__',
]

function unset(labels: Readonly<Record<string, string>>): readonly string[] {
  return SWITCHES.filter((name) => labels[name] === 'false')
}

/** Labels of its series and its URL, or why there are none. */
export function Outcome({ target }: { target: FoundTarget }): ReactNode {
  if (target.droppedBy !== undefined)
    return (
      <>
        <Badge tone="neutral">dropped</Badge>
        <p className="small">
          by rule {target.droppedBy.index + 1}: <code>{ruleText(target.droppedBy.rule)}</code>
        </p>
      </>
    )
  if (target.labels === undefined)
    return (
      <>
        <Badge tone="bad">refused</Badge>
        <p className="small">{target.error}</p>
      </>
    )
  return (
    <>
      <Labels labels={target.labels} />
      <p className="soft small">{target.scrapeUrl}</p>
    </>
  )
}
