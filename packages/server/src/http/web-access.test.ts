import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { afterAll, describe, expect, test } from 'vitest'
import { silentLogger } from '@promontory/base'
import { Listener } from './listener.ts'
import { readWebConfig } from './web-config.ts'
import { WebAccess } from './web-access.ts'

const directory = mkdtempSync(join(tmpdir(), 'promontory-web-'))
afterAll(() => rmSync(directory, { recursive: true }))
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

function file(text: string): string {
  const path = join(directory, `${Math.random()}.yml`)
  writeFileSync(path, text)
  return path
}

function certificate(name: string): { cert: string; key: string } {
  const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, ...subject]) // prettier-ignore
  return { cert, key }
}

test.each([
  ['tls_server_config: {cert_file: a}', /missing one of key or key_file/],
  ['tls_server_config: {cert_file: a, key_file: b, client_auth_type: Wrong}', /invalid value "Wrong"/],
  ['tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}', /without a Client Auth Policy/],
  ['basic_auth_users: {a: plain}', /:1:\d+: basic_auth_users.a: not a bcrypt hash/],
  ['http_server_config: {headers: {Server: x}}', /HTTP header "Server" can not be configured/],
  ['unknown: 1', /field unknown not found/],
])('%s is refused', (text, message) => {
  expect(() => readWebConfig(file(text))).toThrow(message)
})

describe('users', () => {
  const header = (pair: string) => ({
    headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
  })

  test.each(['$2a$', '$2b$', '$2y$'])('%s hashes are taken; who is not named, is not in', async (prefix) => {
    const hash = hashSync('secret', 4).replace(/^\$2.\$/, prefix)
    const access = new WebAccess(file(`basic_auth_users: {ada: '${hash}'}`), silentLogger)
    expect(await access.isUser(header('ada:secret'))).toBe(true)
    expect(await access.isUser(header('ada:secret'))).toBe(true)
    expect(await access.isUser(header('ada:wrong'))).toBe(false)
    expect(await access.isUser(header('bob:secret'))).toBe(false)
    expect(await access.isUser({ headers: {} })).toBe(false)
    await access.close()
  })

  test('are re-read, and what cannot be read leaves those that are', async () => {
    const path = file(`basic_auth_users: {ada: '${hashSync('one', 4)}'}`)
    const access = new WebAccess(path, silentLogger)
    writeFileSync(path, `basic_auth_users: {ada: '${hashSync('two', 4)}'}`)
    utimesSync(path, 1, 1)
    const until = Date.now() + 10_000
    while (!(await access.isUser(header('ada:two'))) && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await access.isUser(header('ada:two'))).toBe(true)
    expect(await access.isUser(header('ada:one'))).toBe(false)
    await access.close()
  })
})

describe.skipIf(!hasOpenssl)('TLS (skipped without openssl)', () => {
  interface Ask {
    readonly cert?: string
    readonly key?: string
  }
  async function ask(port: number, options: Ask = {}): Promise<string> {
    const { readFileSync } = await import('node:fs')
    const own =
      options.cert === undefined ? {} : { cert: readFileSync(options.cert), key: readFileSync(options.key!) }
    return new Promise((resolve) => {
      const asked = request(
        { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false, ...own },
        (response) => {
          response.resume()
          resolve(`${response.statusCode} ${response.headers['x-frame-options']}`)
        },
      )
      asked.on('error', () => resolve('refused'))
      asked.end()
    })
  }

  async function listening(text: string): Promise<{ port: number; close: () => Promise<void> }> {
    const web = new WebAccess(file(text), silentLogger)
    const listener = await Listener.open({
      address: '127.0.0.1:0',
      flag: 'web.listen-address',
      maxConnections: 10,
      readTimeoutMs: 5000,
      web,
      handler: (_request, response) => response.end('ok'),
    })
    expect(listener.url).toMatch(/^https:/)
    const close = async (): Promise<void> => {
      await Promise.all([listener.close(0), web.close()])
    }
    return { port: listener.port, close }
  }

  test('with headers', async () => {
    const { cert, key } = certificate('server')
    const { port, close } = await listening(
      `tls_server_config: {cert_file: ${cert}, key_file: ${key}}\nhttp_server_config: {headers: {X-Frame-Options: deny}}`,
    )
    expect(await ask(port)).toBe('200 deny')
    await close()
  })

  test('with certificates of clients, of certain names', async () => {
    const { cert, key } = certificate('server')
    const [good, other] = [certificate('good'), certificate('other')]
    const authority = join(directory, 'both.crt')
    const { readFileSync } = await import('node:fs')
    writeFileSync(authority, readFileSync(good.cert, 'utf8') + readFileSync(other.cert, 'utf8'))
    const { port, close } = await listening(
      `tls_server_config: {cert_file: ${cert}, key_file: ${key}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ${authority}, client_allowed_sans: [good]}`,
    )
    expect(await ask(port, good)).toMatch(/^200/)
    expect(await ask(port, other)).toBe('refused')
    expect(await ask(port)).toBe('refused')
    await close()
  })
})
