import type { JsonObject } from '@promontory/dashboards'
import {
  barGauge,
  dashboard,
  gauge,
  heatmap,
  panel,
  pie,
  row,
  stat,
  table,
  timeseries,
} from '@promontory/dashboards/dsl'
import { by, failed, JOB, jobsOf, quantile, quantiles, W } from './words.ts'

const base = { refresh: '10s', crosshair: 'shared', time: ['now-6h', 'now'] } as const
const J = JOB

/** The 13 panels of the agentic backend. */
export const AGENTIC_BACKEND: JsonObject = dashboard({
  ...base,
  title: 'Agentic Backend - Production Monitoring',
  uid: 'agentic-backend',
  tags: ['ready-made', 'ai'],
  variables: [jobsOf('agent_queries_total')],
  panels: [
    stat({ title: 'HTTP Requests', unit: 'short', targets: [`sum(http_requests_total{${J}})`] }),
    stat({ title: 'Active Sessions', targets: [`sum(active_sessions{${J}})`] }),
    stat({ title: 'Total Cost', unit: 'currencyUSD', targets: [`sum(api_cost_dollars_total{${J}})`] }),
    stat({ title: 'Total Tokens', unit: 'short', targets: [`sum(api_tokens_total{${J}})`] }),
    gauge({
      title: 'Cache Hit Rate',
      unit: 'percentunit',
      min: 0,
      max: 1,
      width: 8,
      height: 4,
      thresholds: ['red', [0.7, 'orange'], [0.8, 'green']],
      targets: [
        `sum(rate(cache_operations_total{${J},result="hit"}${W})) / sum(rate(cache_operations_total{${J},result=~"hit|miss"}${W}))`,
      ],
    }),
    timeseries({ title: 'Request Rate', unit: 'reqps', targets: [by('route', `sum by (route) (rate(http_requests_total{${J}}${W}))`)] }),
    timeseries({
      title: 'Request Latency',
      unit: 's',
      targets: [50, 90, 99].map((p) => quantile(p, 'http_request_duration_seconds', J)),
    }),
    timeseries({ title: 'Agent Query Rate', unit: 'ops', targets: [by('agent_type', `sum by (agent_type) (rate(agent_queries_total{${J}}${W}))`)] }),
    timeseries({ title: 'Agent Duration', unit: 's', targets: [quantile(95, 'agent_query_duration_seconds', J, 'agent_type')] }),
    timeseries({ title: 'API Cost', unit: 'currencyUSD', stack: true, targets: [by('model', `sum by (model) (rate(api_cost_dollars_total{${J}}${W})) * 3600`)], description: 'Dollars per hour.' }),
    timeseries({ title: 'Token Usage', unit: 'short', targets: [{ expr: `sum by (model, token_type) (rate(api_tokens_total{${J}}${W}))`, legend: '{{model}} {{token_type}}' }] }),
    timeseries({ title: 'Authentication', unit: 'ops', draw: 'bars', stack: true, targets: [by('result', `sum by (result) (rate(auth_attempts_total{${J}}${W}))`)] }),
    timeseries({ title: 'Permissions', unit: 'ops', draw: 'bars', stack: true, targets: [by('result', `sum by (result) (rate(permission_checks_total{${J}}${W}))`)] }),
  ],
}) // prettier-ignore

export const APPLICATION: JsonObject = dashboard({
  ...base,
  title: 'Application',
  uid: 'application',
  tags: ['ready-made'],
  variables: [jobsOf('http_requests_total')],
  panels: [
    timeseries({ title: 'Request Rate', unit: 'reqps', legend: 'table', calculations: ['mean', 'max'], targets: [{ expr: `sum by (method, route) (rate(http_requests_total{${J}}${W}))`, legend: '{{method}} {{route}}' }] }),
    timeseries({ title: 'Response Time', unit: 's', targets: [50, 95, 99].map((p) => quantile(p, 'http_request_duration_seconds', J)) }),
    timeseries({
      title: 'Error Rate',
      unit: 'percentunit',
      targets: [
        { expr: `sum(${failed('http_requests_total', J, '4..')}) / sum(rate(http_requests_total{${J}}${W}))`, legend: '4xx' },
        { expr: `sum(${failed('http_requests_total', J)}) / sum(rate(http_requests_total{${J}}${W}))`, legend: '5xx' },
      ],
    }),
    timeseries({ title: 'Active Users', targets: [by('job', `sum by (job) (active_sessions{${J}})`)] }),
    timeseries({ title: 'AI Usage', unit: 'reqps', targets: [{ expr: `sum by (model, provider) (rate(ai_requests_total{${J}}${W}))`, legend: '{{provider}} {{model}}' }] }),
    timeseries({ title: 'In Flight', targets: [by('job', `sum by (job) (active_requests{${J}})`)] }),
    row('Runtime', [
      timeseries({ title: 'Memory', unit: 'bytes', targets: [by('instance', `process_resident_memory_bytes{${J}}`)] }),
      timeseries({ title: 'Memory Pressure', unit: 'percentunit', targets: [by('instance', `memory_pressure_ratio{${J}}`)] }),
      timeseries({ title: 'Garbage Collection', unit: 'percentunit', targets: [by('kind', `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${J}}${W}))`)] }),
      timeseries({ title: 'Event Loop Lag', unit: 's', targets: [by('instance', `event_loop_lag_seconds{${J}}`)] }),
    ]),
  ],
}) // prettier-ignore

export const API_PERFORMANCE: JsonObject = dashboard({
  ...base,
  title: 'API Performance',
  uid: 'api-performance',
  tags: ['ready-made'],
  variables: [jobsOf('api_requests_total')],
  panels: [
    timeseries({ title: 'Requests per second', unit: 'reqps', targets: [by('endpoint', `sum by (endpoint) (rate(api_requests_total{${J}}${W}))`)] }),
    heatmap({ title: 'Response time distribution', unit: 's', targets: [`sum by (le) (increase(api_request_duration_seconds_bucket{${J}}[$__interval]))`] }),
    barGauge({ title: 'Error rate by endpoint', unit: 'percentunit', targets: [{ expr: `sum by (endpoint) (rate(api_requests_total{${J},status=~"5.."}${W})) / sum by (endpoint) (rate(api_requests_total{${J}}${W}))`, legend: '{{endpoint}}', instant: true }] }),
    table({ title: 'Top slow endpoints', unit: 's', targets: [`topk(10, histogram_quantile(0.95, sum by (le, endpoint) (rate(api_request_duration_seconds_bucket{${J}}[30m]))))`] }),
    pie({ title: 'Request count by method', targets: [by('method', `sum by (method) (increase(api_requests_total{${J}}[1h]))`)] }),
    timeseries({ title: 'Quantiles', unit: 's', width: 16, targets: quantiles('api_request_duration_seconds', J) }),
    stat({ title: 'Mean response', unit: 's', width: 8, thresholds: ['green', [0.2, 'red']], targets: [`sum(rate(api_request_duration_seconds_sum{${J}}${W})) / sum(rate(api_request_duration_seconds_count{${J}}${W}))`] }),
    stat({ title: 'P95 response', unit: 's', width: 8, thresholds: ['green', [0.5, 'red']], targets: [quantile(95, 'api_request_duration_seconds', J)] }),
    stat({ title: 'Success rate', unit: 'percentunit', width: 8, thresholds: ['red', [0.99, 'green']], targets: [`1 - sum(rate(api_requests_total{${J},status=~"5.."}${W})) / sum(rate(api_requests_total{${J}}${W}))`] }),
  ],
}) // prettier-ignore

export const LLM_SERVICE: JsonObject = dashboard({
  ...base,
  title: 'LLM Service',
  uid: 'llm-service',
  tags: ['ready-made', 'ai'],
  variables: [jobsOf('llm_requests_total')],
  panels: [
    pie({ title: 'Provider usage distribution', targets: [by('provider', `sum by (provider) (increase(llm_requests_total{${J}}[1h]))`)] }),
    panel('boxplot', {
      title: 'Response time by provider',
      width: 16,
      unit: 's',
      description: 'Means of five minutes, over the time that is shown.',
      targets: [
        by(
          'provider',
          `sum by (provider) (rate(llm_request_duration_seconds_sum{${J}}[5m])) / sum by (provider) (rate(llm_request_duration_seconds_count{${J}}[5m]) > 0)`,
        ),
      ],
    }),
    gauge({ title: 'Success rate by provider', unit: 'percentunit', min: 0, max: 1, width: 12, thresholds: ['red', [0.95, 'orange'], [0.99, 'green']], targets: [by('provider', `sum by (provider) (rate(llm_requests_total{${J},status="success"}${W})) / sum by (provider) (rate(llm_requests_total{${J}}${W}))`)] }),
    stat({ title: 'Fallback frequency', width: 6, height: 8, description: 'In the last hour.', targets: [`sum(increase(llm_fallbacks_total{${J}}[1h])) or vector(0)`] }),
    stat({ title: 'Cost estimation', width: 6, height: 8, unit: 'currencyUSD', description: 'A month at the rate of the last six hours.', targets: [`sum(rate(api_cost_dollars_total{${J}}[6h])) * 86400 * 30`] }),
    timeseries({ title: 'Time to first token', unit: 's', targets: [quantile(95, 'llm_time_to_first_token_seconds', J, 'provider')] }),
    timeseries({ title: 'Errors', unit: 'ops', targets: [{ expr: `sum by (provider, error_type) (rate(llm_errors_total{${J}}${W}))`, legend: '{{provider}} {{error_type}}' }] }),
    timeseries({ title: 'Tokens per second', unit: 'short', targets: [{ expr: `sum by (model, token_type) (rate(ai_tokens_used_total{${J}}${W}))`, legend: '{{model}} {{token_type}}' }] }),
    timeseries({ title: 'Finish reasons', unit: 'ops', stack: 'percent', targets: [by('finish_reason', `sum by (finish_reason) (rate(llm_finish_reasons_total{${J}}${W}))`)] }),
  ],
}) // prettier-ignore

export const CACHE_ANALYTICS: JsonObject = dashboard({
  ...base,
  title: 'Cache Analytics',
  uid: 'cache-analytics',
  tags: ['ready-made'],
  variables: [jobsOf('cache_hits_total')],
  panels: [
    timeseries({ title: 'Hit rate trend', unit: 'percentunit', targets: [by('job', `sum by (job) (rate(cache_hits_total{${J}}${W})) / (sum by (job) (rate(cache_hits_total{${J}}${W})) + sum by (job) (rate(cache_misses_total{${J}}${W})))`)] }),
    pie({ title: 'Hit vs miss distribution', targets: [{ expr: `sum(increase(cache_hits_total{${J}}[1h]))`, legend: 'hit' }, { expr: `sum(increase(cache_misses_total{${J}}[1h]))`, legend: 'miss' }] }),
    gauge({ title: 'Memory usage', width: 4, unit: 'percentunit', min: 0, max: 1, thresholds: ['green', [0.8, 'orange'], [0.95, 'red']], targets: [`sum(cache_size_bytes{${J}}) / sum(cache_max_bytes{${J}})`] }),
    table({ title: 'Top keys', targets: [`topk(10, sum by (key) (rate(cache_key_requests_total{${J}}[30m])))`] }),
    timeseries({ title: 'Eviction rate', unit: 'ops', targets: [by('job', `sum by (job) (rate(cache_evictions_total{${J}}${W}))`)] }),
    timeseries({ title: 'Operations', unit: 'ops', stack: true, targets: [{ expr: `sum by (operation, result) (rate(cache_operations_total{${J}}${W}))`, legend: '{{operation}} {{result}}' }] }),
    timeseries({ title: 'Redis memory', unit: 'bytes', targets: [{ expr: `redis_memory_used_bytes{${J}}`, legend: 'used' }, { expr: `redis_memory_max_bytes{${J}}`, legend: 'allowed' }] }),
  ],
}) // prettier-ignore

export const BUSINESS: JsonObject = dashboard({
  ...base,
  title: 'Business',
  uid: 'business',
  tags: ['ready-made'],
  variables: [jobsOf('feature_usage_total')],
  panels: [
    stat({ title: 'Active users', width: 6, targets: [`sum(project_ai_active_users{${J}})`] }),
    stat({ title: 'Active sessions', width: 6, targets: [`sum(active_sessions{${J}})`] }),
    stat({ title: 'Sign-ups of the last day', width: 6, targets: [`sum(increase(business_events_total{${J},event="signup"}[1d]))`] }),
    stat({ title: 'Command overrides of the last day', width: 6, targets: [`sum(increase(command_override_attempts_total{${J}}[1d]))`] }),
    timeseries({ title: 'Feature usage', unit: 'ops', stack: true, targets: [by('feature', `sum by (feature) (rate(feature_usage_total{${J}}${W}))`)] }),
    pie({ title: 'Persona interactions', targets: [by('persona', `sum by (persona) (increase(persona_interactions_total{${J}}[1d]))`)] }),
    timeseries({ title: 'Events', unit: 'ops', targets: [by('event', `sum by (event) (rate(business_events_total{${J}}${W}))`)] }),
    timeseries({ title: 'Figures', targets: [by('kpi', 'business_kpi')] }),
    timeseries({ title: 'Plugin execution time', unit: 's', targets: [quantile(95, 'plugin_execution_duration_seconds', J, 'plugin')] }),
    timeseries({ title: 'Image generation', unit: 's', targets: [quantile(95, 'generate_duration', J)] }),
  ],
}) // prettier-ignore

export const COST: JsonObject = dashboard({
  ...base,
  title: 'Cost & Budget',
  uid: 'cost-budget',
  tags: ['ready-made', 'ai'],
  variables: [jobsOf('api_cost_dollars_total')],
  panels: [
    stat({ title: 'Spent in 24 hours', width: 6, unit: 'currencyUSD', targets: [`sum(increase(api_cost_dollars_total{${J}}[1d]))`] }),
    stat({ title: 'Day at this rate', width: 6, unit: 'currencyUSD', targets: [`sum(rate(api_cost_dollars_total{${J}}[1h])) * 86400`] }),
    stat({ title: 'Month at this rate', width: 6, unit: 'currencyUSD', targets: [`sum(rate(api_cost_dollars_total{${J}}[6h])) * 86400 * 30`] }),
    gauge({ title: 'Daily budget used', height: 4, width: 6, unit: 'percentunit', min: 0, max: 1, thresholds: ['green', [0.8, 'orange'], [1, 'red']], targets: [`sum(increase(api_cost_dollars_total{${J}}[1d])) / sum(max by (name) (llm_budget_dollars{${J},scope="all",period="daily"}))`] }),
    timeseries({ title: 'Cost per hour by model', unit: 'currencyUSD', stack: true, targets: [by('model', `sum by (model) (rate(api_cost_dollars_total{${J}}${W})) * 3600`)] }),
    timeseries({ title: 'Cost per hour by team', unit: 'currencyUSD', stack: true, targets: [by('team', `sum by (team) (rate(api_cost_dollars_total{${J}}${W})) * 3600`)] }),
    pie({ title: 'Cost by provider', targets: [by('provider', `sum by (provider) (increase(api_cost_dollars_total{${J}}[1d]))`)] }),
    timeseries({ title: 'Cost per 1,000 requests', width: 16, unit: 'currencyUSD', targets: [by('model', `1000 * sum by (model) (rate(api_cost_dollars_total{${J}}${W})) / sum by (model) (rate(llm_requests_total{${J}}${W}))`)] }),
    table({ title: 'Tokens without a price', targets: [`sum by (provider, model) (increase(llm_unpriced_tokens_total{${J}}[1d]))`] }),
    table({ title: 'Budgets', targets: [`max by (scope, name, period) (llm_budget_dollars{${J}})`] }),
  ],
}) // prettier-ignore

export const SECURITY: JsonObject = dashboard({
  ...base,
  title: 'Security & Jobs',
  uid: 'security-jobs',
  tags: ['ready-made'],
  variables: [jobsOf('auth_attempts_total')],
  panels: [
    timeseries({ title: 'Authentication by method', unit: 'ops', targets: [{ expr: `sum by (method, result) (rate(auth_attempts_total{${J}}${W}))`, legend: '{{method}} {{result}}' }] }),
    timeseries({ title: 'Denied permissions', unit: 'ops', targets: [by('permission', `sum by (permission) (rate(permission_checks_total{${J},result="denied"}${W}))`)] }),
    stat({ title: 'Failed sign-ins of the last hour', width: 8, targets: [`sum(increase(auth_attempts_total{${J},result="failure"}[1h]))`] }),
    stat({ title: 'Denials of the last hour', width: 8, targets: [`sum(increase(permission_checks_total{${J},result="denied"}[1h]))`] }),
    stat({ title: 'Waiting jobs', width: 8, targets: [`sum(queue_depth)`] }),
    timeseries({ title: 'Queue depth', targets: [by('queue', `sum by (queue) (queue_depth)`)] }),
    timeseries({ title: 'Jobs', unit: 'ops', targets: [{ expr: `sum by (queue, status) (rate(queue_jobs_total${W}))`, legend: '{{queue}} {{status}}' }] }),
  ],
}) // prettier-ignore
