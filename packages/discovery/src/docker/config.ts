import { bool, checked, int, list, str, struct, withDefault } from '@promontory/base/yaml'
import type { Schema } from '@promontory/base/yaml'
import { checkHttpClient, httpClientFields } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import { duration } from '@promontory/model/yaml'

/** One entry of `docker_sd_configs`. */
export interface DockerSdConfig extends HttpClientConfig {
  /** `unix:///…`, `tcp://host:port`, `http://…` or `https://…` */
  readonly host: string
  /** For containers that publish no TCP port. */
  readonly port: number
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[]
  /** The address of containers in the host's network. */
  readonly host_networking_host: string
  readonly refresh_interval: number
  /** Of several networks of a container, the first by name only. */
  readonly match_first_network: boolean
}

const filter = struct('moby.Filter', {
  name: withDefault(str, ''),
  values: withDefault(list(str), []),
})

/** `docker_sd_configs`. */
export const dockerConfig: Schema<DockerSdConfig> = checked(
  struct('moby.plain', {
    host: withDefault(str, ''),
    port: withDefault(int, 80),
    filters: withDefault(list(filter), []),
    host_networking_host: withDefault(str, 'localhost'),
    refresh_interval: withDefault(duration, 60_000),
    match_first_network: withDefault(bool, true),
    ...httpClientFields,
  }) as Schema<DockerSdConfig>,
  (config, node, context) => {
    if (config.host === '') context.report(node, 'host missing')
    else if (!/^(unix:\/\/\/.|(tcp|https?):\/\/[^/]+)/.test(config.host))
      context.report(
        node,
        `unable to parse docker host "${config.host}", expected unix:///PATH, tcp://HOST:PORT, http://… or https://…`,
      )
    checkHttpClient(config, node, context)
  },
)
