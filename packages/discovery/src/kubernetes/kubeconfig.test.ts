import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readKubeconfig } from './kubeconfig.ts'

const folder = mkdtempSync(join(tmpdir(), 'promontory-kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(users: string, cluster = 'server: https://a:6443/', context = 'here'): string {
  const path = join(folder, 'config')
  writeFileSync(
    path,
    `current-context: ${context}\ncontexts: [{name: here, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {${cluster}}}]\nusers: [{name: u, user: {${users}}}]\n`,
  )
  return path
}

test('data in place of files, and what proves who we are', async () => {
  const data = Buffer.from('PEM').toString('base64')
  const { server, http } = await readKubeconfig(
    file(
      `client-certificate-data: ${data}, client-key-data: ${data}, token: abc`,
      `server: "https://a:6443/", certificate-authority-data: ${data}, tls-server-name: b, insecure-skip-tls-verify: true, proxy-url: "http://p:1"`,
    ),
  )
  expect(server).toBe('https://a:6443')
  expect(http.tls_config).toMatchObject({
    ca: 'PEM',
    cert: 'PEM',
    server_name: 'b',
    insecure_skip_verify: true,
  })
  expect([http.tls_config!.key.reveal(), http.bearer_token.reveal(), http.proxy_url]).toEqual(['PEM', 'abc', 'http://p:1']) // prettier-ignore
  const basic = (await readKubeconfig(file('username: me, password: pw'))).http.basic_auth
  expect([basic?.username, basic?.password.reveal()]).toEqual(['me', 'pw'])
})

test.each([
  [/users with auth-provider are not supported/, 'auth-provider: {name: gcp}', undefined, undefined],
  [
    /exec: apiVersion "" is not supported, expected client.authentication.k8s.io\/v1 or/,
    'exec: {command: aws}',
    undefined,
    undefined,
  ],
  [
    /interactiveMode must be specified/,
    'exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}',
    undefined,
    undefined,
  ],
  [
    /wants a terminal/,
    'exec: {command: aws, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}',
    undefined,
    undefined,
  ],
  [/has no server, expected https:\/\/host:port, got "a:1"/, 'token: a', 'server: "a:1"', undefined],
  [/contexts has no "gone"/, 'token: a', undefined, 'gone'],
])('refused by name %#', async (fault, users, cluster, context) => {
  await expect(readKubeconfig(file(users, cluster, context))).rejects.toThrow(fault)
})
