import {
  bool,
  checked,
  entryOf,
  filePath,
  list,
  optional,
  str,
  struct,
  withDefault,
} from '@promontory/base/yaml'
import type { Schema, YamlNode } from '@promontory/base/yaml'
import { checkHttpClient, httpClientFields, looseUrl } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import { text } from '@promontory/base/yaml'
import type { ForeignSdConfig } from './foreign-config.ts'

const ROLES = ['node', 'pod', 'service', 'endpoints', 'endpointslice', 'ingress'] as const
type Role = (typeof ROLES)[number]

const SELECTORS: Readonly<Record<Role, readonly Role[]>> = {
  pod: ['pod', 'node'],
  service: ['service'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  endpoints: ['pod', 'service', 'endpoints'],
  node: ['node'],
  ingress: ['ingress'],
}

const role: Schema<Role> = text('kubernetes.Role', (source) => {
  const known = ROLES.find((name) => name === source)
  if (known === undefined) throw new Error(`unknown Kubernetes SD role "${source}"`)
  return known
})

const selector = struct('kubernetes.SelectorConfig', {
  role: optional(role),
  label: withDefault(str, ''),
  field: withDefault(str, ''),
})

const plainConfig = struct('kubernetes.SDConfig', {
  api_server: withDefault(looseUrl, ''),
  role: optional(role),
  kubeconfig_file: withDefault(filePath, ''),
  namespaces: optional(
    struct('kubernetes.plain', {
      own_namespace: withDefault(bool, false),
      names: withDefault(list(str), []),
    }),
  ),
  selectors: withDefault(list(selector), []),
  attach_metadata: optional(
    struct('kubernetes.AttachMetadataConfig', {
      node: withDefault(bool, false),
      namespace: withDefault(bool, false),
      deployment: withDefault(bool, false),
      job: withDefault(bool, false),
      cronjob: withDefault(bool, false),
    }),
  ),
  ...httpClientFields,
})
type KubernetesConfig = ReturnType<typeof plainConfig.decode>

/** `kubernetes_sd_configs`, checked as upstream checks it. */
export const kubernetesConfig: Schema<ForeignSdConfig> = checked(plainConfig, (config, node, context) => {
  checkHttpClient(config as unknown as HttpClientConfig, node, context)
  const fault = accessFault(config, hasOwnClient(node)) ?? selectorFault(config)
  if (fault !== undefined) context.report(node, fault)
}) as unknown as Schema<ForeignSdConfig>

/** Whether anything of the client block is written out. */
function hasOwnClient(node: YamlNode): boolean {
  return Object.keys(httpClientFields).some((field) => {
    const value = entryOf(node, field)
    const isDefault =
      value?.kind === 'scalar' && value.text === 'true' && /^(follow_redirects|enable_http2)$/.test(field)
    return value !== undefined && !isDefault
  })
}

function accessFault(config: KubernetesConfig, ownClient: boolean): string | undefined {
  const { api_server: server, kubeconfig_file: kubeconfig } = config
  const ownNamespace = config.namespaces?.own_namespace === true
  if (config.role === undefined)
    return 'role missing (one of: pod, service, endpoints, endpointslice, node, ingress)'
  if (server !== '' && kubeconfig !== '')
    return "cannot use 'kubeconfig_file' and 'api_server' simultaneously"
  if (kubeconfig !== '' && ownClient)
    return "cannot use a custom HTTP client configuration together with 'kubeconfig_file'"
  if (server === '' && ownClient)
    return "to use custom HTTP client configuration please provide the 'api_server' URL explicitly"
  if (server !== '' && ownNamespace)
    return "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously"
  if (kubeconfig !== '' && ownNamespace)
    return "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously"
  return undefined
}

function selectorFault({ role: own, selectors }: KubernetesConfig): string | undefined {
  const allowed = SELECTORS[own!]
  const seen = new Set<string>()
  for (const { role: selected = '', field } of selectors) {
    if (seen.has(selected)) return `duplicated selector role: ${selected}`
    seen.add(selected)
    if (!(allowed as readonly string[]).includes(selected))
      return `${own} role supports only ${allowed.join(', ')} selectors`
    const bad = field.split(',').find((term) => term !== '' && !/^[^=!]+(==?|!=)[^=!]*$/.test(term.trim()))
    if (bad !== undefined) return `invalid selector: '${field}'; can't understand '${bad}'`
  }
  return undefined
}
