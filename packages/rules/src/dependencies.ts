import { walk } from '@promontory/promql/parser'
import type { RuleConfig } from './rule-file.ts'

/** Series names that a rule writes. */
function outputs(rule: RuleConfig): readonly string[] {
  return rule.kind === 'recording' ? [rule.name] : ['ALERTS', 'ALERTS_FOR_STATE']
}

/** Names that an expression reads; undefined when it may read anything. */
function inputs(rule: RuleConfig): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  let any = false
  walk(rule.expr, (node) => {
    if (node.type !== 'vectorSelector') return
    const name = node.matchers.find((matcher) => matcher.name === '__name__' && matcher.operator === '=')
    if (name === undefined) any = true
    else names.add(name.value)
  })
  // A template may ask for anything.
  const texts = [
    ...rule.labelTemplates.map(([, text]) => text),
    ...[...rule.annotations].map(([, text]) => text),
  ]
  if (texts.some((text) => /\bquery\b/.test(text))) any = true
  return any ? undefined : names
}

/**
 * Rules of a group in batches, by position: those of one batch read nothing that another of it writes and may run side by
 * side; a rule that reads another's result stays behind it, or before it, as the file has them.
 */
export function independentBatches(rules: readonly RuleConfig[]): number[][] {
  const read = rules.map(inputs)
  const touches = (reader: number, writer: number): boolean =>
    read[reader] === undefined || outputs(rules[writer]!).some((name) => read[reader]!.has(name))
  const levels: number[] = []
  rules.forEach((_, i) => {
    let level = 0
    for (let k = 0; k < i; k++) if (touches(i, k) || touches(k, i)) level = Math.max(level, levels[k]! + 1)
    levels.push(level)
  })
  const batches: number[][] = []
  levels.forEach((level, i) => (batches[level] ??= []).push(i))
  return batches
}
