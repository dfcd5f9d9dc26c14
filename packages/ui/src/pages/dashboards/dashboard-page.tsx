import {
  allPanels,
  dashboardOf,
  DashboardError,
  emptyDashboard,
  openDashboard,
  type OpenedDashboard,
} from '@promontory/panels'
import { usePrefetchQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { EmptyState, ErrorState } from '../../parts/states.tsx'
import { grafana, GrafanaError, type DashboardMeta } from './data/grafana-api.ts'
import { dataSourcesQuery } from './data/data-sources.ts'
import { preloadKinds } from './panels/panel-kinds.tsx'
import { takeDraft } from './data/draft.ts'
import { DashboardScreen } from './dashboard-screen.tsx'

// Hardly any dashboard does without: their code comes while the dashboard is being asked for.
preloadKinds(['timeseries', 'stat'])

interface Loaded {
  readonly opened: OpenedDashboard
  readonly meta: DashboardMeta
}

/** `/d/:uid/:slug?`: loads a dashboard and opens it. */
export function DashboardPage(): ReactNode {
  const { uid = '' } = useParams()
  const [round, setRound] = useState(0)
  // Asked beside the dashboard, for the screen that needs it.
  usePrefetchQuery(dataSourcesQuery)
  const { data, error, refetch } = useQuery({
    queryKey: ['dashboard', uid, round],
    queryFn: async ({ signal }): Promise<Loaded> => {
      const { dashboard, meta } = await grafana<{ dashboard: unknown; meta: DashboardMeta }>(
        `api/dashboards/uid/${encodeURIComponent(uid)}`,
        { signal },
      )
      const opened = openDashboard(dashboard)
      preloadKinds(allPanels(dashboardOf(opened.model).panels).map(({ type }) => type))
      return { opened, meta }
    },
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
    placeholderData: (previous) => previous,
  })
  if (error !== null) return <LoadError error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <div className="dashboard" aria-busy="true">
        <h1 className="visually-hidden">Dashboard</h1>
      </div>
    )
  return (
    <Opened
      key={`${uid}-${data.opened.source['version'] as number}-${round}`}
      {...data}
      onReload={() => setRound(round + 1)}
    />
  )
}

/** `/dashboard/new`: an empty one, or what another page has prepared. */
export function NewDashboardPage(): ReactNode {
  const loaded = useMemo((): Loaded => {
    const draft = takeDraft()
    return { opened: openDashboard(draft ?? emptyDashboard()), meta: { canSave: true, canEdit: true } }
  }, [])
  return <Opened {...loaded} isNew onReload={() => undefined} />
}

function Opened({
  opened,
  meta,
  isNew = false,
  onReload,
}: Loaded & { isNew?: boolean; onReload: () => void }): ReactNode {
  const title = dashboardOf(opened.model).title
  useEffect(() => {
    const before = document.title
    document.title = title
    return () => {
      document.title = before
    }
  }, [title])
  return <DashboardScreen opened={opened} meta={meta} isNew={isNew} onReload={onReload} />
}

function LoadError({ error, retry }: { error: Error; retry: () => void }): ReactNode {
  const [location, navigate] = useLocation()
  useEffect(() => {
    if (error instanceof GrafanaError && error.status === 401)
      navigate(`/login?to=${encodeURIComponent(location + window.location.search)}`)
  }, [error, location, navigate])
  if (error instanceof GrafanaError && error.status === 404)
    return (
      <>
        <h1 className="visually-hidden">Dashboard</h1>
        <EmptyState
          title="There is no such dashboard"
          text="It may have been removed, or the address is mistyped."
        >
          <Link href="/dashboards" className="button">
            All dashboards
          </Link>
        </EmptyState>
      </>
    )
  return (
    <div className="dashboard stack">
      <h1>{error instanceof DashboardError ? 'This dashboard cannot be opened' : 'Dashboard'}</h1>
      <ErrorState error={error} retry={retry} />
    </div>
  )
}
