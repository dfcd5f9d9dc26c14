import {
  bool,
  checked,
  fieldNode,
  filePath,
  float,
  list,
  mapOf,
  optional,
  str,
  struct,
  text,
  uint,
  withDefault,
} from '@promontory/base/yaml'
import type { DecodeContext, FieldsOf, Schema, YamlNode } from '@promontory/base/yaml'
import { serviceDiscoveryFields } from '@promontory/discovery'
import type { ServiceDiscoveryConfigs } from '@promontory/discovery'
import { checkHttpClient, httpClientFields } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import type { RelabelConfig } from '@promontory/model/relabel'
import { byteSize, duration, relabelConfigs } from '@promontory/model/yaml'
import type { NameValidation } from '@promontory/model/yaml'
import { targetAddressFault } from './target-labels.ts'

/** Limits that `global` sets for all jobs; 0 is none. */
export interface ScrapeLimits {
  readonly body_size_limit: number
  readonly sample_limit: number
  readonly target_limit: number
  readonly label_limit: number
  readonly label_name_length_limit: number
  readonly label_value_length_limit: number
  readonly keep_dropped_targets: number
}

/**
 * One job, with the field names of the file. Durations are milliseconds. What the file leaves out is zero, empty or
 * undefined until `completeScrapeConfig` has filled it from `global`.
 */
export interface ScrapeConfig extends ScrapeLimits, HttpClientConfig, ServiceDiscoveryConfigs {
  readonly job_name: string
  readonly honor_labels: boolean
  readonly honor_timestamps: boolean
  readonly track_timestamps_staleness: boolean
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly scrape_interval: number
  readonly scrape_timeout: number
  readonly scrape_protocols: readonly string[] | undefined
  readonly fallback_scrape_protocol: string
  readonly scrape_native_histograms: boolean | undefined
  readonly always_scrape_classic_histograms: boolean | undefined
  readonly convert_classic_histograms_to_nhcb: boolean | undefined
  readonly scrape_failure_log_file: string
  readonly metrics_path: string
  readonly scheme: string
  readonly enable_compression: boolean
  readonly native_histogram_bucket_limit: number
  readonly native_histogram_min_bucket_factor: number
  readonly metric_name_validation_scheme: NameValidation | ''
  readonly metric_name_escaping_scheme: string
  readonly extra_scrape_metrics: boolean | undefined
  readonly relabel_configs: readonly RelabelConfig[]
  readonly metric_relabel_configs: readonly RelabelConfig[]
}

const zero = withDefault(uint, 0)
/** The limits, to spread into `global` and jobs. */
export const limitFields: FieldsOf<ScrapeLimits> = {
  body_size_limit: withDefault(byteSize, 0),
  sample_limit: zero,
  target_limit: zero,
  label_limit: zero,
  label_name_length_limit: zero,
  label_value_length_limit: zero,
  keep_dropped_targets: zero,
}

/** `utf8` or `legacy`. */
export const validationScheme: Schema<NameValidation | ''> = text('model.ValidationScheme', (source) => {
  if (source === '' || source === 'utf8' || source === 'legacy') return source
  throw new Error(`unrecognized ValidationScheme: "${source}"`)
})

const plainScrapeConfig = struct('config.ScrapeConfig', {
  job_name: withDefault(str, ''),
  scrape_interval: withDefault(duration, 0),
  scrape_timeout: withDefault(duration, 0),
  honor_labels: withDefault(bool, false),
  honor_timestamps: withDefault(bool, true),
  track_timestamps_staleness: withDefault(bool, false),
  params: withDefault(mapOf(list(str)), {}),
  scrape_protocols: optional(list(str)),
  fallback_scrape_protocol: withDefault(str, ''),
  scrape_native_histograms: optional(bool),
  always_scrape_classic_histograms: optional(bool),
  convert_classic_histograms_to_nhcb: optional(bool),
  scrape_failure_log_file: withDefault(filePath, ''),
  metrics_path: withDefault(str, '/metrics'),
  scheme: withDefault(str, 'http'),
  enable_compression: withDefault(bool, true),
  ...limitFields,
  native_histogram_bucket_limit: zero,
  native_histogram_min_bucket_factor: withDefault(float, 0),
  metric_name_validation_scheme: withDefault(validationScheme, ''),
  metric_name_escaping_scheme: withDefault(str, ''),
  extra_scrape_metrics: optional(bool),
  ...httpClientFields,
  ...serviceDiscoveryFields,
  relabel_configs: withDefault(relabelConfigs('empty or null target relabeling rule in scrape config'), []),
  metric_relabel_configs: withDefault(
    relabelConfigs('empty or null metric relabeling rule in scrape config'),
    [],
  ),
} satisfies FieldsOf<ScrapeConfig>) as Schema<ScrapeConfig>

/** One entry of `scrape_configs`; complete it with `completeScrapeConfig`. */
export const scrapeConfig: Schema<ScrapeConfig> = checked(plainScrapeConfig, (config, node, context) => {
  if (config.job_name === '') context.report(fieldNode(node, 'job_name'), 'job_name is empty')
  checkHttpClient(config, node, context)
  if (config.relabel_configs.length === 0) checkStaticTargets(config, node, context)
})

/** The list of jobs of the main file and of `scrape_config_files`. */
export const scrapeConfigs: Schema<readonly ScrapeConfig[]> = list(
  scrapeConfig,
  'empty or null scrape config section',
)

/** URLs among static targets are a common slip; with relabelling they may be meant. */
export function checkStaticTargets(
  config: ServiceDiscoveryConfigs,
  node: YamlNode,
  context: DecodeContext,
): void {
  config.static_configs.forEach(({ targets }, i) =>
    targets.forEach((address, j) => {
      const fault = targetAddressFault(address)
      if (fault !== undefined) context.report(fieldNode(node, 'static_configs', i, 'targets', j), fault)
    }),
  )
}
