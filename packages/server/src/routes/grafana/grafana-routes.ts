import type { Hono } from 'hono'
import { accountRoutes } from './account-routes.ts'
import { annotationRoutes } from './annotation-routes.ts'
import type { Backend } from './backend.ts'
import { type DashboardRouteOptions, dashboardRoutes } from './dashboard-routes.ts'
import { dataSourceRoutes } from './data-source-routes.ts'
import { dsQueryRoutes } from './ds-query-routes.ts'
import { folderRoutes } from './folder-routes.ts'
import { loginRoutes } from './login-routes.ts'
import { serviceAccountRoutes } from './service-account-routes.ts'
import { settingsRoutes } from './settings-routes.ts'
import type { OwnApi } from './own-api.ts'
import type { Sources } from './sources.ts'
import { usageRoutes } from './usage-routes.ts'

/** Grafana's HTTP API, as its tools use it. */
export function grafanaRoutes(
  app: Hono,
  backend: Backend,
  sources: Sources,
  own: OwnApi,
  options: DashboardRouteOptions,
): void {
  settingsRoutes(app, backend, sources)
  loginRoutes(app, backend)
  dashboardRoutes(app, backend, options)
  folderRoutes(app, backend)
  annotationRoutes(app, backend)
  dataSourceRoutes(app, backend, sources)
  dsQueryRoutes(app, backend, sources)
  accountRoutes(app, backend)
  serviceAccountRoutes(app, backend)
  usageRoutes(app, backend, own)
}
