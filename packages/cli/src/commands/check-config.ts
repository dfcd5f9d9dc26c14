import { readFileSync } from 'node:fs'
import { formatFault } from '@promontory/base/yaml'
import { prepareConfig } from '@promontory/server/config'
import { type CheckedRules, checkRuleFile } from './check-rules.ts'

/** Checks whole configurations: the file, what it includes, and the rule files that it names. */
export async function checkConfigFiles(files: readonly string[], lint: boolean): Promise<CheckedRules> {
  let failed = false
  let findings = 0
  for (const file of files) {
    process.stdout.write(`Checking ${file}\n`)
    try {
      const { ruleFiles, warnings, unsupported } = await prepareConfig(file)
      for (const notice of warnings) process.stdout.write(`  WARNING: ${formatFault(notice, notice.text)}\n`)
      for (const notice of unsupported)
        process.stdout.write(`  NOT SUPPORTED: ${formatFault(notice, notice.text)}\n`)
      failed ||= unsupported.length > 0
      if (ruleFiles.length > 0) process.stdout.write(`  SUCCESS: ${ruleFiles.length} rule files found\n`)
      process.stdout.write(
        unsupported.length > 0 ? '' : ` SUCCESS: ${file} is valid prometheus config file syntax\n\n`,
      )
      for (const ruleFile of ruleFiles) {
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
