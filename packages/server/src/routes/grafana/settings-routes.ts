import type { Hono } from 'hono'
import { PROMETHEUS_VERSION, VERSION } from '../../version.ts'
import type { Backend } from './backend.ts'
import type { Sources } from './sources.ts'
import { allow, allowServerAdmin, json, message, numberParam, timeText } from './exchange.ts'

/** The version of Grafana whose API this is: clients that look at it find what they expect. */
export const GRAFANA_VERSION = '12.0.0'
const AUDIT_LIMIT_DEFAULT = 100
const AUDIT_LIMIT_MAX = 5000

/** `/api/health`, `/api/admin/*`, `/api/frontend/settings`, `/api/v1/audit`. */
export function settingsRoutes(app: Hono, backend: Backend, sources: Sources): void {
  const health = async (c: Parameters<typeof json>[0]): Promise<Response> => {
    const healthy = await backend.state.isHealthy()
    const database = healthy ? 'ok' : 'failing'
    return json(c, { database, version: GRAFANA_VERSION, commit: 'promontory' }, healthy ? 200 : 503)
  }
  app.get('/api/health', health)
  app.get('/healthz', (c) => c.text('Ok'))
  app.get('/api/frontend/settings', async (c) => {
    allow(c, 'Viewer')
    const rows = await backend.dataSources.list()
    const fallback = await backend.dataSources.default()
    return json(c, {
      buildInfo: {
        version: GRAFANA_VERSION,
        commit: 'promontory',
        edition: 'Open Source',
        application: 'Promontory',
        applicationVersion: VERSION,
      },
      defaultDatasource: fallback.name,
      datasources: Object.fromEntries(
        rows.map((row) => [
          row.name,
          {
            id: row.id,
            uid: row.uid,
            name: row.name,
            type: row.type,
            isDefault: row.is_default === 1,
            url: `/api/datasources/proxy/uid/${row.uid}`,
          },
        ]),
      ),
    })
  })
  app.get('/api/admin/settings', (c) => {
    allowServerAdmin(c)
    return json(c, {
      DEFAULT: { app_mode: 'production' },
      database: { type: backend.state.kind, path: backend.state.place },
      security: { admin_user: 'admin', admin_password: '*********', secret_key: '*********' },
      users: { allow_sign_up: 'false' },
      'auth.anonymous': { enabled: 'false' },
      promontory: { version: VERSION, prometheus: PROMETHEUS_VERSION },
    })
  })
  app.get('/api/admin/stats', async (c) => {
    allowServerAdmin(c)
    const [dashboards, users, sources, folders] = await Promise.all([
      backend.dashboards.summaries(),
      backend.access.accounts.list(),
      backend.dataSources.list(),
      backend.folders.list(),
    ])
    return json(c, {
      orgs: 1,
      dashboards: dashboards.length,
      users: users.length,
      datasources: sources.length,
      folders: folders.length,
    })
  })
  app.get('/api/v1/audit', async (c) => {
    allow(c, 'Admin')
    const rows = await backend.access.audit.query({
      fromMs: numberParam(c, 'from'),
      toMs: numberParam(c, 'to'),
      login: c.req.query('user'),
      action: c.req.query('action'),
      resource: c.req.query('resource'),
      limit: Math.min(numberParam(c, 'limit') || AUDIT_LIMIT_DEFAULT, AUDIT_LIMIT_MAX),
    })
    return json(c, {
      status: 'success',
      data: rows.map((row) => ({
        timestamp: timeText(row.at_ms),
        user: row.login,
        action: row.action,
        resource: row.resource,
        result: row.result,
        client: row.client,
        details: JSON.parse(row.details) as unknown,
      })),
    })
  })
  provisioningRoutes(app, backend, sources)
  for (const name of ['saml', 'ldap', 'oauth'])
    app.all(`/login/${name}`, (c) => message(c, `signing in by ${name} is not supported yet`, {}, 501))
}

function provisioningRoutes(app: Hono, { provisioner }: Backend, sources: Sources): void {
  app.post('/api/admin/provisioning/dashboards/reload', async (c) => {
    allowServerAdmin(c)
    await provisioner?.reloadDashboards()
    return message(c, 'Dashboards config reloaded')
  })
  app.post('/api/admin/provisioning/datasources/reload', async (c) => {
    allowServerAdmin(c)
    await provisioner?.reloadDataSources()
    await sources.refresh()
    return message(c, 'Datasources config reloaded')
  })
  // Ours: which provisioning files could not be used, and where the fault is.
  app.get('/api/admin/provisioning/problems', (c) => {
    allow(c, 'Viewer')
    return json(c, provisioner?.problems ?? [])
  })
}
