import {
  bool,
  checked,
  fieldNode,
  filePath,
  list,
  optional,
  str,
  struct,
  withDefault,
} from '@promontory/base/yaml'
import type { FieldsOf, Schema } from '@promontory/base/yaml'
import { SCRAPE_PROTOCOLS } from '@promontory/exposition'
import type { EscapingScheme, ScrapeProtocol } from '@promontory/exposition'
import { duration, isValidLabelName, labelSet, quoteBytes, relabelFault } from '@promontory/model/yaml'
import type { NameValidation } from '@promontory/model/yaml'
import { limitFields, validationScheme } from './config.ts'
import type { ScrapeConfig, ScrapeLimits } from './config.ts'

/** The `global` section, defaults filled in. */
export interface GlobalConfig extends ScrapeLimits {
  readonly scrape_interval: number
  readonly scrape_timeout: number
  readonly scrape_protocols: readonly string[] | undefined
  readonly evaluation_interval: number
  readonly rule_query_offset: number
  readonly query_log_file: string
  readonly scrape_failure_log_file: string
  readonly external_labels: Readonly<Record<string, string>>
  readonly metric_name_validation_scheme: NameValidation | ''
  readonly metric_name_escaping_scheme: string
  readonly scrape_native_histograms: boolean
  readonly convert_classic_histograms_to_nhcb: boolean
  readonly always_scrape_classic_histograms: boolean
  /** Undefined: as the feature `extra-scrape-metrics` says. */
  readonly extra_scrape_metrics: boolean | undefined
}

const MINUTE_MS = 60_000
const DEFAULT_TIMEOUT_MS = 10_000

const plainGlobalConfig = struct('config.plain', {
  scrape_interval: withDefault(duration, 0),
  scrape_timeout: withDefault(duration, 0),
  scrape_protocols: optional(list(str)),
  evaluation_interval: withDefault(duration, 0),
  rule_query_offset: withDefault(duration, 0),
  query_log_file: withDefault(filePath, ''),
  scrape_failure_log_file: withDefault(filePath, ''),
  external_labels: withDefault(labelSet, {}),
  ...limitFields,
  metric_name_validation_scheme: withDefault(validationScheme, ''),
  metric_name_escaping_scheme: withDefault(str, ''),
  scrape_native_histograms: withDefault(bool, false),
  convert_classic_histograms_to_nhcb: withDefault(bool, false),
  always_scrape_classic_histograms: withDefault(bool, false),
  extra_scrape_metrics: optional(bool),
} satisfies FieldsOf<GlobalConfig>) as Schema<GlobalConfig>

/** Schema of `global`. */
export const globalConfig: Schema<GlobalConfig> = {
  type: plainGlobalConfig.type,
  encode: plainGlobalConfig.encode,
  decode(node, context) {
    const config = checkedGlobal.decode(node, context)
    const interval = config.scrape_interval || MINUTE_MS
    return {
      ...config,
      scrape_interval: interval,
      scrape_timeout: config.scrape_timeout || Math.min(DEFAULT_TIMEOUT_MS, interval),
      evaluation_interval: config.evaluation_interval || MINUTE_MS,
      metric_name_validation_scheme: config.metric_name_validation_scheme || 'utf8',
    }
  },
}

const checkedGlobal = checked(plainGlobalConfig, (config, node, context) => {
  if (config.metric_name_validation_scheme === 'legacy')
    for (const name of Object.keys(config.external_labels))
      if (!isValidLabelName(name, 'legacy'))
        context.report(
          fieldNode(node, 'external_labels', name),
          `${quoteBytes(name)} is not a valid label name`,
        )
  if (config.scrape_timeout > (config.scrape_interval || MINUTE_MS))
    context.report(fieldNode(node, 'scrape_timeout'), 'global scrape timeout greater than scrape interval')
  const fault = config.scrape_protocols === undefined ? undefined : protocolsFault(config.scrape_protocols)
  if (fault !== undefined) context.report(fieldNode(node, 'scrape_protocols'), `${fault} for global config`)
})

/** What `global` is when the file has none. */
export const DEFAULT_GLOBAL: GlobalConfig = {
  scrape_interval: MINUTE_MS, scrape_timeout: DEFAULT_TIMEOUT_MS, scrape_protocols: undefined, evaluation_interval: MINUTE_MS,
  rule_query_offset: 0, query_log_file: '', scrape_failure_log_file: '', external_labels: {}, body_size_limit: 0, sample_limit: 0,
  target_limit: 0, label_limit: 0, label_name_length_limit: 0, label_value_length_limit: 0, keep_dropped_targets: 0,
  metric_name_validation_scheme: 'utf8', metric_name_escaping_scheme: '', scrape_native_histograms: false,
  convert_classic_histograms_to_nhcb: false, always_scrape_classic_histograms: false, extra_scrape_metrics: undefined,
} // prettier-ignore

const TEXT_PROTOCOLS: readonly ScrapeProtocol[] = ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'] // prettier-ignore
/** The default where protobuf is wanted. */
export const PROTOBUF_FIRST: readonly ScrapeProtocol[] = ['PrometheusProto', ...TEXT_PROTOCOLS]
const ESCAPINGS: readonly EscapingScheme[] = ['allow-utf-8', 'underscores', 'dots', 'values']

/**
 * A job with what it takes over from `global`.
 * @param report takes each fault, in upstream's words
 */
export function completeScrapeConfig(
  job: ScrapeConfig,
  global: GlobalConfig,
  report: (fault: string) => void,
): ScrapeConfig {
  const native = job.scrape_native_histograms ?? global.scrape_native_histograms
  const interval = job.scrape_interval || global.scrape_interval
  const limits = Object.fromEntries(
    (Object.keys(limitFields) as (keyof ScrapeLimits)[]).map((name) => [name, job[name] || global[name]]),
  ) as unknown as ScrapeLimits
  const complete: ScrapeConfig = {
    ...job,
    ...limits,
    scrape_interval: interval,
    scrape_timeout: job.scrape_timeout || Math.min(global.scrape_timeout, interval),
    scrape_failure_log_file: job.scrape_failure_log_file || global.scrape_failure_log_file,
    scrape_native_histograms: native,
    extra_scrape_metrics: job.extra_scrape_metrics ?? global.extra_scrape_metrics,
    scrape_protocols:
      job.scrape_protocols ?? global.scrape_protocols ?? (native ? PROTOBUF_FIRST : TEXT_PROTOCOLS),
    metric_name_validation_scheme:
      job.metric_name_validation_scheme || global.metric_name_validation_scheme || 'utf8',
    metric_name_escaping_scheme: escapingOf(job, global),
    convert_classic_histograms_to_nhcb:
      job.convert_classic_histograms_to_nhcb ?? global.convert_classic_histograms_to_nhcb,
    always_scrape_classic_histograms:
      job.always_scrape_classic_histograms ?? global.always_scrape_classic_histograms,
  }
  const fault = jobFault(complete, global)
  if (fault !== undefined) report(fault)
  return complete
}

/** Whether a completed job has the protocols that it has when nobody chose. */
export function isDefaultProtocols(protocols: readonly string[] | undefined): boolean {
  return protocols === TEXT_PROTOCOLS
}

function escapingOf(job: ScrapeConfig, global: GlobalConfig): string {
  if (job.metric_name_escaping_scheme !== '') return job.metric_name_escaping_scheme
  const own = job.metric_name_validation_scheme
  if (own !== '') return own === 'legacy' ? 'underscores' : 'allow-utf-8'
  if (global.metric_name_escaping_scheme !== '') return global.metric_name_escaping_scheme
  return global.metric_name_validation_scheme === 'legacy' ? 'underscores' : 'allow-utf-8'
}

function jobFault(job: ScrapeConfig, global: GlobalConfig): string | undefined {
  const where = `for scrape config with job name "${job.job_name}"`
  if (job.scrape_timeout > job.scrape_interval) return `scrape timeout greater than scrape interval ${where}`
  const protocols = protocolsFault(job.scrape_protocols ?? [])
  if (protocols !== undefined) return `${protocols} ${where}`
  const fallback = job.fallback_scrape_protocol
  if (fallback !== '' && !isProtocol(fallback))
    return `invalid fallback_scrape_protocol ${where}: ${unknownProtocol(fallback)}`
  const escaping =
    escapingFault('global', global.metric_name_escaping_scheme) ??
    escapingFault('scrape config', job.metric_name_escaping_scheme)
  if (escaping !== undefined) return escaping
  if (job.metric_name_escaping_scheme === 'allow-utf-8' && job.metric_name_validation_scheme !== 'utf8')
    return 'utf8 metric names requested but validation scheme is not set to UTF8'
  for (const rule of [...job.relabel_configs, ...job.metric_relabel_configs]) {
    const fault = relabelFault(rule, job.metric_name_validation_scheme || 'utf8')
    if (fault !== undefined) return fault
  }
  return undefined
}

function escapingFault(whose: string, scheme: string): string | undefined {
  if (scheme === '' || (ESCAPINGS as readonly string[]).includes(scheme)) return undefined
  return `unknown ${whose} name escaping method specified, must be one of 'allow-utf-8', 'underscores', 'dots', or 'values', got "${scheme}"`
}

function isProtocol(name: string): name is ScrapeProtocol {
  return (SCRAPE_PROTOCOLS as readonly string[]).includes(name)
}

function unknownProtocol(name: string): string {
  return `unknown scrape protocol ${name}, supported: [${SCRAPE_PROTOCOLS.join(' ')}]`
}

function protocolsFault(protocols: readonly string[]): string | undefined {
  if (protocols.length === 0) return 'scrape_protocols cannot be empty'
  const seen = new Set<string>()
  for (const protocol of protocols) {
    if (seen.has(protocol.toLowerCase()))
      return `duplicated protocol in scrape_protocols, got [${protocols.join(' ')}]`
    if (!isProtocol(protocol)) return `scrape_protocols: ${unknownProtocol(protocol)}`
    seen.add(protocol.toLowerCase())
  }
  return undefined
}
