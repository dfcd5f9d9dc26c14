import { readFileSync } from 'node:fs'
import { parseRuleFile } from '@promontory/rules'

/** Checks rule files. @returns exit code */
export function checkRuleFiles(files: readonly string[]): number {
  let ok = true
  for (const file of files) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      process.stdout.write(`Checking ${file}\n  FAILED:\n${(error as Error).message}\n\n`)
      ok = false
      continue
    }
    ok = checkRuleFile(file, text) && ok
  }
  return ok ? 0 : 1
}

/** Checks one rule file and says so. @returns whether it can be used */
export function checkRuleFile(file: string, text: string): boolean {
  process.stdout.write(`Checking ${file}\n`)
  try {
    const { groups } = parseRuleFile(text, file)
    const count = groups.reduce((sum, group) => sum + group.rules.length, 0)
    process.stdout.write(`  SUCCESS: ${count} rules found\n\n`)
    return true
  } catch (error) {
    process.stdout.write(`  FAILED:\n${(error as Error).message}\n\n`)
    return false
  }
}
