import { readFileSync } from 'node:fs'
import { lintMetrics } from '../metric-lint.ts'

/** `promontory check metrics`: reads text exposition from standard input. Exit code 1 when it cannot be read, 3 for findings. */
export function checkMetrics(): number {
  let findings: string[]
  try {
    findings = lintMetrics(readFileSync(0))
  } catch (error) {
    process.stderr.write(`error while linting: ${(error as Error).message}\n`)
    return 1
  }
  for (const finding of findings) process.stderr.write(`${finding}\n`)
  return findings.length > 0 ? 3 : 0
}
