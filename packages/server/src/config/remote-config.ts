import {
  bool,
  checked,
  fieldNode,
  int,
  mapOf,
  optional,
  str,
  struct,
  text,
  withDefault,
} from '@promontory/base/yaml'
import type { DecodeContext, FieldsOf, Schema, YamlNode, YamlValue } from '@promontory/base/yaml'
import { checkHttpClient, httpClientFields, looseUrl } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import type { RelabelConfig } from '@promontory/model/relabel'
import { duration, labelSet, relabelConfigs, uint64 } from '@promontory/model/yaml'
import { opaqueMapping, sigV4 } from './cloud-auth-config.ts'
import type { SigV4Config } from './cloud-auth-config.ts'

export interface QueueConfig {
  readonly capacity: number
  readonly max_shards: number
  readonly min_shards: number
  readonly max_samples_per_send: number
  readonly batch_send_deadline: number
  readonly min_backoff: number
  readonly max_backoff: number
  readonly retry_on_http_429: boolean
  readonly sample_age_limit: number
}

/** One `remote_write` entry; durations in milliseconds. */
export interface RemoteWriteConfig extends HttpClientConfig {
  readonly url: string
  readonly remote_timeout: number
  readonly headers: Readonly<Record<string, string>>
  readonly write_relabel_configs: readonly RelabelConfig[]
  readonly name: string
  readonly send_exemplars: boolean
  readonly send_native_histograms: boolean
  readonly round_robin_dns: boolean
  readonly protobuf_message: string
  readonly failed_request_logging: boolean
  readonly queue_config: QueueConfig
  readonly metadata_config: {
    readonly send: boolean
    readonly send_interval: number
    readonly max_samples_per_send: number
  }
  readonly sigv4: SigV4Config | undefined
  readonly azuread: Readonly<Record<string, YamlValue>> | undefined
  readonly google_iam: Readonly<Record<string, YamlValue>> | undefined
}

export interface RemoteReadConfig extends HttpClientConfig {
  readonly url: string
  readonly remote_timeout: number
  readonly chunked_read_limit: number
  readonly headers: Readonly<Record<string, string>>
  readonly read_recent: boolean
  readonly name: string
  readonly required_matchers: Readonly<Record<string, string>>
  readonly filter_external_labels: boolean
}

const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'host', 'content-encoding', 'content-length', 'content-type', 'user-agent', 'connection', 'keep-alive', 'proxy-authenticate',
  'proxy-authorization', 'www-authenticate', 'accept-encoding', 'x-prometheus-remote-write-version', 'x-prometheus-remote-read-version',
  'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256',
]) // prettier-ignore

/** Reports headers that may not be set by hand. @param authorization text of the fault for `Authorization` */
export function checkHeaders(
  headers: Readonly<Record<string, string>>,
  node: YamlNode,
  context: DecodeContext,
  authorization: string,
): void {
  for (const header of Object.keys(headers)) {
    const at = fieldNode(node, 'headers', header)
    if (header.toLowerCase() === 'authorization') context.report(at, authorization)
    else if (RESERVED_HEADERS.has(header.toLowerCase()))
      context.report(at, `${header} is a reserved header. It must not be changed`)
  }
}

const USE_AUTH_FIELDS =
  'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter'

const MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request']
const protobufMessage: Schema<string> = text('string', (source) => {
  if (MESSAGES.includes(source)) return source
  throw new Error(
    `invalid protobuf_message value: unknown type for remote write protobuf message ${source}, supported: ${MESSAGES.join(', ')}`,
  )
})

const DEFAULT_QUEUE: QueueConfig = {
  capacity: 10_000, max_shards: 50, min_shards: 1, max_samples_per_send: 2000, batch_send_deadline: 5000,
  min_backoff: 30, max_backoff: 5000, retry_on_http_429: false, sample_age_limit: 0,
} // prettier-ignore

const queueConfig: Schema<QueueConfig> = checked(
  struct('config.QueueConfig', {
    capacity: withDefault(int, DEFAULT_QUEUE.capacity),
    max_shards: withDefault(int, DEFAULT_QUEUE.max_shards),
    min_shards: withDefault(int, DEFAULT_QUEUE.min_shards),
    max_samples_per_send: withDefault(int, DEFAULT_QUEUE.max_samples_per_send),
    batch_send_deadline: withDefault(duration, DEFAULT_QUEUE.batch_send_deadline),
    min_backoff: withDefault(duration, DEFAULT_QUEUE.min_backoff),
    max_backoff: withDefault(duration, DEFAULT_QUEUE.max_backoff),
    retry_on_http_429: withDefault(bool, false),
    sample_age_limit: withDefault(duration, 0),
  }),
  (queue, node, context) => {
    for (const field of ['max_shards', 'min_shards', 'max_samples_per_send', 'capacity'] as const)
      if (queue[field] <= 0)
        context.report(fieldNode(node, field), `remote write queue ${field} must be positive`)
    if (queue.min_shards > queue.max_shards)
      context.report(
        fieldNode(node, 'min_shards'),
        'remote write queue min_shards must not be greater than max_shards',
      )
    if (queue.max_backoff < queue.min_backoff)
      context.report(
        fieldNode(node, 'max_backoff'),
        'remote write queue max_backoff must not be less than min_backoff',
      )
  },
)

const DEFAULT_METADATA = { send: true, send_interval: 60_000, max_samples_per_send: 2000 }
const metadataConfig = struct('config.MetadataConfig', {
  send: withDefault(bool, DEFAULT_METADATA.send),
  send_interval: withDefault(duration, DEFAULT_METADATA.send_interval),
  max_samples_per_send: withDefault(int, DEFAULT_METADATA.max_samples_per_send),
})

/** One entry of `remote_write`. */
export const remoteWriteConfig: Schema<RemoteWriteConfig> = checked(
  struct('config.plain', {
    url: withDefault(looseUrl, ''),
    remote_timeout: withDefault(duration, 30_000),
    headers: withDefault(mapOf(str), {}),
    write_relabel_configs: withDefault(
      relabelConfigs('empty or null relabeling rule in remote write config'),
      [],
    ),
    name: withDefault(str, ''),
    send_exemplars: withDefault(bool, false),
    send_native_histograms: withDefault(bool, false),
    round_robin_dns: withDefault(bool, false),
    protobuf_message: withDefault(protobufMessage, MESSAGES[0]!),
    failed_request_logging: withDefault(bool, false),
    ...httpClientFields,
    enable_http2: withDefault(bool, false),
    queue_config: withDefault(queueConfig, DEFAULT_QUEUE),
    metadata_config: withDefault(metadataConfig, DEFAULT_METADATA),
    sigv4: optional(sigV4),
    azuread: optional(opaqueMapping),
    google_iam: optional(opaqueMapping),
  } satisfies FieldsOf<RemoteWriteConfig>) as Schema<RemoteWriteConfig>,
  (config, node, context) => {
    if (config.url === '') context.report(fieldNode(node, 'url'), 'url for remote_write is empty')
    checkHeaders(config.headers, node, context, USE_AUTH_FIELDS)
    checkHttpClient(config, node, context)
    const auth = (
      ['basic_auth', 'authorization', 'oauth2', 'sigv4', 'azuread', 'google_iam'] as const
    ).filter((field) => config[field] !== undefined)
    if (auth.length > 1)
      context.report(
        node,
        `at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured. Currently configured: [${auth.join(' ')}]`,
      )
  },
)

/** One entry of `remote_read`. */
export const remoteReadConfig: Schema<RemoteReadConfig> = checked(
  struct('config.plain', {
    url: withDefault(looseUrl, ''),
    remote_timeout: withDefault(duration, 60_000),
    chunked_read_limit: withDefault(uint64, 50_000_000),
    headers: withDefault(mapOf(str), {}),
    read_recent: withDefault(bool, false),
    name: withDefault(str, ''),
    ...httpClientFields,
    required_matchers: withDefault(labelSet, {}),
    filter_external_labels: withDefault(bool, true),
  } satisfies FieldsOf<RemoteReadConfig>) as Schema<RemoteReadConfig>,
  (config, node, context) => {
    if (config.url === '') context.report(fieldNode(node, 'url'), 'url for remote_read is empty')
    checkHeaders(config.headers, node, context, USE_AUTH_FIELDS)
    checkHttpClient(config, node, context)
  },
)
