import type { JsonObject } from '../json.ts'
import { dashboard, heatmap, labelValues, queryVariable, row, stat, table, timeseries } from './index.ts'

/** The example of the documentation: a service's requests. It is compiled in the tests. */
export const SERVICE_DASHBOARD: JsonObject = dashboard({
  title: 'Service',
  uid: 'service',
  tags: ['example'],
  refresh: '30s',
  crosshair: 'shared',
  variables: [
    queryVariable('job', labelValues('job', 'http_requests_total'), { multi: true, includeAll: true }),
  ],
  panels: [
    stat({
      title: 'Requests',
      unit: 'reqps',
      targets: ['sum(rate(http_requests_total{job=~"$job"}[$__rate_interval]))'],
    }),
    stat({
      title: 'Errors',
      unit: 'percentunit',
      thresholds: ['green', [0.01, 'orange'], [0.05, 'red']],
      targets: [
        'sum(rate(http_requests_total{job=~"$job",status=~"5.."}[$__rate_interval])) / sum(rate(http_requests_total{job=~"$job"}[$__rate_interval]))',
      ],
    }),
    row('Latency', [
      timeseries({
        title: 'By route',
        unit: 's',
        legend: 'table',
        calculations: ['mean', 'max'],
        targets: [
          {
            expr: 'histogram_quantile(0.95, sum by (le, route) (rate(http_request_duration_seconds_bucket{job=~"$job"}[$__rate_interval])))',
            legend: '{{route}}',
          },
        ],
      }),
      heatmap({
        title: 'Distribution',
        unit: 's',
        targets: ['sum by (le) (increase(http_request_duration_seconds_bucket{job=~"$job"}[$__interval]))'],
      }),
    ]),
    row('Details', [table({ title: 'Instances', width: 24, targets: ['up{job=~"$job"}'] })], {
      collapsed: true,
    }),
  ],
})
