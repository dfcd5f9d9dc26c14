import { readFileSync } from 'node:fs'
import { parseRuleFile } from '@promontory/rules'
import { lintRules } from '../rule-lint.ts'

/** What came of checking one rule file. */
export interface CheckedRules {
  readonly valid: boolean
  /** Findings of the linter; 0 when it was not asked. */
  readonly findings: number
}

/** Checks rule files. @param lint  whether to look for what is valid but probably not meant */
export function checkRuleFiles(files: readonly string[], lint: boolean): CheckedRules {
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
    const checked = checkRuleFile(file, text, lint)
    valid &&= checked.valid
    findings += checked.findings
  }
  return { valid, findings }
}

/** Checks one rule file and says so. */
export function checkRuleFile(file: string, text: string, lint: boolean): CheckedRules {
  process.stdout.write(`Checking ${file}\n`)
  try {
    const rules = parseRuleFile(text, file)
    const findings = lint ? lintRules(rules, file) : []
    for (const finding of findings) process.stdout.write(`  WARNING: ${finding}\n`)
    const count = rules.groups.reduce((sum, group) => sum + group.rules.length, 0)
    process.stdout.write(`  SUCCESS: ${count} rules found\n\n`)
    return { valid: true, findings: findings.length }
  } catch (error) {
    process.stdout.write(`  FAILED:\n${(error as Error).message}\n\n`)
    return { valid: false, findings: 0 }
  }
}
