import { readFileSync } from 'node:fs'
import { runPromqlTest } from '@promontory/promql/testing'
import { UsageError } from '../serve-flags.ts'
import { testRuleFiles } from './test-rules.ts'

/** `promontory test promql|rules FILE…` */
export async function test([kind, ...files]: readonly string[]): Promise<number> {
  if (files.length > 0 && kind === 'promql') return testScripts(files)
  if (files.length > 0 && kind === 'rules') return testRuleFiles(files)
  throw new UsageError('usage: promontory test promql|rules FILE…')
}

async function testScripts(files: readonly string[]): Promise<number> {
  let passed = 0
  let failed = 0
  for (const file of files) {
    const result = await runPromqlTest(readFileSync(file, 'utf8'), { file })
    passed += result.passed
    failed += result.failed
    for (const failure of result.failures)
      process.stdout.write(`${failure.file}:${failure.line}: ${failure.query}: ${failure.message}\n`)
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}
