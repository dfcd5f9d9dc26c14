import { checkModel } from './check/dashboard-check.ts'
import { checkExpression } from './check/expression.ts'
import type { JsonObject } from './json.ts'

export interface UsageInput {
  readonly dashboards: readonly { readonly uid: string; readonly title: string; readonly model: JsonObject }[]
  readonly rules: readonly { readonly name: string; readonly group: string; readonly query: string }[]
  /** Series by metric name, as they are stored now. */
  readonly series: ReadonlyMap<string, number>
  /** Values by label name. */
  readonly labels: ReadonlyMap<string, number>
  readonly views: ReadonlyMap<string, { readonly views: number; readonly lastMs: number }>
}

export interface MetricUsage {
  readonly name: string
  readonly series: number
  /** Titles with uid. */
  readonly dashboards: readonly { readonly uid: string; readonly title: string }[]
  readonly rules: readonly string[]
}

export interface Usage {
  readonly metrics: readonly MetricUsage[]
  /** In no dashboard and no rule, the most series first. */
  readonly unusedMetrics: readonly { readonly name: string; readonly series: number }[]
  readonly unusedSeries: number
  readonly totalSeries: number
  /** Drops the unused metrics at scraping. */
  readonly relabelRules: readonly RelabelRule[]
  /** Labels that no query names. Dropping one may make series equal: the rule is a suggestion to look at. */
  readonly unusedLabels: readonly {
    readonly name: string
    readonly values: number
    readonly rule: RelabelRule
  }[]
  /** Never opened, or the longest ago first. */
  readonly dashboards: readonly {
    readonly uid: string
    readonly title: string
    readonly views: number
    readonly lastMs: number
  }[]
}

/** An item of `metric_relabel_configs`. */
export interface RelabelRule {
  readonly source_labels?: readonly string[]
  readonly regex: string
  readonly action: 'drop' | 'labeldrop'
}

/** Names in one rule's expression: longer ones are hard to read and to diff. */
const NAMES_PER_RULE = 50
/** Labels that mean something without being named in a query. */
const NEEDED_LABELS = new Set(['__name__', 'job', 'instance', 'le', 'quantile', 'alertname', 'alertstate'])
/** Metrics that the server makes itself at each scrape. */
const OWN_METRICS = /^(up|scrape_\w+|ALERTS|ALERTS_FOR_STATE)$/

/** Each metric and label against the dashboards and rules that name it. Metrics that a regex chooses count as named. */
export function usageOf(input: UsageInput): Usage {
  const dashboards = new Map<string, { uid: string; title: string }[]>()
  const rules = new Map<string, string[]>()
  const labels = new Set<string>()
  for (const { uid, title, model } of input.dashboards) {
    const names = new Set<string>()
    for (const { use } of checkModel(model).uses) {
      for (const name of use.metrics.keys()) names.add(name)
      for (const label of use.labels) labels.add(label)
    }
    for (const name of names) dashboards.set(name, [...(dashboards.get(name) ?? []), { uid, title }])
  }
  for (const { name: rule, group, query } of input.rules) {
    const checked = checkExpression(query)
    if (checked.kind !== 'valid') continue
    for (const name of checked.use.metrics.keys())
      rules.set(name, [...(rules.get(name) ?? []), `${group}/${rule}`])
    for (const label of checked.use.labels) labels.add(label)
  }
  const metrics = [...input.series]
    .map(([name, series]) => ({
      name,
      series,
      dashboards: dashboards.get(name) ?? [],
      rules: rules.get(name) ?? [],
    }))
    .sort((a, b) => b.series - a.series || (a.name < b.name ? -1 : 1))
  const unused = metrics.filter(
    (metric) => metric.dashboards.length === 0 && metric.rules.length === 0 && !OWN_METRICS.test(metric.name),
  )
  return {
    metrics,
    unusedMetrics: unused.map(({ name, series }) => ({ name, series })),
    unusedSeries: unused.reduce((sum, { series }) => sum + series, 0),
    totalSeries: metrics.reduce((sum, { series }) => sum + series, 0),
    relabelRules: dropRules(unused.map(({ name }) => name)),
    unusedLabels: [...input.labels]
      .filter(([name]) => !labels.has(name) && !NEEDED_LABELS.has(name))
      .sort(([, a], [, b]) => b - a)
      .map(([name, values]) => ({ name, values, rule: { regex: name, action: 'labeldrop' as const } })),
    dashboards: input.dashboards
      .map(({ uid, title }) => ({ uid, title, ...(input.views.get(uid) ?? { views: 0, lastMs: 0 }) }))
      .sort((a, b) => a.lastMs - b.lastMs || a.views - b.views),
  }
}

function dropRules(names: readonly string[]): RelabelRule[] {
  const rules: RelabelRule[] = []
  for (let at = 0; at < names.length; at += NAMES_PER_RULE)
    rules.push({
      source_labels: ['__name__'],
      regex: names.slice(at, at + NAMES_PER_RULE).join('|'),
      action: 'drop',
    })
  return rules
}
