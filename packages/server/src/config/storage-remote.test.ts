import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readStorageRemoteClient, storageRemote } from './storage-remote.ts'

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

const directory = mkdtempSync(join(tmpdir(), 'promontory-storage-remote-'))
afterAll(() => rmSync(directory, { recursive: true }))

function clientOf(text: string): ReturnType<typeof readStorageRemoteClient> {
  const file = join(directory, 'client.yml')
  writeFileSync(file, text)
  return readStorageRemoteClient(file)
}

test('credentials and headers go with writing, reading and labels', () => {
  const client = clientOf(
    'headers: { X-Scope-OrgID: "7" }\nauthorization: { credentials_file: token }\ntls_config: { insecure_skip_verify: true }\n',
  )
  const remote = storageRemote('mimir https://m/', client)
  for (const { headers, authorization, tls_config } of [remote.write, remote.read]) {
    expect(headers).toEqual({ 'X-Scope-OrgID': '7' })
    expect(authorization?.credentials_file).toBe(join(directory, 'token'))
    expect(tls_config?.insecure_skip_verify).toBe(true)
  }
  expect(remote.labelsUrl).toBe('https://m/prometheus/api/v1')
})

test.each([
  ['url: http://a\n', /client\.yml:1:1: .*field url not found/],
  ['headers: { Authorization: x }\n', /expected basic_auth, authorization or oauth2/],
  ['headers: { Host: x }\n', /Host is a reserved header/],
  ['basic_auth: { password: a, password_file: b }\n', /at most one of/],
])('refused: %s', (text, message) => expect(() => clientOf(text)).toThrow(message))
