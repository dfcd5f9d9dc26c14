import { setImmediate } from 'node:timers/promises'
import type { Alert, AlertState } from './alert.ts'
import { AlertingRule } from './alerting-rule.ts'
import type { RuleGroup } from './rule-group.ts'
import type { RuleManager } from './rule-manager.ts'
import { viewAlert, viewRule, type RuleView } from './rule-views.ts'

export interface RulesOverviewQuery {
  /** Found in a rule's name, expression, file or group, or in a label of one of its alerts; upper and lower case alike. */
  readonly search: string
  /** `firing`, `pending` or `inactive`; undefined: any. */
  readonly state?: AlertState
  /** Rules, and alerts of each, that are answered at most. */
  readonly rulesMax: number
  readonly alertsMax: number
}

export interface RulesOverview {
  readonly rules: readonly OverviewRule[]
  /** All that fit; `rules` are the first of them. */
  readonly ruleCount: number
  /** All alerting rules by their state, whatever was asked for. */
  readonly states: Readonly<Record<AlertState, number>>
  /** All alerts of all rules. */
  readonly alerts: { readonly firing: number; readonly pending: number }
}

export interface OverviewRule extends RuleView {
  readonly file: string
  readonly group: string
  /** All pending and firing ones; `alerts` are the first of them, those that were searched for before others. */
  readonly alertCount: number
}

/** Alerts looked at in one turn of the event loop. */
const LOOKED_AT_MAX = 2000

interface Looked {
  readonly group: RuleGroup
  readonly slot: RuleGroup['rules'][number]
  readonly rule: AlertingRule
  readonly state: AlertState
  readonly alerts: readonly Alert[]
  readonly alertCount: number
  readonly firingCount: number
}

const RANKS: Readonly<Record<AlertState, number>> = { firing: 0, pending: 1, inactive: 2 }

/** What a page shows of many alerting rules: the gravest first, each with its first alerts; how many there are of all. */
export async function overviewOfRules(
  manager: RuleManager,
  query: RulesOverviewQuery,
): Promise<RulesOverview> {
  const search = query.search.toLowerCase()
  const states: Record<AlertState, number> = { firing: 0, pending: 0, inactive: 0 }
  const alerts = { firing: 0, pending: 0 }
  const fitting: Looked[] = []
  let looked = 0
  for (const group of manager.groups())
    for (const slot of group.rules) {
      const { rule } = slot
      if (!(rule instanceof AlertingRule)) continue
      const one = await look(rule, search, query.alertsMax, () =>
        ++looked % LOOKED_AT_MAX === 0 ? setImmediate() : undefined,
      )
      states[one.state]++
      alerts.firing += one.firingCount
      alerts.pending += one.alertCount - one.firingCount
      const { name, query: expression } = rule.config
      const texts = [name, expression, group.config.name, group.config.file]
      if (query.state !== undefined && one.state !== query.state) continue
      if (!one.isFound && !texts.some((text) => text.toLowerCase().includes(search))) continue
      fitting.push({ group, slot, rule, ...one })
    }
  const rules = fitting
    .sort((a, b) => RANKS[a.state] - RANKS[b.state])
    .slice(0, query.rulesMax)
    .map(viewOf)
  return { rules, ruleCount: fitting.length, states, alerts }
}

/** One pass over the alerts of a rule, which may be many. */
async function look(
  rule: AlertingRule,
  search: string,
  alertsMax: number,
  pause: () => Promise<void> | undefined,
): Promise<Pick<Looked, 'state' | 'alerts' | 'alertCount' | 'firingCount'> & { readonly isFound: boolean }> {
  // What is found and fires comes first, then by the order in which it came.
  const kept: Alert[][] = [[], [], [], []]
  let [alertCount, firingCount, isFound] = [0, 0, false]
  for (const alert of rule.alerts()) {
    const turn = pause()
    if (turn !== undefined) await turn
    if (alert.resolvedAtMs !== undefined) continue
    alertCount++
    const fires = alert.state === 'firing'
    const matches = search !== '' && alert.labels.toString().toLowerCase().includes(search)
    if (fires) firingCount++
    isFound ||= matches
    const list = kept[(matches ? 0 : 2) + (fires ? 0 : 1)]!
    if (list.length < alertsMax) list.push(alert)
  }
  const state = firingCount > 0 ? 'firing' : alertCount > 0 ? 'pending' : 'inactive'
  return { state, alerts: kept.flat().slice(0, alertsMax), alertCount, firingCount, isFound }
}

function viewOf({ group, slot, alerts, alertCount }: Looked): OverviewRule {
  return {
    ...viewRule(slot, { excludeAlerts: true }),
    alerts: alerts.map(viewAlert),
    file: group.config.file,
    group: group.config.name,
    alertCount,
  }
}
