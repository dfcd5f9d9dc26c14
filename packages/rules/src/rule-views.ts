import { createHash } from 'node:crypto'
import { formatFloat } from '@promontory/base'
import type { Matcher } from '@promontory/model'
import type { Alert } from './alert.ts'
import { AlertingRule } from './alerting-rule.ts'
import type { RuleGroup, RuleHealth } from './rule-group.ts'
import type { RuleManager } from './rule-manager.ts'
import type { RecordingRule } from './recording-rule.ts'

/** The shapes of Prometheus's `/api/v1/rules` and `/api/v1/alerts`. */
export interface AlertView {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: string
  readonly activeAt: string
  readonly keepFiringSince?: string
  /** Go's `%e` with the fewest digits: `1e+00`. */
  readonly value: string
}

export interface RuleView {
  readonly state?: string
  readonly name: string
  readonly query: string
  readonly duration?: number
  readonly keepFiringFor?: number
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Null when alerts were excluded. */
  readonly alerts?: readonly AlertView[] | null
  readonly health: string
  readonly lastError?: string
  readonly evaluationTime: number
  readonly lastEvaluation: string
  readonly type: 'alerting' | 'recording'
}

export interface RuleGroupView {
  readonly name: string
  readonly file: string
  readonly rules: readonly RuleView[]
  readonly interval: number
  readonly limit: number
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

export interface RulesView {
  readonly groups: readonly RuleGroupView[]
  readonly groupNextToken?: string
}

/** What `/api/v1/rules` may be asked for. Matcher sets are alternatives; the matchers of a set must all hold. */
export interface RulesFilter {
  readonly type?: 'alert' | 'record'
  readonly ruleNames?: readonly string[]
  readonly groupNames?: readonly string[]
  readonly files?: readonly string[]
  readonly matcherSets?: readonly (readonly Matcher[])[]
  readonly excludeAlerts?: boolean
  readonly groupLimit?: number
  readonly groupNextToken?: string
}

/** A filter that cannot be met; `parameter` names it. */
export class RulesFilterError extends Error {
  override readonly name = 'RulesFilterError'
  readonly parameter: string
  constructor(parameter: string, message: string) {
    super(message)
    this.parameter = parameter
  }
}

/** @throws RulesFilterError for a page token whose group is gone */
export function viewRules(manager: RuleManager, filter: RulesFilter = {}): RulesView {
  const { groupLimit = 0, groupNextToken } = filter
  const views: RuleGroupView[] = []
  let found = groupNextToken === undefined || groupNextToken === ''
  for (const group of manager.groups()) {
    if (!found && nextToken(group) !== groupNextToken) continue
    found = true
    if (filter.groupNames?.length && !filter.groupNames.includes(group.config.name)) continue
    if (filter.files?.length && !filter.files.includes(group.config.file)) continue
    const view = viewGroup(group, filter)
    if (view.rules.length === 0) continue
    if (groupLimit > 0 && views.length === groupLimit)
      return { groups: views, groupNextToken: nextToken(group) }
    views.push(view)
  }
  if (!found)
    throw new RulesFilterError(
      'group_next_token',
      `invalid group_next_token '${groupNextToken}'. were rule groups changed?`,
    )
  return { groups: views }
}

/** All pending and firing alerts. */
export function viewAlerts(manager: RuleManager): { readonly alerts: readonly AlertView[] } {
  return { alerts: manager.alertingRules().flatMap((rule) => rule.activeAlerts().map(viewAlert)) }
}

function nextToken({ config }: RuleGroup): string {
  return createHash('sha1').update(`${config.file};${config.name}`).digest('hex')
}

function viewGroup(group: RuleGroup, filter: RulesFilter): RuleGroupView {
  return {
    name: group.config.name,
    file: group.config.file,
    rules: group.rules.filter((slot) => isWanted(slot.rule, filter)).map((slot) => viewRule(slot, filter)),
    interval: group.intervalMs / 1000,
    limit: group.config.limit,
    evaluationTime: group.evaluationSeconds,
    lastEvaluation: goTime(group.evaluatedAtMs),
  }
}

function isWanted({ config }: AlertingRule | RecordingRule, filter: RulesFilter): boolean {
  if (filter.type !== undefined && (filter.type === 'alert') !== (config.kind === 'alerting')) return false
  if (filter.ruleNames?.length && !filter.ruleNames.includes(config.name)) return false
  const sets = filter.matcherSets ?? []
  return (
    sets.length === 0 ||
    sets.some((set) => set.every((matcher) => matcher.matches(config.labels.get(matcher.name))))
  )
}

/** One rule as `/api/v1/rules` shows it. */
export function viewRule(
  slot: RuleHealth & { readonly rule: AlertingRule | RecordingRule },
  filter: Pick<RulesFilter, 'excludeAlerts'>,
): RuleView {
  const { rule } = slot
  const { config } = rule
  const evaluation = {
    health: slot.health,
    ...(slot.lastError === '' ? {} : { lastError: slot.lastError }),
    evaluationTime: slot.evaluationSeconds,
    lastEvaluation: goTime(slot.evaluatedAtMs),
    type: config.kind,
  }
  const labels = config.labels.toObject()
  if (!(rule instanceof AlertingRule))
    return { name: config.name, query: config.query, labels, ...evaluation }
  return {
    state: slot.evaluatedAtMs === undefined ? 'unknown' : rule.state(),
    name: config.name,
    query: config.query,
    duration: config.forMs / 1000,
    keepFiringFor: config.keepFiringForMs / 1000,
    labels,
    annotations: config.annotations.toObject(),
    alerts: filter.excludeAlerts ? null : rule.activeAlerts().map(viewAlert),
    ...evaluation,
  }
}

/** One alert as `/api/v1/alerts` shows it. */
export function viewAlert(alert: Alert): AlertView {
  return {
    labels: alert.labels.toObject(),
    annotations: alert.annotations.toObject(),
    state: alert.state,
    activeAt: goTime(alert.activeAtMs),
    ...(alert.keepFiringSinceMs === undefined ? {} : { keepFiringSince: goTime(alert.keepFiringSinceMs) }),
    value: exponential(alert.value),
  }
}

function exponential(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** RFC 3339 with as many fraction digits as are needed, as Go prints times in JSON; undefined is Go's zero time. */
function goTime(timeMs: number | undefined): string {
  if (timeMs === undefined) return '0001-01-01T00:00:00Z'
  const whole = Math.floor(timeMs)
  const nanos = String(Math.round((timeMs - whole) * 1e6) + (((whole % 1000) + 1000) % 1000) * 1e6)
  const fraction = nanos.padStart(9, '0').replace(/0+$/, '')
  return `${new Date(whole).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`
}
