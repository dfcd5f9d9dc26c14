import { readFileSync } from 'node:fs'
import { formatFault } from '@promontory/base/yaml'
import { prepareConfig } from '@promontory/server/config'
import { checkNamedFiles, longIntervals } from './check-named-files.ts'
import { type CheckedRules, checkRuleFile } from './check-rules.ts'

export interface ConfigCheck {
  readonly lint: boolean
  /** Leaves out what is in the files that the configuration names. */
  readonly syntaxOnly: boolean
  readonly agent: boolean
}

/** Checks whole configurations: the file, what it includes, and the rules, targets and credentials in files that it names. */
export async function checkConfigFiles(
  files: readonly string[],
  { lint, syntaxOnly, agent }: ConfigCheck,
): Promise<CheckedRules> {
  let failed = false
  let findings = 0
  for (const file of files) {
    process.stdout.write(`Checking ${file}\n`)
    try {
      const { jobs, ruleFiles, warnings, unsupported } = await prepareConfig(file, { agent })
      for (const notice of warnings) process.stdout.write(`  WARNING: ${formatFault(notice, notice.text)}\n`)
      for (const notice of unsupported)
        process.stdout.write(`  NOT SUPPORTED: ${formatFault(notice, notice.text)}\n`)
      failed ||= unsupported.length > 0
      const named = syntaxOnly ? { faults: [], warnings: [] } : await checkNamedFiles(jobs)
      for (const text of named.warnings) process.stdout.write(`  WARNING: ${text}\n`)
      const [fault] = named.faults
      if (fault !== undefined) throw new Error(fault)
      const intervals = lint ? longIntervals(jobs) : []
      for (const text of intervals) process.stdout.write(`  WARNING: ${text}\n`)
      findings += intervals.length
      if (ruleFiles.length > 0) process.stdout.write(`  SUCCESS: ${ruleFiles.length} rule files found\n`)
      process.stdout.write(
        unsupported.length > 0 ? '' : ` SUCCESS: ${file} is valid prometheus config file syntax\n\n`,
      )
      for (const ruleFile of syntaxOnly ? [] : ruleFiles) {
        const checked = await checkRuleFile(ruleFile, readFileSync(ruleFile, 'utf8'), lint)
        failed ||= !checked.valid
        findings += checked.findings
      }
    } catch (error) {
      failed = true
      process.stdout.write(`  FAILED: ${(error as Error).message}\n\n`)
    }
  }
  return { valid: !failed, findings }
}
