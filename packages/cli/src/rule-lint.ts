import { lintExpr, type LintFinding, lintValueTemplate } from '@promontory/promql/lint'
import type { RuleConfig, RuleFile } from '@promontory/rules'

/** What is valid in rules but probably not meant, one text for each finding: `<file>:<line>: rule <name>: …`. */
export function lintRules({ groups }: RuleFile, file: string): string[] {
  return groups.flatMap(({ rules }) =>
    rules.flatMap((rule) =>
      findingsOf(rule).map((finding) => `${file}:${rule.line}: rule "${rule.name}": ${findingText(finding)}`),
    ),
  )
}

function findingsOf(rule: RuleConfig): LintFinding[] {
  if (rule.kind === 'recording') return lintExpr(rule.expr)
  const templates = rule.annotations.pairs.filter((_, index) => index % 2 === 1)
  return [
    ...lintExpr(rule.expr, { alert: true }),
    ...templates.flatMap((template) => lintValueTemplate(rule.expr, template)),
  ]
}

/** The name of the rule of lint, the reason, and the mend when there is one. */
export function findingText({ rule, message, mend }: LintFinding): string {
  return `[${rule}] ${message}${mend === undefined ? '' : `; ${mend.explanation}: ${mend.text}`}`
}
