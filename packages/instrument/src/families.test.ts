import { expect, test } from 'vitest'
import { FAMILIES } from './families.ts'

/** The families as the five documents and their checklist print them: name, type, labels. */
const PRINTED: readonly [row: string, name: string, type: string, labels: readonly string[]][] = [
  ['I1', 'http_requests_total', 'counter', ['method', 'route', 'status_code']],
  ['I1', 'http_request_duration_seconds', 'histogram', ['method', 'route', 'status_code']],
  ['I1', 'active_requests', 'gauge', []],
  ['I1', 'active_connections', 'gauge', []],
  ['I1', 'active_sessions', 'gauge', []],
  ['I2', 'agent_queries_total', 'counter', ['agent_type', 'status']],
  ['I2', 'agent_query_duration_seconds', 'histogram', ['agent_type']],
  ['I2', 'ai_requests_total', 'counter', ['model', 'provider', 'status']],
  ['I2', 'ai_request_duration_seconds', 'histogram', ['model', 'provider']],
  ['I2', 'ai_tokens_used_total', 'counter', ['model', 'provider', 'token_type']],
  ['I2', 'llm_requests_total', 'counter', ['provider', 'model', 'status']],
  ['I2', 'llm_request_duration_seconds', 'histogram', ['provider', 'model']],
  ['I2', 'api_cost_dollars_total', 'counter', ['model', 'provider', 'team']],
  ['I2', 'api_tokens_total', 'counter', ['model', 'token_type']],
  ['I3', 'database_connections_active', 'gauge', ['database']],
  ['I3', 'database_query_duration_seconds', 'histogram', ['query_type', 'table']],
  ['I3', 'db_query_duration_seconds', 'histogram', ['operation']],
  ['I3', 'db_queries_total', 'counter', ['operation', 'status']],
  ['I3', 'active_db_connections', 'gauge', []],
  ['I4', 'cache_operations_total', 'counter', ['operation', 'result']],
  ['I4', 'cache_size_bytes', 'gauge', []],
  ['I4', 'cache_hits_total', 'counter', []],
  ['I4', 'cache_misses_total', 'counter', []],
  ['I5', 'auth_attempts_total', 'counter', ['method', 'result']],
  ['I5', 'permission_checks_total', 'counter', ['permission', 'result']],
  ['I5', 'queue_depth', 'gauge', ['queue']],
  ['I5', 'memory_pressure_ratio', 'gauge', []],
  ['I5', 'business_kpi', 'gauge', ['kpi']],
  ['I6', 'api_requests_total', 'counter', ['method', 'endpoint', 'status']],
  ['I6', 'api_request_duration_seconds', 'histogram', ['method', 'endpoint']],
  ['I6', 'project_ai_requests_total', 'counter', ['method', 'endpoint', 'status']],
  ['I6', 'project_ai_request_duration_seconds', 'histogram', ['method', 'endpoint']],
  ['I6', 'project_ai_active_users', 'gauge', []],
  ['I6', 'generate_duration', 'histogram', []],
  ['I6', 'plugin_execution_duration_seconds', 'histogram', ['plugin']],
  ['I6', 'persona_interactions_total', 'counter', ['persona']],
  ['I6', 'feature_usage_total', 'counter', ['feature']],
  ['I6', 'command_override_attempts_total', 'counter', ['result']],
  ['I6', 'redis_memory_used_bytes', 'gauge', []],
  ['I6', 'redis_memory_max_bytes', 'gauge', []],
]

test.each(PRINTED)('%s: %s, a %s', (_, name, type, labels) => {
  const family = FAMILIES[name as keyof typeof FAMILIES]!
  expect(family.type).toBe(type)
  // `$status` is called as the application chooses; the documents disagree.
  expect(family.labels.map((label) => (label === '$status' ? 'status_code' : label))).toEqual(labels)
})
