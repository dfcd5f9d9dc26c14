import type { Context, Hono } from 'hono'
import type { FoundTarget, RelabelRule, RelabelStepsData, ServiceDiscoveryData } from '@promontory/api'
import { decodeYaml, struct, withDefault } from '@promontory/base/yaml'
import { Labels } from '@promontory/model'
import { type RelabelConfig, relabelSteps } from '@promontory/model/relabel'
import { relabelConfigs } from '@promontory/model/yaml'
import { type DiscoveredTarget, explain, type ScrapeManager } from '@promontory/scrape'
import { failureOf, success } from '../http/answer.ts'
import { BadRequest, type Params } from '../http/params.ts'
import { readParams } from './environment.ts'

/** Targets of one answer when `limit` says nothing else. */
const TARGETS_DEFAULT = 500

/** `/api/v1/service_discovery`: what was found and why it is not scraped; `/api/v1/targets/relabel_steps`: the relabel lab. */
export function discoveryRoutes(app: Hono, scrape: ScrapeManager): void {
  app.get('/api/v1/service_discovery', async (c) => {
    try {
      return success(c, serviceDiscovery(await readParams(c), scrape))
    } catch (error) {
      return failureOf(c, error)
    }
  })
  const steps = async (c: Context): Promise<Response> => {
    try {
      return success(c, relabelling(await readParams(c), scrape))
    } catch (error) {
      return failureOf(c, error)
    }
  }
  app.get('/api/v1/targets/relabel_steps', steps)
  app.post('/api/v1/targets/relabel_steps', steps)
}

type State = 'any' | 'active' | 'dropped'

function serviceDiscovery(params: Params, scrape: ScrapeManager): ServiceDiscoveryData {
  const pool = params.get('scrapePool')
  if (pool !== '' && !scrape.scrapePools.includes(pool)) throw new BadRequest(`no scrape pool "${pool}"`)
  const state = params.get('state') || 'any'
  if (state !== 'any' && state !== 'active' && state !== 'dropped')
    throw new BadRequest(`invalid parameter "state": expected any, active or dropped, got "${state}"`)
  const limit = params.has('limit') ? params.limit() : pool === '' ? 0 : TARGETS_DEFAULT
  const search = params.get('search').toLowerCase()
  const names = pool === '' ? scrape.scrapePools : [pool]
  return { pools: names.map((name) => onePool(name, scrape, { state, limit, search })) }
}

function onePool(
  name: string,
  scrape: ScrapeManager,
  { state, limit, search }: { state: State; limit: number; search: string },
): ServiceDiscoveryData['pools'][number] {
  const counts = { found: 0, scraped: 0, dropped: 0, refused: 0 }
  const targets: FoundTarget[] = []
  for (const target of scrape.discovered(name) ?? []) {
    counts.found++
    if (target.labels !== undefined) counts.scraped++
    else if (target.droppedBy !== undefined) counts.dropped++
    else counts.refused++
    const isWanted = state === 'any' || (state === 'active') === (target.labels !== undefined)
    if (isWanted && targets.length < limit && holds(target, search)) targets.push(view(target))
  }
  return { name, ...counts, targets }
}

function holds({ discoveredLabels: labels }: DiscoveredTarget, search: string): boolean {
  return (
    search === '' || [...labels].some(([name, value]) => `${name}=${value}`.toLowerCase().includes(search))
  )
}

function view({ discoveredLabels, labels, url, droppedBy, error }: DiscoveredTarget): FoundTarget {
  return {
    discoveredLabels: discoveredLabels.toObject(),
    ...(labels === undefined ? {} : { labels: labels.toObject(), scrapeUrl: url }),
    ...(droppedBy === undefined
      ? {}
      : { droppedBy: { index: droppedBy.index, rule: ruleOf(droppedBy.rule) } }),
    ...(error === '' ? {} : { error }),
  }
}

/** The rule as the API shows it, in the words of the file. */
function ruleOf(rule: RelabelConfig): RelabelRule {
  const { source_labels: labels, separator, regex, modulus, target_label: target, replacement, action } = rule
  return {
    ...(labels === undefined || labels.length === 0 ? {} : { source_labels: labels }),
    separator,
    regex: regex?.source ?? '(.*)',
    ...(modulus === 0 ? {} : { modulus }),
    ...(target === '' ? {} : { target_label: target }),
    replacement,
    action,
  }
}

/** With the rules of a job, or with those that are sent. */
function relabelling(params: Params, scrape: ScrapeManager): RelabelStepsData {
  const labels = Labels.from(labelsOf(params.get('labels')))
  const written = params.get('relabel_configs')
  if (written !== '') return { steps: steps(labels, rulesOf(written)) }
  const pool = params.get('scrapePool')
  if (pool === '') throw new BadRequest('no scrapePool parameter provided, nor relabel_configs')
  const job = scrape.scrapePoolConfig(pool)
  if (job === undefined) throw new BadRequest(`no scrape pool "${pool}"`)
  return { steps: steps(labels, job.relabel_configs), target: view(explain(job, labels)) }
}

/** All rules; those behind the one that drops have nothing left to work on. */
function steps(labels: Labels, rules: readonly RelabelConfig[]): RelabelStepsData['steps'] {
  const done = relabelSteps(labels, rules)
  return rules.map((rule, i) => {
    const step = done[i]
    const keep = step?.keep === true
    return { rule: ruleOf(rule), output: keep ? step.output.toObject() : {}, keep }
  })
}

function labelsOf(text: string): Record<string, string> {
  let labels: unknown
  try {
    labels = JSON.parse(text)
  } catch (error) {
    throw new BadRequest(`invalid parameter "labels": ${(error as Error).message}, expected a JSON object of strings`) // prettier-ignore
  }
  if (
    typeof labels !== 'object' ||
    labels === null ||
    Array.isArray(labels) ||
    Object.values(labels).some((value) => typeof value !== 'string')
  )
    // prettier-ignore
    throw new BadRequest('invalid parameter "labels": expected a JSON object of strings')
  return labels as Record<string, string>
}

const EMPTY_RULE = 'empty or null relabeling rule'
const ruleList = relabelConfigs(EMPTY_RULE)
const ruleSection = struct('relabel_configs', { relabel_configs: withDefault(ruleList, []) })

/** A list of rules, with or without the word `relabel_configs:` above it, as one copies it from a file. */
function rulesOf(yaml: string): readonly RelabelConfig[] {
  const environment = { file: 'relabel_configs' }
  try {
    return /^\s*(#.*\n\s*)*(metric_|alert_|write_)?relabel_configs\s*:/.test(yaml)
      ? decodeYaml(yaml.replace(/\b(metric_|alert_|write_)relabel_configs\s*:/, 'relabel_configs:'), environment, ruleSection).value.relabel_configs // prettier-ignore
      : decodeYaml(yaml, environment, ruleList).value
  } catch (error) {
    throw new BadRequest((error as Error).message)
  }
}
