import { lazy, Suspense, type ReactNode } from 'react'
import { Redirect, Route, Router, Switch } from 'wouter'
import { placeOfHash } from './data/hash-links.ts'
import { routePrefix } from './data/prefix.ts'
import { Shell } from './shell/shell.tsx'
import { EmptyState } from './parts/states.tsx'
import { PageSkeleton } from './parts/states.tsx'
import { HomePage } from './pages/home/home-page.tsx'

const QueryPage = lazy(async () => ({ default: (await import('./pages/query/query-page.tsx')).QueryPage }))
const TargetsPage = lazy(async () => ({
  default: (await import('./pages/targets/targets-page.tsx')).TargetsPage,
}))
const ServiceDiscoveryPage = lazy(async () => ({
  default: (await import('./pages/targets/service-discovery-page.tsx')).ServiceDiscoveryPage,
}))
const RelabelLabPage = lazy(async () => ({
  default: (await import('./pages/targets/relabel-lab-page.tsx')).RelabelLabPage,
}))
const RulesPage = lazy(async () => ({ default: (await import('./pages/rules/rules-page.tsx')).RulesPage }))
const AlertsPage = lazy(async () => ({
  default: (await import('./pages/alerts/alerts-page.tsx')).AlertsPage,
}))
const HistoryPage = lazy(async () => ({
  default: (await import('./pages/alerts/history-page.tsx')).HistoryPage,
}))
const GroupsPage = lazy(async () => ({
  default: (await import('./pages/alerts/groups-page.tsx')).GroupsPage,
}))
const RoutingPage = lazy(async () => ({
  default: (await import('./pages/alerts/routing-page.tsx')).RoutingPage,
}))
const MaintenancePage = lazy(async () => ({
  default: (await import('./pages/alerts/maintenance-page.tsx')).MaintenancePage,
}))
const IncidentsPage = lazy(async () => ({
  default: (await import('./pages/incidents/incidents-page.tsx')).IncidentsPage,
}))
const IncidentPage = lazy(async () => ({
  default: (await import('./pages/incidents/incident-page.tsx')).IncidentPage,
}))
const RuleLabPage = lazy(async () => ({ default: (await import('./pages/rules/lab-page.tsx')).RuleLabPage }))
const RulePage = lazy(async () => ({ default: (await import('./pages/rules/rule-page.tsx')).RulePage }))
const StatusPage = lazy(async () => ({
  default: (await import('./pages/status/status-page.tsx')).StatusPage,
}))
const DashboardsPage = lazy(async () => ({
  default: (await import('./pages/dashboards/list-page.tsx')).DashboardsPage,
}))
const DashboardPage = lazy(async () => ({
  default: (await import('./pages/dashboards/dashboard-page.tsx')).DashboardPage,
}))
const NewDashboardPage = lazy(async () => ({
  default: (await import('./pages/dashboards/dashboard-page.tsx')).NewDashboardPage,
}))
const ImportPage = lazy(async () => ({
  default: (await import('./pages/dashboards/import-page.tsx')).ImportPage,
}))
const LoginPage = lazy(async () => ({
  default: (await import('./pages/dashboards/login-page.tsx')).LoginPage,
}))

/** The routes. Prometheus's old paths lead to the same pages, since alerts' links point there. */
export function App(): ReactNode {
  return (
    <Router base={routePrefix()}>
      <Shell>
        <Suspense fallback={<PageSkeleton />}>
          <Switch>
            <Route path="/" component={StartPage} />
            <Route path="/query" component={QueryPage} />
            <Route path="/graph">
              <Redirect to={`/query${window.location.search}`} replace />
            </Route>
            <Route path="/dashboards" component={DashboardsPage} />
            <Route path="/d/:uid/:slug?" component={DashboardPage} />
            <Route path="/d-solo/:uid/:slug?" component={DashboardPage} />
            <Route path="/dashboard/new" component={NewDashboardPage} />
            <Route path="/dashboard/import" component={ImportPage} />
            <Route path="/login" component={LoginPage} />
            <Route path="/alerts" component={AlertsPage} />
            <Route path="/alerts/history" component={HistoryPage} />
            <Route path="/alerts/groups" component={GroupsPage} />
            <Route path="/alerts/routing" component={RoutingPage} />
            <Route path="/alerts/maintenance" component={MaintenancePage} />
            <Route path="/incidents" component={IncidentsPage} />
            <Route path="/incidents/:id" component={IncidentPage} />
            <Route path="/rules" component={RulesPage} />
            <Route path="/rules/lab" component={RuleLabPage} />
            <Route path="/rules/rule" component={RulePage} />
            <Route path="/targets" component={TargetsPage} />
            <Route path="/service-discovery" component={ServiceDiscoveryPage} />
            <Route path="/targets/relabel" component={RelabelLabPage} />
            <Route path="/status" component={StatusPage} />
            <Route path="/flags" component={StatusPage} />
            <Route path="/config" component={StatusPage} />
            <Route path="/tsdb-status" component={StatusPage} />
            <Route path="/usage" component={StatusPage} />
            <Route path="/remote-write" component={StatusPage} />
            <Route>
              <EmptyState
                title="There is no such page"
                text="The address may be mistyped, or the page belongs to a newer version."
              />
            </Route>
          </Switch>
        </Suspense>
      </Shell>
    </Router>
  )
}

/** The first page, unless the address is one of Alertmanager's: those stand in notifications. */
function StartPage(): ReactNode {
  const place = placeOfHash(window.location.hash)
  return place === undefined ? <HomePage /> : <Redirect to={place} replace />
}
