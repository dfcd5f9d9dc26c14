/** An HTTP path of the main listener. `:name` stands for one segment, a trailing `*` for the rest. */
export interface Path {
  readonly path: string
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')[]
  /** The package whose idea it is. */
  readonly owner: string
}

const get = (owner: string, ...paths: string[]): Path[] =>
  paths.map((path) => ({ path, methods: ['GET'], owner }))
const both = (owner: string, ...paths: string[]): Path[] =>
  paths.map((path) => ({ path, methods: ['GET', 'POST'], owner }))
const action = (owner: string, ...paths: string[]): Path[] =>
  paths.map((path) => ({ path, methods: ['POST'], owner }))
const post = (owner: string, ...paths: string[]): Path[] =>
  paths.map((path) => ({ path, methods: ['POST', 'PUT'], owner }))

const some = (owner: string, methods: Path['methods'], ...paths: string[]): Path[] =>
  paths.map((path) => ({ path, methods, owner }))

/**
 * Every path of the main port with its one owner. Where two of the replaced products want the same path, Prometheus's
 * meaning is here and the other answers on its own listener.
 */
export const PATHS: readonly Path[] = [
  ...both(
    'promql',
    '/api/v1/query',
    '/api/v1/query_range',
    '/api/v1/query_exemplars',
    '/api/v1/format_query',
    '/api/v1/parse_query',
  ),
  ...both('promql', '/api/v1/lint'),
  ...both('tsdb', '/api/v1/series', '/api/v1/labels'),
  ...get(
    'tsdb',
    '/api/v1/label/:name/values',
    '/api/v1/status/tsdb',
    '/api/v1/status/tsdb/blocks',
    '/api/v1/status/walreplay',
    '/federate',
  ),
  ...get(
    'scrape',
    '/api/v1/metadata',
    '/api/v1/targets',
    '/api/v1/targets/metadata',
    '/api/v1/service_discovery',
  ),
  ...both('scrape', '/api/v1/targets/relabel_steps'),
  ...get('scrape', '/api/v1/scrape_pools', '/api/v1/scrape_pools/config'),
  ...action('scrape', '/api/v1/targets/try', '/api/v1/targets/add'),
  ...some('push', ['POST', 'PUT', 'DELETE'], '/metrics/job/*', '/metrics/job@base64/*'),
  ...get('push', '/api/v1/metrics'),
  ...some('push', ['PUT'], '/api/v1/admin/wipe'),
  ...action('remote', '/api/v1/write', '/api/v1/import/prometheus', '/api/v1/read'),
  ...get('remote', '/api/v1/status/remote_write'),
  ...action('remote', '/api/v1/otlp/v1/metrics'),
  ...post(
    'tsdb',
    '/api/v1/admin/tsdb/snapshot',
    '/api/v1/admin/tsdb/delete_series',
    '/api/v1/admin/tsdb/clean_tombstones',
  ),
  ...get('rules', '/api/v1/rules', '/api/v1/rules/overview', '/api/v1/alerts'),
  ...action('rules', '/api/v1/rules/backtest'),
  ...get(
    'alertmanager',
    '/api/v1/notifications/explain',
    '/api/v1/notifications/routes',
    '/api/v1/notifications/receivers',
    '/api/v1/notifications/groups',
    '/api/v1/notifications/alerts',
  ),
  ...action('alertmanager', '/api/v1/notifications/test'),
  ...both('alertmanager', '/api/v1/notifications/acknowledgements', '/api/v1/notifications/maintenance'),
  ...some(
    'alertmanager',
    ['DELETE'],
    '/api/v1/notifications/acknowledgements/:id',
    '/api/v1/notifications/maintenance/:id',
  ),
  ...both('incidents', '/api/v1/incidents'),
  ...some('incidents', ['GET', 'PATCH'], '/api/v1/incidents/:id'),
  ...get('incidents', '/api/v1/incidents/:id/postmortem'),
  ...action(
    'incidents',
    '/api/v1/incidents/webhook',
    '/api/v1/incidents/:id/acknowledge',
    '/api/v1/incidents/:id/notes',
    '/api/v1/incidents/:id/roles',
    '/api/v1/incidents/:id/resolve',
  ),
  ...get('alertmanager', '/api/v1/alertmanagers', '/api/v1/notifications/history', '/api/v1/inbox'),
  ...get(
    'server',
    '/api/v1/status/config',
    '/api/v1/status/flags',
    '/api/v1/status/runtimeinfo',
    '/api/v1/status/buildinfo',
  ),
  ...get('server', '/api/v1/status/self_metrics', '/api/v1/features', '/api/v1/notifications'),
  ...action('server', '/api/v1/config/check', '/api/v1/config/use'),
  ...get('server', '/metrics', '/-/healthy', '/-/ready', '/version'),
  ...get('host', '/metrics/host'),
  ...post('server', '/-/reload', '/-/quit'),
  ...get(
    'dashboards',
    '/api/search',
    '/api/search/sorting',
    '/api/admin/provisioning/problems',
    '/api/v1/usage',
    '/api/dashboards/home',
    '/api/dashboards/tags',
    '/api/dashboards/db/:slug',
    '/api/dashboards/db/:name/json',
    '/api/dashboards/uid/:uid/versions',
    '/api/dashboards/uid/:uid/versions/:version',
    '/api/dashboards/uid/:uid/permissions',
    '/api/folders/:uid/counts',
    '/api/folders/:uid/permissions',
    '/api/annotations/tags',
    '/api/user/stars',
    '/api/datasources/id/:name',
    '/api/datasources/uid/:uid/health',
  ),
  ...action(
    'dashboards',
    '/api/dashboards/db',
    '/api/dashboards/import',
    '/api/admin/provisioning/dashboards/reload',
    '/api/admin/provisioning/datasources/reload',
    '/api/dashboards/uid/:uid/restore',
    '/api/folders/:uid/move',
    '/api/annotations/graphite',
    '/api/annotations/mass-delete',
    '/api/ds/query',
  ),
  ...both('dashboards', '/api/folders', '/api/annotations', '/api/datasources'),
  ...some('dashboards', ['GET', 'DELETE'], '/api/dashboards/uid/:uid'),
  ...some('dashboards', ['POST', 'DELETE'], '/api/user/stars/dashboard/uid/:uid'),
  ...some('dashboards', ['GET', 'PUT', 'PATCH', 'DELETE'], '/api/annotations/:id'),
  ...some(
    'dashboards',
    ['GET', 'PUT', 'DELETE'],
    '/api/folders/:uid',
    '/api/datasources/:id',
    '/api/datasources/uid/:uid',
    '/api/datasources/name/:name',
  ),
  ...some(
    'dashboards',
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    '/api/datasources/proxy/uid/:uid/*',
    '/api/datasources/proxy/:id/*',
    '/api/datasources/uid/:uid/resources/*',
  ),
  ...get(
    'access',
    '/api/login/ping',
    '/api/login/state',
    '/api/users',
    '/api/users/search',
    '/api/users/lookup',
    '/api/users/:id/orgs',
    '/api/user/orgs',
    '/api/user/teams',
    '/api/user/auth-tokens',
    '/api/org',
    '/api/orgs',
    '/api/orgs/:id',
    '/api/org/users',
    '/api/orgs/1/users',
    '/api/teams/search',
    '/api/serviceaccounts/search',
    '/api/v1/audit',
  ),
  ...action(
    'access',
    '/login',
    '/api/login/setup',
    '/api/user/using/:org',
    '/api/user/revoke-auth-token',
    '/api/admin/users',
    '/api/admin/users/:id/disable',
    '/api/admin/users/:id/enable',
    '/api/admin/users/:id/logout',
    '/api/serviceaccounts',
  ),
  ...both('access', '/logout', '/api/serviceaccounts/:id/tokens'),
  ...some(
    'access',
    ['PUT'],
    '/api/user/password',
    '/api/admin/users/:id/password',
    '/api/admin/users/:id/permissions',
  ),
  ...some('access', ['PATCH'], '/api/org/users/:id', '/api/orgs/1/users/:id'),
  ...some('access', ['GET', 'PUT'], '/api/user', '/api/users/:id'),
  ...some('access', ['GET', 'PUT', 'PATCH'], '/api/user/preferences', '/api/org/preferences'),
  ...some('access', ['GET', 'PATCH', 'DELETE'], '/api/serviceaccounts/:id'),
  ...some('access', ['DELETE'], '/api/admin/users/:id', '/api/serviceaccounts/:id/tokens/:token'),
  ...some('access', ['GET', 'POST', 'DELETE'], '/api/auth/keys'),
  ...get(
    'server',
    '/api/health',
    '/healthz',
    '/api/frontend/settings',
    '/api/admin/settings',
    '/api/admin/stats',
  ),
  ...get('ui', '/*'),
]
