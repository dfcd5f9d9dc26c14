import { decodeYaml, printYaml } from '@promontory/base/yaml'
import { describe, expect, test } from 'vitest'
import { httpClientConfig } from './config-check.ts'
import { authorizationOf } from './config.ts'

const read = (yaml: string): ReturnType<typeof decodeYaml<ReturnType<typeof httpClientConfig.decode>>> =>
  decodeYaml(yaml, { file: '/etc/p/c.yml' }, httpClientConfig)

describe('what excludes each other is refused in upstream words', () => {
  test.each([
    ['{bearer_token: a, bearer_token_file: b}', 'at most one of bearer_token & bearer_token_file must be configured'],
    ['{basic_auth: {}, bearer_token: a}', 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured'],
    ['{basic_auth: {username: a, username_file: b}}', 'at most one of basic_auth username, username_file & username_ref must be configured'],
    ['{basic_auth: {password: a, password_file: b}}', 'at most one of basic_auth password, password_file & password_ref must be configured'],
    ['{authorization: {credentials: a}, bearer_token: b}', 'authorization is not compatible with bearer_token & bearer_token_file'],
    ['{authorization: {type: Basic}}', 'authorization type cannot be set to "basic", use "basic_auth" instead'],
    ['{authorization: {}, basic_auth: {}}', 'at most one of basic_auth, oauth2 & authorization must be configured'],
    ['{oauth2: {client_id: a}}', 'oauth2 token_url must be configured'],
    ['{tls_config: {cert_file: a}}', 'exactly one of key or key_file must be configured when a client certificate is configured'],
    ['{tls_config: {min_version: TLS14}}', '/etc/p/c.yml:1:28: tls_config.min_version: unknown TLS version: TLS14'],
    ['{no_proxy: a}', 'if no_proxy is configured, proxy_url must also be configured'],
    ['{http_headers: {Host: {values: [a]}}}', 'setting header "Host" is not allowed'],
    ['{basic_auth: {user: a}}', '/etc/p/c.yml:1:15: basic_auth: field user not found in type config.plain'],
  ])('%s', (yaml, want) => expect(() => read(yaml)).toThrow(want)) // prettier-ignore
})

test('files start from the folder of the configuration, secrets do not print', () => {
  const { value } = read(
    '{basic_auth: {username: u, password: p}, tls_config: {ca_file: ca.pem}, proxy_url: "http://a:b@c:1"}',
  )
  expect(value.tls_config?.ca_file).toBe('/etc/p/ca.pem')
  expect(value.basic_auth?.password.reveal()).toBe('p')
  expect(printYaml(httpClientConfig.encode(value)!)).toBe(
    'basic_auth:\n  username: u\n  password: <secret>\ntls_config:\n  ca_file: /etc/p/ca.pem\nfollow_redirects: true\nenable_http2: true\nproxy_url: http://a:xxxxx@c:1\n',
  )
})

test('bearer_token means authorization', () => {
  const authorization = authorizationOf(read('{bearer_token: t}').value)
  expect([authorization?.type, authorization?.credentials.reveal()]).toEqual(['Bearer', 't'])
})

test('what is not supported is named with its place', () => {
  const { notices } = read('basic_auth:\n  username: u\n  password_ref: x')
  expect(notices).toEqual([
    { kind: 'unsupported', file: '/etc/p/c.yml', line: 3, column: 17, path: 'basic_auth.password_ref', text: 'there is no secret manager, use password_file' },
  ]) // prettier-ignore
})
