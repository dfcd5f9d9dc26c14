import {
  bool,
  checked,
  fieldNode,
  float,
  list,
  mapOf,
  optional,
  str,
  struct,
  text,
  transformed,
  withDefault,
} from '@promontory/base/yaml'
import type { Schema } from '@promontory/base/yaml'
import { tlsConfig, tlsFault } from '@promontory/http-client'
import type { TlsConfig } from '@promontory/http-client'
import { duration } from '@promontory/model/yaml'
import { checkHeaders } from './remote-config.ts'

/** `tracing`: where the server's own traces go. */
export interface TracingConfig {
  readonly client_type: string
  readonly endpoint: string
  readonly sampling_fraction: number
  readonly insecure: boolean
  readonly tls_config: TlsConfig | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly compression: string
  readonly timeout: number
}

/** `otlp`: how metrics that arrive by OTLP are named. */
export interface OtlpConfig {
  readonly promote_all_resource_attributes: boolean
  readonly promote_resource_attributes: readonly string[]
  readonly ignore_resource_attributes: readonly string[]
  readonly translation_strategy: string
  readonly keep_identifying_resource_attributes: boolean
  readonly convert_histograms_to_nhcb: boolean
  readonly promote_scope_metadata: boolean
  readonly label_name_underscore_sanitization: boolean
  readonly label_name_preserve_multiple_underscores: boolean
}

const clientType: Schema<string> = text('config.TracingClientType', (source) => {
  if (source === 'http' || source === 'grpc') return source
  throw new Error(`expected tracing client type to be to be http or grpc, but got ${source}`)
})

/** The `tracing` section. */
export const tracingConfig: Schema<TracingConfig> = checked(
  struct('config.plain', {
    client_type: withDefault(clientType, 'grpc'),
    endpoint: withDefault(str, ''),
    sampling_fraction: withDefault(float, 0),
    insecure: withDefault(bool, false),
    tls_config: optional(tlsConfig),
    headers: withDefault(mapOf(str), {}),
    compression: withDefault(str, ''),
    timeout: withDefault(duration, 0),
  }),
  (config, node, context) => {
    checkHeaders(
      config.headers,
      node,
      context,
      'custom authorization header configuration is not yet supported',
    )
    if (config.endpoint === '') context.report(node, 'tracing endpoint must be set')
    if (config.compression !== '' && config.compression !== 'gzip')
      context.report(
        fieldNode(node, 'compression'),
        `invalid compression type ${config.compression} provided, valid options: gzip`,
      )
    const fault = config.tls_config === undefined ? undefined : tlsFault(config.tls_config)
    if (fault !== undefined) context.report(fieldNode(node, 'tls_config'), fault)
  },
)

const trimmed: Schema<string> = text('string', (source) => source.trim())

/** Strategies that give names beyond the classic set. */
export const UTF8_STRATEGIES: readonly string[] = ['NoUTF8EscapingWithSuffixes', 'NoTranslation']
const STRATEGIES = ['UnderscoreEscapingWithSuffixes', 'UnderscoreEscapingWithoutSuffixes', ...UTF8_STRATEGIES]

const strategy: Schema<string> = text('string', (source) => {
  if (source === '' || STRATEGIES.includes(source)) return source
  throw new Error(`unsupported OTLP translation strategy "${source}"`)
})

export const DEFAULT_OTLP: OtlpConfig = {
  promote_all_resource_attributes: false, promote_resource_attributes: [], ignore_resource_attributes: [],
  translation_strategy: 'UnderscoreEscapingWithSuffixes', keep_identifying_resource_attributes: false, convert_histograms_to_nhcb: false,
  promote_scope_metadata: false, label_name_underscore_sanitization: true, label_name_preserve_multiple_underscores: true,
} // prettier-ignore

const plainOtlp: Schema<OtlpConfig> = struct('config.plain', {
  promote_all_resource_attributes: withDefault(bool, false),
  promote_resource_attributes: withDefault(list(trimmed), []),
  ignore_resource_attributes: withDefault(list(trimmed), []),
  translation_strategy: withDefault(strategy, DEFAULT_OTLP.translation_strategy),
  keep_identifying_resource_attributes: withDefault(bool, false),
  convert_histograms_to_nhcb: withDefault(bool, false),
  promote_scope_metadata: withDefault(bool, false),
  label_name_underscore_sanitization: withDefault(bool, true),
  label_name_preserve_multiple_underscores: withDefault(bool, true),
})

/** The `otlp` section. */
export const otlpConfig: Schema<OtlpConfig> = transformed(
  plainOtlp,
  (config, node, context) => {
    const fault = attributesFault(config)
    if (fault !== undefined) context.report(node, fault)
    return config.translation_strategy === ''
      ? { ...config, translation_strategy: DEFAULT_OTLP.translation_strategy }
      : config
  },
  (config) => config,
)

function attributesFault(config: OtlpConfig): string | undefined {
  const { promote_resource_attributes: promoted, ignore_resource_attributes: ignored } = config
  if (config.promote_all_resource_attributes) {
    if (promoted.length > 0)
      return "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously"
    const faults = listFaults(ignored, 'ignored')
    return faults === '' ? undefined : `invalid 'ignore_resource_attributes': ${faults}`
  }
  if (ignored.length > 0)
    return "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true"
  const faults = listFaults(promoted, 'promoted')
  return faults === '' ? undefined : `invalid 'promote_resource_attributes': ${faults}`
}

function listFaults(attributes: readonly string[], adjective: string): string {
  const seen = new Set<string>()
  const faults: string[] = []
  for (const attribute of attributes) {
    if (attribute === '') faults.push(`empty ${adjective} OTel resource attribute`)
    else if (seen.has(attribute))
      faults.push(`duplicated ${adjective} OTel resource attribute "${attribute}"`)
    seen.add(attribute)
  }
  return faults.join('\n')
}
