import {
  bool,
  checked,
  entryOf,
  list,
  mapOf,
  secret,
  Secret,
  str,
  struct,
  withDefault,
} from '@promontory/base/yaml'
import type { Schema } from '@promontory/base/yaml'
import { checkHttpClient, httpClientFields } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import { duration } from '@promontory/model/yaml'

/** One entry of `consul_sd_configs`. */
export interface ConsulSdConfig extends HttpClientConfig {
  readonly server: string
  readonly path_prefix: string
  readonly token: Secret
  readonly datacenter: string
  readonly namespace: string
  readonly partition: string
  readonly tag_separator: string
  readonly scheme: string
  readonly username: string
  readonly password: Secret
  /** Any server may answer, not the leader alone. */
  readonly allow_stale: boolean
  readonly refresh_interval: number
  /** All when empty. */
  readonly services: readonly string[]
  /** A service must have all of them. */
  readonly tags: readonly string[]
  readonly node_meta: Readonly<Record<string, string>>
  readonly filter: string
  readonly health_filter: string
}

const NO_SECRET = new Secret('')

/** `consul_sd_configs`, checked as upstream checks it. */
export const consulConfig: Schema<ConsulSdConfig> = checked(
  struct('consul.plain', {
    server: withDefault(str, 'localhost:8500'),
    path_prefix: withDefault(str, ''),
    token: withDefault(secret, NO_SECRET),
    datacenter: withDefault(str, ''),
    namespace: withDefault(str, ''),
    partition: withDefault(str, ''),
    tag_separator: withDefault(str, ','),
    scheme: withDefault(str, 'http'),
    username: withDefault(str, ''),
    password: withDefault(secret, NO_SECRET),
    allow_stale: withDefault(bool, true),
    refresh_interval: withDefault(duration, 30_000),
    services: withDefault(list(str), []),
    tags: withDefault(list(str), []),
    node_meta: withDefault(mapOf(str), {}),
    filter: withDefault(str, ''),
    health_filter: withDefault(str, ''),
    ...httpClientFields,
  }) as Schema<ConsulSdConfig>,
  (config, node, context) => {
    const fault = consulFault(config)
    if (fault !== undefined) context.report(node, fault)
    else if (!URL.canParse(consulUrl(config)))
      context.report(entryOf(node, 'server') ?? node, `invalid server "${config.server}", expected host:port`)
    checkHttpClient(config, node, context)
  },
)

function consulFault(config: ConsulSdConfig): string | undefined {
  if (config.server.trim() === '') return 'consul SD configuration requires a server address'
  if ((config.username !== '' || !config.password.isEmpty) && config.basic_auth !== undefined)
    return 'at most one of consul SD configuration username and password and basic auth can be configured'
  return !config.token.isEmpty && (config.authorization !== undefined || config.oauth2 !== undefined)
    ? 'at most one of consul SD token, authorization, or oauth2 can be configured'
    : undefined
}

/** Where its API starts; a scheme within `server` wins, and `unix://` is a socket. */
export function consulUrl({ server, scheme, path_prefix: prefix }: ConsulSdConfig): string {
  const path = prefix === '' || prefix.startsWith('/') ? prefix : `/${prefix}`
  const given = /^(https?|unix):\/\/(.*)$/.exec(server)
  const base = given === null ? `${scheme}://${server}` : given[1] === 'unix' ? 'http://consul' : server
  return base.replace(/\/+$/, '') + path.replace(/\/+$/, '')
}

/** The socket of `unix://PATH`; undefined for the others. */
export function consulSocket({ server }: ConsulSdConfig): string | undefined {
  return server.startsWith('unix://') ? server.slice('unix://'.length) : undefined
}

/** The client block, with `username` and `password` in the words of it. */
export function consulHttp(config: ConsulSdConfig): HttpClientConfig {
  const { username, password } = config
  if (username === '' && password.isEmpty) return config
  const refs = { username_file: '', username_ref: '', password_file: '', password_ref: '' }
  return { ...config, basic_auth: { username, password, ...refs } }
}
