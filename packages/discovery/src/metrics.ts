import { ROLES } from './kubernetes/config.ts'
import type { Counter, Gauge, Registry, Summary } from '@promontory/base'

/** The counters of all discovery managers of a server, under Prometheus's names. Make one per registry. */
export class DiscoveryMetrics {
  readonly discoveredTargets: Gauge
  readonly failedConfigs: Gauge
  readonly receivedUpdates: Counter
  readonly sentUpdates: Counter
  readonly delayedUpdates: Counter
  readonly refreshDuration: Summary
  readonly refreshFailures: Counter
  readonly fileScanDuration: Summary
  readonly fileReadErrors: Counter
  readonly fileWatcherErrors: Counter
  readonly fileMtime: Gauge
  readonly dnsLookups: Counter
  readonly dnsLookupFailures: Counter
  readonly httpFailures: Counter
  /** By role and kind of change. */
  readonly kubernetesEvents: Counter
  readonly kubernetesFailures: Counter
  /** By endpoint and call. */
  readonly consulDuration: Summary
  readonly consulFailures: Counter

  constructor(registry: Registry) {
    const name = ['name']
    const mechanism = ['mechanism']
    const quantiles = [0.5, 0.9, 0.99]
    this.discoveredTargets = registry.gauge({ name: 'prometheus_sd_discovered_targets', help: 'Current number of discovered targets.', labels: ['config', 'name'] })
    this.failedConfigs = registry.gauge({ name: 'prometheus_sd_failed_configs', help: 'Current number of service discovery configurations that failed to load.', labels: name })
    this.receivedUpdates = registry.counter({ name: 'prometheus_sd_received_updates_total', help: 'Total number of update events received from the SD providers.', labels: name })
    this.sentUpdates = registry.counter({ name: 'prometheus_sd_updates_total', help: 'Total number of update events sent to the SD consumers.', labels: name })
    this.delayedUpdates = registry.counter({ name: 'prometheus_sd_updates_delayed_total', help: "Total number of update events that couldn't be sent immediately.", labels: name })
    this.refreshDuration = registry.summary({ name: 'prometheus_sd_refresh_duration_seconds', help: 'The duration of a refresh in seconds for the given SD mechanism.', labels: mechanism, quantiles })
    this.refreshFailures = registry.counter({ name: 'prometheus_sd_refresh_failures_total', help: 'Number of refresh failures for the given SD mechanism.', labels: mechanism })
    this.fileScanDuration = registry.summary({ name: 'prometheus_sd_file_scan_duration_seconds', help: 'The duration of the File-SD scan in seconds.', quantiles })
    this.fileReadErrors = registry.counter({ name: 'prometheus_sd_file_read_errors_total', help: 'The number of File-SD read errors.' })
    this.fileWatcherErrors = registry.counter({ name: 'prometheus_sd_file_watcher_errors_total', help: 'The number of File-SD errors caused by filesystem watch failures.' })
    this.fileMtime = registry.gauge({ name: 'prometheus_sd_file_mtime_seconds', help: 'Timestamp (mtime) of files read by FileSD. Timestamp is set at read time.', labels: ['filename'] })
    this.dnsLookups = registry.counter({ name: 'prometheus_sd_dns_lookups_total', help: 'The number of DNS-SD lookups.' })
    this.dnsLookupFailures = registry.counter({ name: 'prometheus_sd_dns_lookup_failures_total', help: 'The number of DNS-SD lookup failures.' })
    this.httpFailures = registry.counter({ name: 'prometheus_sd_http_failures_total', help: 'Number of HTTP service discovery refresh failures.' })
    this.kubernetesEvents = registry.counter({ name: 'prometheus_sd_kubernetes_events_total', help: 'The number of Kubernetes events handled.', labels: ['role', 'event'] })
    this.kubernetesFailures = registry.counter({ name: 'prometheus_sd_kubernetes_failures_total', help: 'The number of failed WATCH/LIST requests.' })
    this.consulDuration = registry.summary({ name: 'prometheus_sd_consul_rpc_duration_seconds', help: 'The duration of a Consul RPC call in seconds.', labels: ['endpoint', 'call'], quantiles })
    this.consulFailures = registry.counter({ name: 'prometheus_sd_consul_rpc_failures_total', help: 'The number of Consul RPC call failures.' })
    for (const role of ROLES) for (const event of ['add', 'delete', 'update']) this.kubernetesEvents.add(0, role, event)
    for (const call of [['catalog', 'service'], ['catalog', 'services']]) this.consulDuration.touch(...call)
    for (const counter of [this.fileReadErrors, this.fileWatcherErrors, this.dnsLookups, this.dnsLookupFailures, this.httpFailures, this.kubernetesFailures, this.consulFailures])
      counter.add(0)
    this.fileScanDuration.touch()
  } // prettier-ignore
}
