import type { ComponentType, ReactNode } from 'react'
import { Redirect, Route, Router, Switch } from 'wouter'
import { placeOfHash } from './data/hash-links.ts'
import { routePrefix } from './data/prefix.ts'
import { loaded, type Loaded } from './parts/loaded.tsx'
import { Shell } from './shell/shell.tsx'
import { EmptyState } from './parts/states.tsx'
import { PageSkeleton } from './parts/states.tsx'
import { HomePage } from './pages/home/home-page.tsx'

/** A page whose code is fetched when it is opened. */
function page<P extends object>(load: () => Promise<ComponentType<P>>): Loaded<P> {
  return loaded(load, <PageSkeleton />)
}

const QueryPage = page(async () => (await import('./pages/query/query-page.tsx')).QueryPage)
const TargetsPage = page(async () => (await import('./pages/targets/targets-page.tsx')).TargetsPage)
const ServiceDiscoveryPage = page(
  async () => (await import('./pages/targets/service-discovery-page.tsx')).ServiceDiscoveryPage,
)
const RelabelLabPage = page(async () => (await import('./pages/targets/relabel-lab-page.tsx')).RelabelLabPage)
const RulesPage = page(async () => (await import('./pages/rules/rules-page.tsx')).RulesPage)
const AlertsPage = page(async () => (await import('./pages/alerts/alerts-page.tsx')).AlertsPage)
const HistoryPage = page(async () => (await import('./pages/alerts/history-page.tsx')).HistoryPage)
const GroupsPage = page(async () => (await import('./pages/alerts/groups-page.tsx')).GroupsPage)
const RoutingPage = page(async () => (await import('./pages/alerts/routing-page.tsx')).RoutingPage)
const MaintenancePage = page(
  async () => (await import('./pages/alerts/maintenance-page.tsx')).MaintenancePage,
)
const IncidentsPage = page(async () => (await import('./pages/incidents/incidents-page.tsx')).IncidentsPage)
const IncidentPage = page(async () => (await import('./pages/incidents/incident-page.tsx')).IncidentPage)
const RuleLabPage = page(async () => (await import('./pages/rules/lab-page.tsx')).RuleLabPage)
const RulePage = page(async () => (await import('./pages/rules/rule-page.tsx')).RulePage)
const StatusPage = page(async () => (await import('./pages/status/status-page.tsx')).StatusPage)
const DashboardsPage = page(async () => (await import('./pages/dashboards/list-page.tsx')).DashboardsPage)
const DashboardPage = page(async () => (await import('./pages/dashboards/dashboard-page.tsx')).DashboardPage)
const NewDashboardPage = page(
  async () => (await import('./pages/dashboards/dashboard-page.tsx')).NewDashboardPage,
)
const ImportPage = page(async () => (await import('./pages/dashboards/import-page.tsx')).ImportPage)
const UsersPage = page(async () => (await import('./pages/admin/users-page.tsx')).UsersPage)
const ServiceAccountsPage = page(
  async () => (await import('./pages/admin/service-accounts-page.tsx')).ServiceAccountsPage,
)
const DataSourcesPage = page(
  async () => (await import('./pages/admin/data-sources-page.tsx')).DataSourcesPage,
)
const AuditPage = page(async () => (await import('./pages/admin/audit-page.tsx')).AuditPage)
const AccountPage = page(async () => (await import('./pages/admin/account-page.tsx')).AccountPage)
const LoginPage = page(async () => (await import('./pages/dashboards/login-page.tsx')).LoginPage)

/** Where Grafana has these pages. */
const ADMIN_ALIASES = [
  ['/admin', '/admin/users'],
  ['/org/users', '/admin/users'],
  ['/org/serviceaccounts', '/admin/service-accounts'],
  ['/datasources', '/admin/data-sources'],
  ['/connections/datasources', '/admin/data-sources'],
  ['/profile', '/admin/account'],
] as const

/** Fetches the code of a dashboard before the frame around it is drawn: a wall of panels waits for it longest. */
export function preloadPage(path: string): void {
  // What fails here is told by the page.
  if (/^\/d(-solo)?\//.test(path.slice(routePrefix().length))) DashboardPage.preload().catch(() => undefined)
}

/** The routes. Prometheus's old paths lead to the same pages, since alerts' links point there. */
export function App(): ReactNode {
  return (
    <Router base={routePrefix()}>
      <Shell>
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
          <Route path="/admin/users" component={UsersPage} />
          <Route path="/admin/service-accounts" component={ServiceAccountsPage} />
          <Route path="/admin/data-sources" component={DataSourcesPage} />
          <Route path="/admin/audit" component={AuditPage} />
          <Route path="/admin/account" component={AccountPage} />
          {ADMIN_ALIASES.map(([path, to]) => (
            <Route key={path} path={path}>
              <Redirect to={to} replace />
            </Route>
          ))}
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
            <h1 className="visually-hidden">Not found</h1>
            <EmptyState
              title="There is no such page"
              text="The address may be mistyped, or the page belongs to a newer version."
            />
          </Route>
        </Switch>
      </Shell>
    </Router>
  )
}

/** The first page, unless the address is one of Alertmanager's: those stand in notifications. */
function StartPage(): ReactNode {
  const place = placeOfHash(window.location.hash)
  return place === undefined ? <HomePage /> : <Redirect to={place} replace />
}
