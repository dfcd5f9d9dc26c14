/** A metric family of the catalogue: what it is called, what it is about, and which labels it has. */
export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Labels whose values the application makes up; folded into `other` when there are too many. */
  readonly open?: readonly string[]
  readonly buckets?: readonly number[]
  /** How workers of a cluster are put together; they are added up when not given. */
  readonly together?: 'max' | 'first'
  /** Published on the private path only, where there is one. */
  readonly isPrivate?: boolean
}

/** Bounds of HTTP answers, in seconds. */
const HTTP_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 0.7, 1, 3, 5, 7, 10]
const API_S = [0.01, 0.05, 0.1, 0.5, 1, 5, 10]
const QUERY_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const MODEL_S = [0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 30, 60]
/** OpenTelemetry's advice for `gen_ai.client.operation.duration`. */
const GEN_AI_S = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
/** OpenTelemetry's advice for `gen_ai.client.token.usage`. */
const GEN_AI_TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576]

const counter = (help: string, labels: readonly string[] = [], open: readonly string[] = []): Family => ({
  type: 'counter',
  help,
  labels,
  open,
})
const gauge = (help: string, labels: readonly string[] = [], open: readonly string[] = []): Family => ({
  type: 'gauge',
  help,
  labels,
  open,
})
const histogram = (
  help: string,
  labels: readonly string[],
  buckets: readonly number[],
  open: readonly string[] = [],
): Family => ({ type: 'histogram', help, labels, buckets, open })

/** Stands for the name that the status label has in HTTP families. */
export const STATUS = '$status'

/** Every family that the kit publishes. A family exists from its first use on. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  http_requests_total: counter('Total number of HTTP requests.', ['method', 'route', STATUS], ['route']),
  http_request_duration_seconds: histogram('Duration of HTTP requests in seconds.', ['method', 'route', STATUS], HTTP_S, ['route']), // prettier-ignore
  active_requests: gauge('Requests that are being answered.'),
  active_connections: gauge('Open connections.'),
  active_sessions: gauge('Sessions of users that are open.'),
  api_requests_total: counter('Total number of API requests.', ['method', 'endpoint', 'status'], ['endpoint']), // prettier-ignore
  api_request_duration_seconds: histogram('Duration of API requests in seconds.', ['method', 'endpoint'], HTTP_S, ['endpoint']), // prettier-ignore
  project_ai_requests_total: counter('Total request count.', ['method', 'endpoint', 'status'], ['endpoint']),
  project_ai_request_duration_seconds: histogram('Request duration in seconds.', ['method', 'endpoint'], API_S, ['endpoint']), // prettier-ignore
  project_ai_active_users: gauge('Number of active users.'),
  generate_duration: histogram('Image generation duration in seconds.', [], MODEL_S),

  agent_queries_total: counter('Queries of agents.', ['agent_type', 'status'], ['agent_type']),
  agent_query_duration_seconds: histogram('Duration of agent queries in seconds.', ['agent_type'], MODEL_S, ['agent_type']), // prettier-ignore
  ai_requests_total: counter('Total number of AI requests.', ['model', 'provider', 'status'], ['model']),
  ai_request_duration_seconds: histogram('Duration of AI requests in seconds.', ['model', 'provider'], MODEL_S, ['model']), // prettier-ignore
  ai_tokens_used_total: counter('Total number of AI tokens used.', ['model', 'provider', 'token_type'], ['model']), // prettier-ignore
  llm_requests_total: counter('Requests to providers of language models.', ['provider', 'model', 'status'], ['model']), // prettier-ignore
  llm_request_duration_seconds: histogram('Duration of requests to language models in seconds.', ['provider', 'model'], MODEL_S, ['model']), // prettier-ignore
  llm_time_to_first_token_seconds: histogram('Time until the first piece of a streamed answer, in seconds.', ['provider', 'model'], MODEL_S, ['model']), // prettier-ignore
  llm_errors_total: counter('Failed requests to language models.', ['provider', 'model', 'error_type'], ['model', 'error_type']), // prettier-ignore
  llm_fallbacks_total: counter('Requests that another provider took over.', ['from_provider', 'to_provider']),
  llm_finish_reasons_total: counter('Why answers of language models ended.', ['provider', 'model', 'finish_reason'], ['model', 'finish_reason']), // prettier-ignore
  llm_unpriced_tokens_total: counter('Tokens of models whose price is not known: their cost is not counted.', ['provider', 'model', 'token_type'], ['model']), // prettier-ignore
  llm_budget_dollars: {
    ...gauge('Budget in US dollars.', ['scope', 'name', 'period'], ['name']),
    together: 'max',
  },
  api_cost_dollars_total: counter('Cost of API calls in US dollars.', ['model', 'provider', 'team'], ['model', 'team']), // prettier-ignore
  api_tokens_total: counter('Tokens of API calls.', ['model', 'token_type'], ['model']),
  gen_ai_client_operation_duration_seconds: histogram('GenAI operation duration.', ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model', 'error_type'], GEN_AI_S, ['gen_ai_request_model', 'error_type']), // prettier-ignore
  gen_ai_client_token_usage: histogram('Number of input and output tokens used.', ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model', 'gen_ai_token_type'], GEN_AI_TOKENS, ['gen_ai_request_model']), // prettier-ignore

  database_connections_active: gauge('Number of active database connections.', ['database'], ['database']),
  database_query_duration_seconds: histogram('Duration of database queries in seconds.', ['query_type', 'table'], QUERY_S, ['table']), // prettier-ignore
  db_query_duration_seconds: histogram('Duration of database queries in seconds, by operation.', ['operation'], QUERY_S), // prettier-ignore
  db_queries_total: counter('Database queries.', ['operation', 'status']),
  active_db_connections: gauge('Connections of the pool that are in use.'),
  db_connections_max: gauge('Size of the connection pool.'),
  db_slow_queries_total: counter('Queries that took longer than a second.', ['operation', 'table'], ['table']), // prettier-ignore
  db_index_scans_total: counter('Reads by whether an index was used.', ['table', 'uses_index'], ['table']),
  database_size_bytes: { ...gauge('Size of the database.', ['database'], ['database']), together: 'max' },

  cache_operations_total: counter('Operations on the cache.', ['operation', 'result']),
  cache_size_bytes: gauge('Size of what the cache holds.'),
  cache_max_bytes: gauge('What the cache may hold.'),
  cache_hits_total: counter('Reads that the cache answered.'),
  cache_misses_total: counter('Reads that the cache could not answer.'),
  cache_evictions_total: counter('Entries that had to make room.'),
  cache_key_requests_total: counter('Reads by key group.', ['key'], ['key']),
  redis_memory_used_bytes: { ...gauge('Memory that Redis uses.'), together: 'max' },
  redis_memory_max_bytes: { ...gauge('Memory that Redis may use; 0 for no bound.'), together: 'max' },

  queue_depth: gauge('Jobs that wait.', ['queue'], ['queue']),
  queue_jobs_total: counter('Jobs that ended.', ['queue', 'status'], ['queue']),
  queue_job_duration_seconds: histogram('Duration of jobs in seconds.', ['queue'], MODEL_S, ['queue']),
  auth_attempts_total: counter('Attempts to sign in.', ['method', 'result']),
  permission_checks_total: counter('Checks of permissions.', ['permission', 'result'], ['permission']),
  business_kpi: { ...gauge('Business figures.', ['kpi'], ['kpi']), together: 'max' },
  business_events_total: counter('Things that happened to the business.', ['event'], ['event']),
  feature_usage_total: counter('Use of features.', ['feature'], ['feature']),
  persona_interactions_total: counter('Interactions by persona.', ['persona'], ['persona']),
  command_override_attempts_total: counter('Attempts to override a command.', ['result']),
  plugin_execution_duration_seconds: histogram('Execution time of plugins in seconds.', ['plugin'], MODEL_S, ['plugin']), // prettier-ignore

  memory_pressure_ratio: gauge('Resident memory as a share of what the process may use.'),
  event_loop_lag_seconds: {
    ...gauge('99th percentile of the delay of the event loop since the last scrape.'),
    together: 'max',
  },
  app_info: { ...gauge('1, with the version that runs.', ['service', 'version']), together: 'first' },
  instrument_series_folded_total: counter('Observations whose labels were folded into "other" to bound the number of series.', ['metric']), // prettier-ignore
}

/** Name of a family of {@link FAMILIES}. */
export type FamilyName = string
