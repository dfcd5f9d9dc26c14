import {
  checked,
  entryOf,
  fieldNode,
  filePath,
  int,
  list,
  optional,
  struct,
  withDefault,
} from '@promontory/base/yaml'
import type { DecodeContext, Field, FieldsOf, Schema, YamlNode, YamlValue } from '@promontory/base/yaml'
import { relabelFault } from '@promontory/model/yaml'
import { completeScrapeConfig, DEFAULT_GLOBAL, globalConfig, scrapeConfigs } from '@promontory/scrape'
import type { GlobalConfig, ScrapeConfig } from '@promontory/scrape'
import { alertingConfig, NO_ALERTING } from './alerting-config.ts'
import type { AlertingConfig } from './alerting-config.ts'
import { replicaLabelsOfAlerts } from './replica-alerts.ts'
import { remoteReadConfig, remoteWriteConfig } from './remote-config.ts'
import type { RemoteReadConfig, RemoteWriteConfig } from './remote-config.ts'
import { DEFAULT_STORAGE, storageConfig } from './storage-config.ts'
import type { StorageConfig } from './storage-config.ts'
import { DEFAULT_OTLP, otlpConfig, tracingConfig, UTF8_STRATEGIES } from './telemetry-config.ts'
import type { OtlpConfig, TracingConfig } from './telemetry-config.ts'

/** A whole `prometheus.yml`, defaults filled in; field names are those of the file, durations milliseconds. */
export interface PrometheusConfig {
  readonly global: GlobalConfig
  readonly runtime: { readonly gogc: number } | undefined
  readonly alerting: AlertingConfig
  /** Globs, absolute. */
  readonly rule_files: readonly string[]
  /** Globs, absolute. */
  readonly scrape_config_files: readonly string[]
  /** Jobs of the main file. */
  readonly scrape_configs: readonly ScrapeConfig[]
  readonly storage: StorageConfig
  readonly tracing: TracingConfig | undefined
  readonly remote_write: readonly RemoteWriteConfig[]
  readonly remote_read: readonly RemoteReadConfig[]
  readonly otlp: OtlpConfig
  /** Rule groups that stand in the main file, where upstream refuses them. */
  readonly groups: YamlNode | undefined
}

const RULE_PATH = /^[^*]*(\*[^/]*)?$/

/** Kept as its node: rules are read by the package that owns them, with positions. */
const rawNode: Schema<YamlNode> = {
  type: '[]rulefmt.RuleGroup',
  decode: (node) => node,
  encode: plainValue,
}

function plainValue(node: YamlNode): YamlValue {
  if (node.kind === 'scalar') return node.text
  if (node.kind === 'sequence') return node.items.map(plainValue)
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, plainValue(value)]))
}

function paths(what: string): Field<readonly string[]> {
  const checkedPath: Schema<string> = checked(filePath, (path, node, context) => {
    if (!RULE_PATH.test(path)) context.report(node, `invalid ${what} file path "${path}"`)
  })
  return withDefault(list(checkedPath), [])
}

const plainConfig: Schema<PrometheusConfig> = struct('config.plain', {
  global: withDefault(globalConfig, DEFAULT_GLOBAL),
  runtime: optional(struct('config.RuntimeConfig', { gogc: withDefault(int, 75) })),
  alerting: withDefault(alertingConfig, NO_ALERTING),
  rule_files: paths('rule'),
  scrape_config_files: paths('scrape config'),
  scrape_configs: withDefault(scrapeConfigs, []),
  storage: withDefault(storageConfig, DEFAULT_STORAGE),
  tracing: optional(tracingConfig),
  remote_write: withDefault(list(remoteWriteConfig, 'empty or null remote write config section'), []),
  remote_read: withDefault(list(remoteReadConfig, 'empty or null remote read config section'), []),
  otlp: withDefault(otlpConfig, DEFAULT_OTLP),
  groups: optional(rawNode),
} satisfies FieldsOf<PrometheusConfig>)

/** The main file; jobs are completed from `global` and checked against each other. */
export const prometheusConfig: Schema<PrometheusConfig> = {
  type: plainConfig.type,
  encode: plainConfig.encode,
  decode(node, context) {
    const config = checkedConfig.decode(node, context)
    const before = context.errors.length
    const jobs = completeJobs(
      config.scrape_configs,
      config.global,
      fieldNode(node, 'scrape_configs'),
      context,
    )
    if (context.errors.length > before) return context.abandon()
    return { ...config, scrape_configs: jobs }
  },
}

const checkedConfig: Schema<PrometheusConfig> = checked(plainConfig, (config, node, context) => {
  refuseRepeatedNames(config.remote_write, 'remote write', fieldNode(node, 'remote_write'), context)
  refuseRepeatedNames(config.remote_read, 'remote read', fieldNode(node, 'remote_read'), context)
  const isLegacy = config.global.metric_name_validation_scheme === 'legacy'
  if (isLegacy && UTF8_STRATEGIES.includes(config.otlp.translation_strategy))
    context.report(
      fieldNode(node, 'otlp', 'translation_strategy'),
      `OTLP translation strategy "${config.otlp.translation_strategy}" is not allowed when UTF8 is disabled`,
    )
  if (isLegacy) checkLegacyRelabelling(config, node, context)
  noticeSections(config, node, context)
})

function refuseRepeatedNames(
  entries: readonly { readonly name: string }[],
  what: string,
  node: YamlNode,
  context: DecodeContext,
): void {
  const seen = new Set<string>()
  entries.forEach(({ name }, i) => {
    if (name !== '' && seen.has(name))
      context.report(fieldNode(node, i, 'name'), `found multiple ${what} configs with job name "${name}"`)
    seen.add(name)
  })
}

function checkLegacyRelabelling(
  { alerting, remote_write: remotes }: PrometheusConfig,
  node: YamlNode,
  context: DecodeContext,
): void {
  const rules = [
    ...alerting.alert_relabel_configs,
    ...alerting.alertmanagers.flatMap((one) => [...one.relabel_configs, ...one.alert_relabel_configs]),
    ...remotes.flatMap((one) => one.write_relabel_configs),
  ]
  for (const rule of rules) {
    const fault = relabelFault(rule, 'legacy')
    if (fault !== undefined) context.report(node, fault)
  }
}

/** Names what is valid but has no effect here, or another one. */
function noticeSections(config: PrometheusConfig, node: YamlNode, context: DecodeContext): void {
  const at = (field: string): YamlNode => fieldNode(node, field)
  config.remote_write.forEach((entry, i) => {
    const field = (name: string): YamlNode => fieldNode(node, 'remote_write', i, name)
    if (entry.azuread !== undefined) context.unsupported(field('azuread'), 'azuread is not supported')
    if (entry.google_iam !== undefined)
      context.unsupported(field('google_iam'), 'google_iam is not supported')
    if (entry.round_robin_dns)
      context.unsupported(field('round_robin_dns'), 'round_robin_dns is not supported')
    if (entry.failed_request_logging)
      context.unsupported(
        field('failed_request_logging'),
        'failed_request_logging is not supported: requests that fail are logged without their samples',
      )
    if (entry.sigv4 !== undefined && (entry.sigv4.profile !== '' || entry.sigv4.role_arn !== ''))
      context.unsupported(
        field('sigv4'),
        'profile and role_arn are not supported: give access_key and secret_key, or the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      )
  })
  if (config.rule_files.length > 0 || config.groups !== undefined)
    for (const name of replicaLabelsOfAlerts(config.global.external_labels, config.alerting))
      context.warn(
        fieldNode(node, 'global', 'external_labels', name),
        `alerts carry "${name}", so those of each replica are told: drop it with alerting: {alert_relabel_configs: [{action: labeldrop, regex: ${name}}]}`,
      )
  if (config.tracing !== undefined)
    context.unsupported(at('tracing'), 'tracing of this server is not supported yet')
  if (config.runtime !== undefined)
    context.warn(at('runtime'), 'runtime.gogc has no effect: this program does not run on Go')
  if (config.groups !== undefined)
    context.warn(
      entryOf(node, 'groups')!,
      'rule groups in the main file are taken as inline rules; Prometheus refuses them, put them into a file that rule_files names',
    )
}

/** Completes jobs from `global` and refuses names that are taken. @param taken names of other files, with their file */
export function completeJobs(
  jobs: readonly ScrapeConfig[],
  global: GlobalConfig,
  node: YamlNode,
  context: DecodeContext,
  taken: Map<string, string> = new Map(),
): ScrapeConfig[] {
  return jobs.map((job, i) => {
    const complete = completeScrapeConfig(job, global, (fault) => context.report(fieldNode(node, i), fault))
    const first = taken.get(job.job_name)
    if (first !== undefined) {
      const where = first === context.environment.file ? '' : `, first found in ${first}`
      context.report(
        fieldNode(node, i, 'job_name'),
        `found multiple scrape configs with job name "${job.job_name}"${where}`,
      )
    }
    taken.set(job.job_name, context.environment.file)
    return complete
  })
}

/** What a file of `scrape_config_files` holds. */
export interface ScrapeConfigFile {
  readonly scrape_configs: readonly ScrapeConfig[]
}

/** Schema of a file of `scrape_config_files`; its jobs take over from the main file's `global`. */
export function scrapeConfigFile(global: GlobalConfig, taken: Map<string, string>): Schema<ScrapeConfigFile> {
  const plain: Schema<ScrapeConfigFile> = struct('config.ScrapeConfigs', {
    scrape_configs: withDefault(scrapeConfigs, []),
  })
  return {
    type: plain.type,
    encode: plain.encode,
    decode(node, context) {
      const { scrape_configs: jobs } = plain.decode(node, context)
      const before = context.errors.length
      const complete = completeJobs(jobs, global, fieldNode(node, 'scrape_configs'), context, taken)
      if (context.errors.length > before) return context.abandon()
      return { scrape_configs: complete }
    },
  }
}
