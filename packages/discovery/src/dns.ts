import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import type { DnsSdConfig } from './config.ts'
import { RefreshDiscoverer } from './refresh.ts'
import type { DiscoveryEnvironment } from './refresh.ts'
import { ADDRESS } from './target-group.ts'
import type { TargetGroup } from './target-group.ts'

/** What is asked of a resolver; Node's, or a test's. */
export type DnsResolver = Pick<Resolver, 'resolveSrv' | 'resolve4' | 'resolve6' | 'resolveMx' | 'resolveNs'>

type Target = Record<string, string>

/** `dns_sd_configs`: one group per name, from its SRV, A, AAAA, MX or NS records. */
export function dnsDiscoverer(
  config: DnsSdConfig,
  environment: DiscoveryEnvironment,
  resolver: DnsResolver = new Resolver({ timeout: 5000, tries: 2 }),
  searchDomains: () => Promise<readonly string[]> = readSearchDomains,
): RefreshDiscoverer {
  return new RefreshDiscoverer('dns', config.refresh_interval, environment, async () => {
    const search = await searchDomains()
    const results = await Promise.allSettled(
      config.names.map((name) => group(config, name, search, resolver, environment)),
    )
    const faults = results.filter((result) => result.status === 'rejected')
    for (const { reason } of faults)
      environment.logger.error('Error refreshing DNS targets', { err: (reason as Error).message })
    if (faults.length === results.length) throw faults[0]!.reason
    return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  })
}

async function group(
  config: DnsSdConfig,
  name: string,
  search: readonly string[],
  resolver: DnsResolver,
  { metrics }: DiscoveryEnvironment,
): Promise<TargetGroup> {
  metrics.dnsLookups.inc()
  try {
    const targets = await lookupWithSearch(config, name, search, resolver)
    return {
      source: name,
      targets: targets.map((target) => ({ ...target, __meta_dns_name: name })),
      labels: {},
    }
  } catch (error) {
    metrics.dnsLookupFailures.inc()
    throw new Error(`could not resolve "${name}": ${(error as Error).message}`, { cause: error })
  }
}

/** A name without its final dot is also tried below the search domains of resolv.conf. Not found at all is no error. */
async function lookupWithSearch(
  config: DnsSdConfig,
  name: string,
  search: readonly string[],
  resolver: DnsResolver,
): Promise<Target[]> {
  const names = name.endsWith('.')
    ? [name.slice(0, -1)]
    : [name, ...search.map((domain) => `${name}.${domain}`)]
  for (const candidate of names) {
    try {
      const targets = await lookup(config, candidate, resolver)
      if (targets.length > 0) return targets
    } catch (error) {
      const { code } = error as { code?: string }
      if (code !== 'ENOTFOUND' && code !== 'ENODATA') throw error
    }
  }
  return []
}

async function lookup({ type, port }: DnsSdConfig, name: string, resolver: DnsResolver): Promise<Target[]> {
  switch (type) {
    case 'SRV':
      return (await resolver.resolveSrv(name)).map((record) => ({
        [ADDRESS]: hostPort(record.name, record.port),
        __meta_dns_srv_record_target: `${trimDot(record.name)}.`,
        __meta_dns_srv_record_port: String(record.port),
      }))
    case 'A':
      return (await resolver.resolve4(name)).map((address) => ({ [ADDRESS]: hostPort(address, port) }))
    case 'AAAA':
      return (await resolver.resolve6(name)).map((address) => ({ [ADDRESS]: hostPort(address, port) }))
    case 'MX':
      return (await resolver.resolveMx(name)).map((record) => ({
        [ADDRESS]: hostPort(record.exchange, port),
        __meta_dns_mx_record_target: `${trimDot(record.exchange)}.`,
      }))
    case 'NS':
      return (await resolver.resolveNs(name)).map((server) => ({
        [ADDRESS]: hostPort(server, port),
        __meta_dns_ns_record_target: `${trimDot(server)}.`,
      }))
  }
}

function trimDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${trimDot(host)}:${port}`
}

async function readSearchDomains(): Promise<readonly string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  const line = text.split('\n').findLast((candidate) => /^\s*search\s/.test(candidate))
  return line === undefined ? [] : line.trim().split(/\s+/).slice(1)
}
