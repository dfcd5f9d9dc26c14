import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@promontory/base'
import { afterAll, expect, test, vi } from 'vitest'
import { QueryLog } from './query-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'promontory-query-log-'))
afterAll(() => rmSync(folder, { recursive: true }))

const asked = {
  expr: 'up', startMs: 1_700_000_000_000, endMs: 1_700_000_060_000, stepMs: 15_000, durationMs: 12, samples: 7, error: '',
  origin: { httpRequest: { clientIP: '127.0.0.1', method: 'GET', path: '/api/v1/query_range' } },
} as const // prettier-ignore

test('a line per query in the form of Prometheus; a reload opens the file anew', async () => {
  const log = new QueryLog(silentLogger)
  const file = join(folder, 'q.log')
  log.write(asked)
  log.setFile(file)
  log.write(asked)
  const lines = (path: string): unknown[] => readFileSync(path, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)) // prettier-ignore
  await vi.waitFor(() => expect(lines(file)).toHaveLength(1), 5000)
  expect(lines(file)[0]).toMatchObject({
    level: 'INFO',
    msg: 'promql query logged',
    params: { query: 'up', start: '2023-11-14T22:13:20.000Z', end: '2023-11-14T22:14:20.000Z', step: 15 },
    stats: { timings: { execTotalTime: 0.012 }, samples: { totalQueryableSamples: 7 } },
    httpRequest: { clientIP: '127.0.0.1', method: 'GET', path: '/api/v1/query_range' },
  })
  renameSync(file, `${file}.1`)
  log.setFile(file)
  log.write({ ...asked, error: 'too slow', origin: { ruleGroup: { file: 'r.yml', name: 'g' } } })
  await vi.waitFor(() => expect(lines(file)).toHaveLength(1), 5000)
  expect(lines(file)[0]).toMatchObject({ error: 'too slow', ruleGroup: { file: 'r.yml', name: 'g' } })
  expect(lines(`${file}.1`)).toHaveLength(1)
  log.setFile('')
  expect(log.isOn).toBe(false)
})

test('a file that cannot be written ends the log, not the server', async () => {
  const log = new QueryLog(silentLogger)
  log.setFile(join(folder, 'missing', 'q.log'))
  await vi.waitFor(() => expect(log.isOn).toBe(false), 5000)
  log.write(asked)
})
