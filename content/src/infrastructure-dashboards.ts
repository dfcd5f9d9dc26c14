import type { JsonObject } from '@promontory/dashboards'
import { barGauge, dashboard, gauge, stat, table, timeseries } from '@promontory/dashboards/dsl'
import { by, JOB, jobsOf, quantile, W } from './words.ts'

const base = { refresh: '10s', crosshair: 'shared', time: ['now-6h', 'now'] } as const
/** What a machine or the server itself did lately. */
const lately = { ...base, time: ['now-1h', 'now'] } as const
const J = JOB
const DISK = 'device!~"loop.*|ram.*"'
const NET = 'device!~"lo|veth.*"'

export const INFRASTRUCTURE: JsonObject = dashboard({
  ...lately,
  title: 'Infrastructure',
  uid: 'infrastructure',
  tags: ['ready-made'],
  panels: [
    timeseries({ title: 'CPU Usage', unit: 'short', description: 'Processors in use, per container.', targets: [by('name', `sum by (name) (rate(container_cpu_usage_seconds_total${W}))`)] }),
    timeseries({ title: 'Memory Usage', unit: 'bytes', targets: [by('name', `sum by (name) (container_memory_working_set_bytes)`)] }),
    timeseries({ title: 'Container Disk I/O', unit: 'Bps', targets: [{ expr: `sum by (name) (rate(container_fs_reads_bytes_total${W}))`, legend: 'read {{name}}' }, { expr: `sum by (name) (rate(container_fs_writes_bytes_total${W}))`, legend: 'write {{name}}' }] }),
    timeseries({ title: 'Container Network', unit: 'Bps', targets: [{ expr: `sum by (name) (rate(container_network_receive_bytes_total${W}))`, legend: 'in {{name}}' }, { expr: `sum by (name) (rate(container_network_transmit_bytes_total${W}))`, legend: 'out {{name}}' }] }),
    table({ title: 'Container Health', targets: [`time() - max by (name) (container_start_time_seconds)`] }),
    timeseries({ title: 'CPU of Hosts', unit: 'percentunit', targets: [by('instance', `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}${W}))`)] }),
    timeseries({ title: 'Memory of Hosts', unit: 'percentunit', targets: [by('instance', `1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes`)] }),
    timeseries({ title: 'Disk I/O', unit: 'Bps', targets: [{ expr: `sum by (instance) (rate(node_disk_read_bytes_total{${DISK}}${W}))`, legend: 'read {{instance}}' }, { expr: `sum by (instance) (rate(node_disk_written_bytes_total{${DISK}}${W}))`, legend: 'write {{instance}}' }] }),
    timeseries({ title: 'Network Traffic', unit: 'Bps', targets: [{ expr: `sum by (instance) (rate(node_network_receive_bytes_total{${NET}}${W}))`, legend: 'in {{instance}}' }, { expr: `sum by (instance) (rate(node_network_transmit_bytes_total{${NET}}${W}))`, legend: 'out {{instance}}' }] }),
    table({ title: 'Targets', width: 24, targets: ['up'] }),
  ],
}) // prettier-ignore

export const SYSTEM: JsonObject = dashboard({
  ...lately,
  title: 'System',
  uid: 'system',
  tags: ['ready-made'],
  panels: [
    timeseries({ title: 'CPU by mode', unit: 'percentunit', stack: true, targets: [by('mode', `avg by (mode) (rate(node_cpu_seconds_total{mode!="idle"}${W}))`)] }),
    timeseries({ title: 'Load', targets: [by('instance', 'node_load1'), { expr: 'node_load5', legend: '5 min {{instance}}' }] }),
    timeseries({ title: 'Memory', unit: 'bytes', targets: [{ expr: 'node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes', legend: 'used {{instance}}' }, { expr: 'node_memory_Cached_bytes', legend: 'cached {{instance}}' }] }),
    timeseries({ title: 'Swap', unit: 'bytes', targets: [{ expr: 'node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes', legend: 'used {{instance}}' }] }),
    barGauge({ title: 'Disk space', unit: 'percentunit', min: 0, max: 1, thresholds: ['green', [0.8, 'orange'], [0.9, 'red']], targets: [{ expr: '1 - node_filesystem_avail_bytes / (node_filesystem_size_bytes > 0)', legend: '{{mountpoint}}', instant: true }] }),
    timeseries({ title: 'Disk busy', unit: 'percentunit', targets: [by('device', `sum by (device) (rate(node_disk_io_time_seconds_total{${DISK}}${W}))`)] }),
    timeseries({ title: 'Network', unit: 'Bps', targets: [{ expr: `sum by (device) (rate(node_network_receive_bytes_total{${NET}}${W}))`, legend: 'in {{device}}' }, { expr: `-sum by (device) (rate(node_network_transmit_bytes_total{${NET}}${W}))`, legend: 'out {{device}}' }] }),
    timeseries({ title: 'Pressure', unit: 'percentunit', targets: [{ expr: `rate(node_pressure_cpu_waiting_seconds_total${W})`, legend: 'CPU' }, { expr: `rate(node_pressure_io_waiting_seconds_total${W})`, legend: 'I/O' }, { expr: `rate(node_pressure_memory_waiting_seconds_total${W})`, legend: 'memory' }] }),
  ],
}) // prettier-ignore

export const DATABASE: JsonObject = dashboard({
  ...base,
  title: 'Database',
  uid: 'database',
  tags: ['ready-made'],
  variables: [jobsOf('database_query_duration_seconds_count')],
  panels: [
    timeseries({ title: 'Connection Pool', targets: [by('database', `sum by (database) (database_connections_active{${J}})`), { expr: `max(db_connections_max{${J}})`, legend: 'size' }] }),
    timeseries({ title: 'Query Performance', unit: 's', targets: [quantile(95, 'database_query_duration_seconds', J, 'query_type')] }),
    timeseries({ title: 'Database Size', unit: 'bytes', targets: [by('database', `sum by (database) (database_size_bytes{${J}})`)] }),
    timeseries({ title: 'Slowest Tables', unit: 's', targets: [by('table', `topk(5, sum by (table) (rate(database_query_duration_seconds_sum{${J}}${W})) / sum by (table) (rate(database_query_duration_seconds_count{${J}}${W})))`)] }),
    timeseries({ title: 'Lock Waits', targets: [by('datname', 'sum by (datname) (pg_locks_count{mode=~".*exclusivelock"})')] }),
    timeseries({ title: 'Deadlocks', unit: 'ops', targets: [by('datname', `sum by (datname) (rate(pg_stat_database_deadlocks${W}))`)] }),
    timeseries({ title: 'Replication', unit: 's', targets: [by('instance', 'pg_replication_lag_seconds')] }),
  ],
}) // prettier-ignore

export const DATABASE_HEALTH: JsonObject = dashboard({
  ...base,
  title: 'Database Health',
  uid: 'database-health',
  tags: ['ready-made'],
  variables: [jobsOf('db_queries_total')],
  panels: [
    timeseries({ title: 'Query duration by operation', unit: 's', targets: [quantile(99, 'db_query_duration_seconds', J, 'operation')] }),
    timeseries({ title: 'Query count trend', unit: 'ops', fill: 60, stack: true, targets: [by('operation', `sum by (operation) (rate(db_queries_total{${J}}${W}))`)] }),
    gauge({ title: 'Active connections', width: 6, min: 0, thresholds: ['green', [16, 'orange'], [19, 'red']], targets: [`sum(active_db_connections{${J}})`] }),
    gauge({ title: 'Pool utilization', width: 6, unit: 'percentunit', min: 0, max: 1, thresholds: ['green', [0.8, 'red']], targets: [`sum(active_db_connections{${J}}) / sum(db_connections_max{${J}})`] }),
    table({ title: 'Slow query log', targets: [`sum by (operation, table) (increase(db_slow_queries_total{${J}}[1d])) > 0`] }),
    timeseries({ title: 'Index usage stats', unit: 'percentunit', targets: [by('table', `sum by (table) (rate(db_index_scans_total{${J},uses_index="true"}${W})) / sum by (table) (rate(db_index_scans_total{${J}}${W}))`)] }),
    timeseries({ title: 'Failed queries', unit: 'percentunit', targets: [{ expr: `1 - sum(rate(db_queries_total{${J},status="success"}${W})) / sum(rate(db_queries_total{${J}}${W}))`, legend: 'failed' }] }),
  ],
}) // prettier-ignore

export const PROMONTORY: JsonObject = dashboard({
  ...lately,
  title: 'Promontory',
  uid: 'promontory',
  tags: ['ready-made'],
  panels: [
    stat({ title: 'Series', width: 6, targets: ['sum(prometheus_tsdb_head_series)'] }),
    stat({ title: 'Samples per second', width: 6, targets: [`sum(rate(prometheus_tsdb_head_samples_appended_total${W}))`] }),
    stat({ title: 'Targets up', width: 6, targets: ['sum(up)'] }),
    stat({ title: 'Blocks', width: 6, unit: 'bytes', targets: ['sum(prometheus_tsdb_storage_blocks_bytes)'] }),
    timeseries({ title: 'Samples appended', unit: 'short', targets: [by('instance', `sum by (instance) (rate(prometheus_tsdb_head_samples_appended_total${W}))`)] }),
    timeseries({ title: 'Time to answer', unit: 's', targets: [by('handler', `sum by (handler) (rate(prometheus_http_request_duration_seconds_sum${W})) / sum by (handler) (rate(prometheus_http_request_duration_seconds_count${W}))`)] }),
    timeseries({ title: 'Requests', unit: 'reqps', targets: [by('handler', `sum by (handler) (rate(prometheus_http_requests_total${W}))`)] }),
    timeseries({ title: 'Memory', unit: 'bytes', targets: [{ expr: 'process_resident_memory_bytes{job="promontory"}', legend: 'resident' }, { expr: 'promontory_tsdb_head_bytes_in_use', legend: 'head' }] }),
    timeseries({ title: 'Log', unit: 'Bps', targets: [by('instance', `rate(prometheus_tsdb_wal_record_bytes_written_total${W})`)] }),
    timeseries({ title: 'Alerts', targets: [by('state', 'sum by (state) (alertmanager_alerts)')] }),
    timeseries({ title: 'Refused samples', unit: 'ops', targets: [{ expr: `sum(rate(prometheus_tsdb_out_of_order_samples_total${W}))`, legend: 'out of order' }, { expr: `sum(rate(prometheus_tsdb_out_of_bound_samples_total${W}))`, legend: 'too old' }] }),
    timeseries({ title: 'Event loop', unit: 's', targets: [{ expr: 'nodejs_eventloop_lag_p99_seconds{job="promontory"}', legend: 'p99' }] }),
  ],
}) // prettier-ignore
