import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@promontory/base'
import { afterAll, expect, test, vi } from 'vitest'
import { FailureLog } from './failure-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'promontory-failures-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a line per failure; after a reload in a new file', async () => {
  const file = join(folder, 'failures.log')
  const log = new FailureLog(silentLogger)
  const messages = (path: string): unknown[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
  log.write(file, 'http://a:1/metrics', 'connection refused')
  await vi.waitFor(() => expect(messages(file)).toEqual(['connection refused']), 5000)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    level: 'ERROR',
    target: 'http://a:1/metrics',
  })
  renameSync(file, `${file}.1`)
  log.reopen()
  log.write(file, 'http://a:1/metrics', 'timeout')
  await vi.waitFor(() => expect(messages(file)).toEqual(['timeout']), 5000)
  expect(messages(`${file}.1`)).toEqual(['connection refused'])
  log.close()
})
