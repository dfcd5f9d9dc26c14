/** A configuration with the machine, Promontory itself, an imagined shop, and one target that is down. */
export function configuration({
  port,
  shopPort,
}: {
  readonly port: number
  readonly shopPort: number
}): string {
  const shop = (job: string, path: string): string => `
  - job_name: ${job}
    metrics_path: ${path}
    static_configs:
      - targets: ['localhost:${shopPort}', '127.0.0.1:${shopPort}']
        labels: { team: shop }`
  return `global: { scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    metrics_path: /metrics/host
    static_configs: [{ targets: ['127.0.0.1:${port}'], labels: { role: database } }]
  - job_name: promontory
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]${shop('checkout', '/checkout')}${shop('storefront', '/storefront')}
  - job_name: payments
    static_configs:
      - targets: ['127.0.0.1:1']
        labels: { team: payments }
`
}

export const RULES = `groups:
  - name: shop
    rules:
      - record: route:http_requests:rate1m
        expr: sum by (route) (rate(http_requests_total[1m]))
      - alert: TooManyErrors
        expr: |
          sum by (route) (rate(http_requests_total{status="500"}[2m]))
            / sum by (route) (rate(http_requests_total[2m])) > 0.05
        labels: { severity: critical, team: shop }
        annotations:
          summary: '{{ $labels.route }} fails {{ $value | humanizePercentage }} of its requests'
      - alert: SlowAnswers
        expr: histogram_quantile(0.95, sum by (le, route) (rate(http_request_duration_seconds_bucket[2m]))) > 0.4
        for: 10m
        labels: { severity: warning, team: shop }
        annotations:
          summary: '95 % of the answers of {{ $labels.route }} take up to {{ $value | humanizeDuration }}'
  - name: machines
    rules:
      - alert: TargetDown
        expr: up == 0
        labels: { severity: critical }
        annotations:
          summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer'
      - alert: DiskAlmostFull
        expr: node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.01
        for: 5m
        labels: { severity: warning }
        annotations:
          summary: '{{ $labels.mountpoint }} on {{ $labels.instance }} is nearly full'
`
