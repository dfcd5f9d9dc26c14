import { glob, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorText } from '@promontory/base'
import { ConfigErrors, decodeYaml, printYaml } from '@promontory/base/yaml'
import type { ConfigNotice } from '@promontory/base/yaml'
import type { ScrapeConfig } from '@promontory/scrape'
import { expandEnvironment } from './environment.ts'
import { prometheusConfig, scrapeConfigFile } from './prometheus-config.ts'
import type { PrometheusConfig } from './prometheus-config.ts'

/** A configuration cannot be used; the text names file, line, column and field of each fault. */
export class ConfigLoadError extends Error {
  override readonly name = 'ConfigLoadError'
}

export interface PrepareOptions {
  /** `--agent`: sections that an agent has no use for are refused. */
  readonly agent?: boolean
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** A configuration that is read and checked, and not yet applied. */
export interface PreparedConfig {
  readonly file: string
  readonly config: PrometheusConfig
  /** Jobs of the main file and of all `scrape_config_files`. */
  readonly jobs: readonly ScrapeConfig[]
  /** Files that `rule_files` means, in order, each once. */
  readonly ruleFiles: readonly string[]
  /** What the user should know. */
  readonly warnings: readonly ConfigNotice[]
  /** What the file asks for and this program does not do: to be refused by name. */
  readonly unsupported: readonly ConfigNotice[]
  /** All files that were read or looked for, to be watched. */
  readonly watched: readonly string[]
}

/**
 * First phase of loading: reads the file and what it includes, and checks everything. Nothing is changed; packages
 * apply the result.
 * @throws ConfigLoadError
 */
export async function prepareConfig(file: string, options: PrepareOptions = {}): Promise<PreparedConfig> {
  const path = resolve(file)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigLoadError(`error loading config from "${file}": ${errorText(error)}`, { cause: error })
  })
  return prepareConfigText(text, path, options)
}

/** {@link prepareConfig} for a text that is not yet a file, e.g. one that was dropped on the page. */
export async function prepareConfigText(
  text: string,
  path: string,
  options: PrepareOptions = {},
): Promise<PreparedConfig> {
  const main = decode(text, path, prometheusConfig)
  const notices = [...main.notices]
  const config = withEnvironment(main.value, options.environment ?? process.env, path, notices)
  if (options.agent) refuseForAgent(config)
  const taken = new Map(config.scrape_configs.map((job) => [job.job_name, path]))
  const jobs = [...config.scrape_configs]
  // A file that two patterns pick up is read twice, and refused for its repeated jobs, as upstream does.
  const included = await matches(config.scrape_config_files)
  for (const include of included) {
    const source = await readFile(include, 'utf8').catch((error: unknown) => {
      throw new ConfigLoadError(`"${include}": ${errorText(error)}`, { cause: error })
    })
    const read = decode(source, include, scrapeConfigFile(config.global, taken))
    jobs.push(...read.value.scrape_configs)
    notices.push(...read.notices)
  }
  return {
    file: path,
    config,
    jobs,
    ruleFiles: [...new Set(await matches(config.rule_files))],
    warnings: notices.filter(({ kind }) => kind === 'warning'),
    unsupported: notices.filter(({ kind }) => kind === 'unsupported'),
    watched: [path, ...included, ...config.rule_files, ...config.scrape_config_files],
  }
}

/** The configuration as YAML, secrets as `<secret>`: what `/api/v1/status/config` shows. */
export function printConfig(config: PrometheusConfig): string {
  // Values are expanded by now: a dollar that is left must read back as one.
  const external_labels = Object.fromEntries(
    Object.entries(config.global.external_labels).map(([name, value]) => [
      name,
      value.replaceAll('$', '$$$$'),
    ]),
  )
  return printYaml(
    prometheusConfig.encode({ ...config, global: { ...config.global, external_labels } }) ?? {},
  )
}

function decode<T>(
  text: string,
  file: string,
  schema: Parameters<typeof decodeYaml<T>>[2],
): ReturnType<typeof decodeYaml<T>> {
  try {
    return decodeYaml(text, { file }, schema)
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    // Go heads faults of type with this line; one may be looking for it.
    const isTypeFault = error.errors.some(({ fault }) =>
      /^cannot unmarshal|not found in type|already set in/.test(fault),
    )
    const head = isTypeFault && error.errors.length === 1 ? 'yaml: unmarshal errors:\n  ' : ''
    throw new ConfigLoadError(`parsing YAML file ${file}: ${head}${error.message}`, { cause: error })
  }
}

function withEnvironment(
  config: PrometheusConfig,
  environment: Readonly<Record<string, string | undefined>>,
  file: string,
  notices: ConfigNotice[],
): PrometheusConfig {
  const external_labels: Record<string, string> = {}
  for (const [name, value] of Object.entries(config.global.external_labels))
    external_labels[name] = expandEnvironment(
      value,
      environment,
      (variable) =>
      notices.push({
        kind: 'warning', file, line: 1, column: 1, path: `global.external_labels.${name}`,
        text: `the environment variable ${variable} is empty or not set`,
      }), // prettier-ignore
    )
  return { ...config, global: { ...config.global, external_labels } }
}

function refuseForAgent(config: PrometheusConfig): void {
  const { alerting, rule_files: rules, remote_read: reads, groups } = config
  const refused: [string, boolean][] = [
    ['alerting', alerting.alertmanagers.length > 0 || alerting.alert_relabel_configs.length > 0],
    ['rule_files', rules.length > 0],
    ['groups', groups !== undefined],
    ['remote_read', reads.length > 0],
  ]
  const field = refused.find(([, isSet]) => isSet)?.[0]
  if (field !== undefined) throw new ConfigLoadError(`field ${field} is not allowed in agent mode`)
}

/** Files of globs, sorted within each pattern. A pattern without a match is no fault. */
async function matches(patterns: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const pattern of patterns) {
    // As Go's `filepath.Match` has it: a class that does not end matches nothing for ever.
    if (/(?<!\\)\[[^\]]*$/.test(pattern)) throw new ConfigLoadError(`"${pattern}": syntax error in pattern`)
    const names: string[] = []
    for await (const name of glob(pattern)) names.push(name)
    found.push(...names.sort())
  }
  return found
}
