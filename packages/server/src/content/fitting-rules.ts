import { checkExpression } from '@promontory/dashboards/check'
import type { RuleConfig, RuleGroupConfig } from '@promontory/rules'

/** `--content.rules`: when ready-made rules are loaded. */
export const CONTENT_RULES = ['auto', 'all', 'none'] as const
export type ContentRules = (typeof CONTENT_RULES)[number]

/** What the configuration says of rules and alerts by itself. */
export interface OwnAlerting {
  /** Names of its alerts and of the metrics that it records. */
  readonly ruleNames: ReadonlySet<string>
  /** Whether an Alertmanager's configuration is given or an external Alertmanager named: somebody would be told. */
  readonly tellsSomebody: boolean
}

export interface RulesWish {
  readonly choice: ContentRules
  /** Names of all metrics that were seen. */
  readonly seen: ReadonlySet<string>
  readonly own: OwnAlerting
}

/** Rules about machines, targets and the server itself: where somebody has rules, such are among them. */
const GENERAL_FILE = 'host.yml'

/**
 * The ready-made groups with those rules that have something to say; groups without any are left out.
 *
 * `auto` surprises nobody. Where the configuration has no rules and tells nobody (notifications stay in the inbox),
 * everything whose metrics are seen is loaded. Otherwise only applications' recording rules are: their alerts would reach
 * people who did not ask for them. `all` loads the alerts there as well. No rule is loaded whose name the
 * configuration has already.
 */
export function fittingRules(groups: readonly RuleGroupConfig[], wish: RulesWish): RuleGroupConfig[] {
  const wanted = groups.map((group) => group.rules.filter((rule) => isWanted(group, rule, wish)))
  const kept = withMetrics(wanted.flat(), new Set([...wish.seen, ...wish.own.ruleNames]))
  return groups.flatMap((group, i) => {
    const rules = wanted[i]!.filter((rule) => kept.has(rule))
    return rules.length === 0 ? [] : [{ ...group, rules }]
  })
}

function isWanted({ file }: RuleGroupConfig, { kind, name }: RuleConfig, wish: RulesWish): boolean {
  const { choice, own } = wish
  if (choice === 'none' || own.ruleNames.has(name)) return false
  const isAlone = own.ruleNames.size === 0 && !own.tellsSomebody
  return choice === 'all' || isAlone || (kind === 'recording' && !file.endsWith(GENERAL_FILE))
}

/** Rules all of whose metrics are there; what kept rules record counts as there, so it takes several rounds. */
function withMetrics(rules: readonly RuleConfig[], available: Set<string>): ReadonlySet<RuleConfig> {
  const kept = new Set<RuleConfig>()
  for (let grew = true; grew;) {
    grew = false
    for (const rule of rules) {
      if (kept.has(rule) || !metricsOf(rule).every((name) => available.has(name))) continue
      kept.add(rule)
      if (rule.kind === 'recording') available.add(rule.name)
      grew = true
    }
  }
  return kept
}

/** Every metric that any of the rules asks for. */
export function metricsOfGroups(groups: readonly RuleGroupConfig[]): ReadonlySet<string> {
  return new Set(groups.flatMap(({ rules }) => rules.flatMap(metricsOf)))
}

function metricsOf({ query }: RuleConfig): string[] {
  const checked = checkExpression(query)
  return checked.kind === 'valid' ? [...checked.use.metrics.keys()] : []
}
