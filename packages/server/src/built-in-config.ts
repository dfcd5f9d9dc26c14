import { splitAddress } from './http/listener.ts'

/**
 * The configuration when none is given: this machine, the server itself, and the targets that were added in the pages,
 * every 5 s.
 */
export function builtInConfig(listenAddress: string, routePrefix: string, addedTargetsFile: string): string {
  const { host, port } = splitAddress(listenAddress)
  const reachable = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host
  const target = `${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
  return `global:
  scrape_interval: 5s
  scrape_timeout: 5s
  evaluation_interval: 5s
scrape_configs:
  - job_name: promontory
    metrics_path: ${routePrefix}/metrics
    static_configs:
      - targets: ['${target}']
  - job_name: node
    metrics_path: ${routePrefix}/metrics/host
    static_configs:
      - targets: ['${target}']
  - job_name: added
    file_sd_configs:
      - files: [${JSON.stringify(addedTargetsFile)}]
`
}
