import { expect, test } from 'vitest'
import { bypassesProxy, proxyFor } from './no-proxy.ts'

test.each([
  ['', 'http://localhost:9090/', true], ['', 'http://127.0.0.2/', true], ['', 'http://[::1]/', true], ['', 'http://a.example.com/', false],
  ['*', 'http://a/', true], ['example.com', 'http://example.com/', true], ['example.com', 'http://a.example.com/', true],
  ['.example.com', 'http://example.com/', false], ['.example.com', 'http://a.example.com/', true], ['example.com', 'http://notexample.com/', false],
  ['example.com:9100', 'http://example.com:9100/', true], ['example.com:9100', 'http://example.com/', false], ['example.com:443', 'https://example.com/', true],
  ['10.0.0.0/8', 'http://10.1.2.3/', true], ['10.0.0.0/8', 'http://11.1.2.3/', false], ['10.0.0.1', 'http://10.0.0.1:80/', true],
  ['fd00::/8', 'http://[fd00::1]/', true], ['nonsense/x, b', 'http://b/', true],
])('no_proxy %j for %s: %s', (noProxy, url, want) => expect(bypassesProxy(noProxy, new URL(url))).toBe(want)) // prettier-ignore

test('the environment names proxies by scheme', () => {
  const config = { proxy_url: '', no_proxy: '', proxy_from_environment: true }
  const environment = { HTTP_PROXY: 'p:1', https_proxy: 'http://s:2', NO_PROXY: 'b' }
  const proxy = (url: string): string | undefined => proxyFor(new URL(url), config, environment)
  expect([proxy('http://a/'), proxy('https://a/'), proxy('http://b/')]).toEqual([
    'http://p:1',
    'http://s:2',
    undefined,
  ])
})
