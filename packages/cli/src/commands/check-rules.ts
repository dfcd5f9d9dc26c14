import { readFileSync } from 'node:fs'
import { parseRuleFile, type RuleFile } from '@promontory/rules'
import { lintRules } from '../rule-lint.ts'
import { answerText, lintAt } from './check-query.ts'

/** What came of checking one rule file. */
export interface CheckedRules {
  readonly valid: boolean
  /** Findings of the linter; 0 when it was not asked. */
  readonly findings: number
}

/**
 * Checks rule files.
 * @param lint  whether to look for what is valid but probably not meant
 * @param server  URL of a server that is asked whether it has the metrics, labels and values
 */
export async function checkRuleFiles(
  files: readonly string[],
  lint: boolean,
  server?: string,
): Promise<CheckedRules> {
  let valid = true
  let findings = 0
  for (const file of files) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      process.stdout.write(`Checking ${file}\n  FAILED:\n${(error as Error).message}\n\n`)
      valid = false
      continue
    }
    const checked = await checkRuleFile(file, text, lint, server)
    valid &&= checked.valid
    findings += checked.findings
  }
  return { valid, findings }
}

/** Checks one rule file and says so. */
export async function checkRuleFile(
  file: string,
  text: string,
  lint: boolean,
  server?: string,
): Promise<CheckedRules> {
  process.stdout.write(`Checking ${file}\n`)
  try {
    const rules = parseRuleFile(text, file)
    const findings = lint ? lintRules(rules, file) : []
    if (lint && server !== undefined) findings.push(...(await unknownAt(server, rules, file)))
    for (const finding of findings) process.stdout.write(`  WARNING: ${finding}\n`)
    const count = rules.groups.reduce((sum, group) => sum + group.rules.length, 0)
    process.stdout.write(`  SUCCESS: ${count} rules found\n\n`)
    return { valid: true, findings: findings.length }
  } catch (error) {
    process.stdout.write(`  FAILED:\n${(error as Error).message}\n\n`)
    return { valid: false, findings: 0 }
  }
}

/** Metrics, labels and values that a server does not have; metrics that the file itself records will be there. */
async function unknownAt(server: string, { groups }: RuleFile, file: string): Promise<string[]> {
  const rules = groups.flatMap((group) => group.rules)
  const recorded = new Set(rules.filter(({ kind }) => kind === 'recording').map(({ name }) => name))
  const found: string[] = []
  for (const { name, query, kind, line } of rules)
    for (const finding of await lintAt(server, query, kind === 'alerting')) {
      const metric = /^[\w:]+/.exec(query.slice(finding.position.start))?.[0] ?? ''
      if (!finding.rule.startsWith('unknown-') || recorded.has(metric)) continue
      found.push(`${file}:${line}: rule "${name}": ${answerText(finding)}`)
    }
  return found
}
