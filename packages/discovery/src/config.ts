import { checked, filePath, integer, list, str, struct, text, withDefault } from '@promontory/base/yaml'
import type { Field, FieldsOf, Schema } from '@promontory/base/yaml'
import { checkHttpClient, httpClientFields } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import { duration } from '@promontory/model/yaml'
import { consulConfig } from './consul/config.ts'
import type { ConsulSdConfig } from './consul/config.ts'
import { dockerConfig } from './docker/config.ts'
import type { DockerSdConfig } from './docker/config.ts'
import { foreignSdFields } from './foreign-config.ts'
import type { ForeignSdConfig, ForeignSdField } from './foreign-config.ts'
import { kubernetesConfig } from './kubernetes/config.ts'
import type { KubernetesSdConfig } from './kubernetes/config.ts'
import { staticGroup } from './target-group.ts'
import type { StaticGroup } from './target-group.ts'

export interface FileSdConfig {
  readonly files: readonly string[]
  readonly refresh_interval: number
}

export interface HttpSdConfig extends HttpClientConfig {
  readonly url: string
  readonly refresh_interval: number
}

export const DNS_TYPES = ['SRV', 'A', 'AAAA', 'MX', 'NS'] as const
export type DnsType = (typeof DNS_TYPES)[number]

export interface DnsSdConfig {
  readonly names: readonly string[]
  readonly refresh_interval: number
  readonly type: DnsType
  readonly port: number
}

/** The `*_sd_configs` of one job or of the Alertmanagers. */
export interface ServiceDiscoveryConfigs extends Readonly<
  Record<ForeignSdField, readonly ForeignSdConfig[]>
> {
  readonly static_configs: readonly StaticGroup[]
  readonly file_sd_configs: readonly FileSdConfig[]
  readonly http_sd_configs: readonly HttpSdConfig[]
  readonly dns_sd_configs: readonly DnsSdConfig[]
  readonly kubernetes_sd_configs: readonly KubernetesSdConfig[]
  readonly docker_sd_configs: readonly DockerSdConfig[]
  readonly consul_sd_configs: readonly ConsulSdConfig[]
}

/** As upstream: a wildcard in the last part only, and a known ending. */
const FILE_PATTERN = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/

const fileSd: Schema<FileSdConfig> = checked(
  struct('file.plain', {
    files: withDefault(list(filePath), []),
    refresh_interval: withDefault(duration, 5 * 60_000),
  }),
  ({ files }, node, context) => {
    if (files.length === 0)
      context.report(node, 'file service discovery config must contain at least one path name')
    const bad = files.find((name) => !FILE_PATTERN.test(name))
    if (bad !== undefined) context.report(node, `path name "${bad}" is not valid for file discovery`)
  },
)

const httpSd: Schema<HttpSdConfig> = checked(
  struct('http.plain', {
    url: withDefault(str, ''),
    refresh_interval: withDefault(duration, 60_000),
    ...httpClientFields,
  }) as Schema<HttpSdConfig>,
  (config, node, context) => {
    const { url } = config
    if (url === '') context.report(node, 'URL is missing')
    else if (!/^https?:/i.test(url)) context.report(node, "URL scheme must be 'http' or 'https'")
    else if (!/^https?:\/\/[^/?#]/i.test(url)) context.report(node, 'host is missing in URL')
    else if (!URL.canParse(url)) context.report(node, `parse "${url}": not a URL`)
    checkHttpClient(config, node, context)
  },
)

const dnsType: Schema<DnsType> = text('string', (source) => {
  const known = DNS_TYPES.find((type) => type === source.toUpperCase())
  if (known === undefined) throw new Error(`invalid DNS-SD records type ${source}`)
  return known
})

const dnsSd: Schema<DnsSdConfig> = checked(
  struct('dns.plain', {
    names: withDefault(list(str), []),
    refresh_interval: withDefault(duration, 30_000),
    type: withDefault(dnsType, 'SRV'),
    port: withDefault(integer({ min: 0, max: 65535 }), 0),
  }),
  ({ names, type, port }, node, context) => {
    if (names.length === 0) context.report(node, 'DNS-SD config must contain at least one SRV record name')
    if (type !== 'SRV' && port === 0)
      context.report(node, 'a port is required in DNS-SD configs for all record types except SRV')
  },
)

function sdList<T>(name: string, schema: Schema<T>): Field<readonly T[]> {
  return withDefault(list(schema, `empty or null section in ${name}`), [])
}

/** Fields to spread into a struct that lists targets: `scrape_configs`, `alertmanagers`. */
export const serviceDiscoveryFields: FieldsOf<ServiceDiscoveryConfigs> = {
  ...foreignSdFields,
  static_configs: sdList('static_configs', staticGroup),
  file_sd_configs: sdList('file_sd_configs', fileSd),
  http_sd_configs: sdList('http_sd_configs', httpSd),
  dns_sd_configs: sdList('dns_sd_configs', dnsSd),
  kubernetes_sd_configs: sdList('kubernetes_sd_configs', kubernetesConfig),
  docker_sd_configs: sdList('docker_sd_configs', dockerConfig),
  consul_sd_configs: sdList('consul_sd_configs', consulConfig),
}
