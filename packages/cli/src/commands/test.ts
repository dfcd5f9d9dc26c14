import { readFileSync } from 'node:fs'
import { runPromqlTest } from '@promontory/promql/testing'
import { UsageError } from '../serve-flags.ts'

/** `promontory test promql|rules FILE…` */
export async function test([kind, ...files]: readonly string[]): Promise<number> {
  if (kind !== 'promql' || files.length === 0) throw new UsageError('usage: promontory test promql FILE…')
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
