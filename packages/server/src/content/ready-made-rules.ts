import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { printYaml, type YamlValue } from '@promontory/base/yaml'
import { formatDuration } from '@promontory/model'
import { parseRuleFile, type RuleConfig, type RuleGroupConfig, type RuleSource } from '@promontory/rules'
import { contentFolder } from './content-folder.ts'
import { type ContentRules, fittingRules, metricsOfGroups, type OwnAlerting } from './fitting-rules.ts'

/** Heads the names of the files in `/api/v1/rules` and on the pages: they are not the user's. */
export const READY_MADE_FILES = 'ready-made/'

/** Evaluating rules over more series than this is a cost that somebody should have asked for. */
const AUTO_SERIES_MAX = 20_000

/** The ready-made rules that are in use: those whose metrics have been seen. */
export class ReadyMadeRules {
  readonly #choice: ContentRules
  /** Read when the first metrics were seen: parsing them would double the time of a start. */
  #groups: readonly RuleGroupConfig[] | undefined
  /** Metrics that any of them asks for. */
  #wanted: ReadonlySet<string> | undefined
  /** What was seen once counts until the end: a rule stays while its metrics are gone. */
  readonly #seen = new Set<string>()

  constructor(choice: ContentRules) {
    this.#choice = choice
  }

  get isUsed(): boolean {
    return this.#choice !== 'none' && contentFolder('rules') !== undefined
  }

  /** Whether rules whose metrics are seen are loaded: by themselves only where they cost little. */
  mayBeAdded(seriesCount: number): boolean {
    return this.isUsed && (this.#choice !== 'auto' || seriesCount <= AUTO_SERIES_MAX)
  }

  /** Those of the names that any rule asks for. */
  relevant(names: ReadonlySet<string>): ReadonlySet<string> {
    const wanted = (this.#wanted ??= metricsOfGroups(this.#allGroups))
    return new Set([...names].filter((name) => wanted.has(name)))
  }

  get #allGroups(): readonly RuleGroupConfig[] {
    return (this.#groups ??= readGroups())
  }

  /** @returns whether there is one that was not known before */
  see(names: ReadonlySet<string>): boolean {
    const before = this.#seen.size
    for (const name of names) this.#seen.add(name)
    return this.#seen.size > before
  }

  /** Rule files to load beside the configuration's own. @param ownSources  the configuration's */
  sources(ownSources: readonly RuleSource[], tellsSomebody: boolean): RuleSource[] {
    if (!this.isUsed || this.#seen.size === 0) return []
    const own: OwnAlerting = { ruleNames: namesOf(ownSources), tellsSomebody }
    const groups = fittingRules(this.#allGroups, { choice: this.#choice, seen: this.#seen, own })
    return [...Map.groupBy(groups, ({ file }) => file)].map(([file, inFile]) => ({
      file,
      text: printYaml({ groups: inFile.map(printGroup) }),
    }))
  }
}

function readGroups(): RuleGroupConfig[] {
  const folder = contentFolder('rules')
  if (folder === undefined) return []
  const files = readdirSync(folder).filter((name) => name.endsWith('.yml'))
  return files
    .sort()
    .flatMap(
      (name) => parseRuleFile(readFileSync(join(folder, name), 'utf8'), READY_MADE_FILES + name).groups,
    )
}

function namesOf(sources: readonly RuleSource[]): ReadonlySet<string> {
  const groups = sources.flatMap(({ file, text }) => parseRuleFile(text, file).groups)
  return new Set(groups.flatMap(({ rules }) => rules.map(({ name }) => name)))
}

function printGroup({ name, intervalMs, rules }: RuleGroupConfig): YamlValue {
  const interval = intervalMs === undefined ? {} : { interval: formatDuration(intervalMs) }
  return { name, ...interval, rules: rules.map(printRule) }
}

function printRule(rule: RuleConfig): YamlValue {
  const labels = { labels: rule.labels.toObject() }
  if (rule.kind === 'recording') return { record: rule.name, expr: rule.query, ...labels }
  return {
    alert: rule.name,
    expr: rule.query,
    for: formatDuration(rule.forMs),
    keep_firing_for: formatDuration(rule.keepFiringForMs),
    ...labels,
    annotations: rule.annotations.toObject(),
  }
}
