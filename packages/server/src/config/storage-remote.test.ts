import { expect, test } from 'vitest'
import { storageRemote } from './storage-remote.ts'

test.each([
  ['prometheus http://a:9090/', 'http://a:9090/api/v1/write', 'http://a:9090/api/v1/read', undefined],
  ['mimir https://m', 'https://m/api/v1/push', 'https://m/prometheus/api/v1/read', undefined],
  ['victoriametrics http://v:8428', 'http://v:8428/api/v1/write', 'http://v:8428/api/v1/export', 'export'],
  [
    'thanos http://r:19291 http://q:10902',
    'http://r:19291/api/v1/receive',
    'http://q:10902/api/v1/query',
    'query',
  ],
])('%s', (text, write, read, by) => {
  const remote = storageRemote(text)
  expect([remote.write.url, remote.read.url, remote.readBy]).toEqual([write, read, by])
  expect(remote.write.queue_config.max_shards).toBe(50)
})

test.each([
  'influx http://a',
  'prometheus',
  'prometheus a:9090',
  'prometheus http://a http://b http://c',
  '',
])('refused: "%s"', (text) =>
  expect(() => storageRemote(text)).toThrow('expected "ENGINE URL", the engine one of prometheus, mimir'),
)
