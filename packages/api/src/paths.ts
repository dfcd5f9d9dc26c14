/** An HTTP path of the main listener. `:name` stands for one segment, a trailing `*` for the rest. */
export interface Path {
  readonly path: string
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[]
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
    '/api/v1/targets/relabel_steps',
  ),
  ...get('scrape', '/api/v1/scrape_pools', '/api/v1/scrape_pools/config'),
  ...action('scrape', '/api/v1/targets/try', '/api/v1/targets/add'),
  ...action('remote', '/api/v1/write'),
  ...post(
    'tsdb',
    '/api/v1/admin/tsdb/snapshot',
    '/api/v1/admin/tsdb/delete_series',
    '/api/v1/admin/tsdb/clean_tombstones',
  ),
  ...get('rules', '/api/v1/rules', '/api/v1/alerts'),
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
  ...get('ui', '/*'),
]
