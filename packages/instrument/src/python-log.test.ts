import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const hasPython = spawnSync('python3', ['--version']).status === 0
const PROGRAM = `
import logging, json_log
json_log.configure()
json_log.correlation_id.set("c1")
def segment_user():
    logging.getLogger("app.services").info("done for %s", "user", extra={"confidence": 0.92, "api_key": "x"})
segment_user()
`

test.skipIf(!hasPython)("Python's lines have the fields of the documents (skipped without python3)", () => {
  const folder = fileURLToPath(new URL('../python', import.meta.url))
  const { stderr } = spawnSync('python3', ['-B', '-c', PROGRAM], {
    env: { ...process.env, PYTHONPATH: folder },
  })
  const line = JSON.parse(stderr.toString()) as Record<string, unknown>
  expect(Object.keys(line).slice(0, 7)).toEqual([
    'timestamp',
    'level',
    'logger',
    'message',
    'module',
    'function',
    'line',
  ])
  expect(line).toMatchObject({
    level: 'INFO',
    message: 'done for user',
    function: 'segment_user',
    confidence: 0.92,
    api_key: '[redacted]',
    correlation_id: 'c1',
  })
})
