import { expect, test } from 'vitest'
import { type Clock, silentLogger } from '@promontory/base'
import { StateDatabase } from '@promontory/state'
import { Access, type AccessOptions, type Credentials } from './access.ts'
import { includesRole } from './identity.ts'

const here: Credentials = {
  authorization: undefined,
  session: undefined,
  client: '127.0.0.1',
  isLoopback: true,
}
const outside: Credentials = { ...here, client: '192.0.2.9', isLoopback: false }
const browser = { client: '192.0.2.9', isLoopback: false, agent: 'test' }
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

interface Opened {
  readonly access: Access
  readonly state: StateDatabase
  readonly advance: (ms: number) => void
}

async function opened(
  work: (opened: Opened) => Promise<void>,
  options: Partial<AccessOptions> = {},
): Promise<void> {
  let nowMs = 1_700_000_000_000
  const clock = { nowMs: () => nowMs } as Clock
  const state = await StateDatabase.open({ kind: 'sqlite', file: ':memory:' })
  const access = await Access.open({
    state,
    clock,
    logger: silentLogger,
    adminLogin: 'admin',
    adminPassword: undefined,
    anonymousRole: undefined,
    ...options,
  })
  try {
    await work({ access, state, advance: (ms) => (nowMs += ms) })
  } finally {
    await access.close()
    await state.close()
  }
}

test('without a password this machine is the administrator, and nobody else comes in', () =>
  opened(async ({ access }) => {
    expect(await access.identify(here)).toMatchObject({
      kind: 'local',
      login: 'admin',
      role: 'Admin',
      isServerAdmin: true,
    })
    expect(await access.identify(outside)).toBeUndefined()
    await expect(access.login('admin', 'admin', browser)).rejects.toMatchObject({ refusal: 'wrong-password' })
    const { identity } = await access.login('admin', 'admin', { ...browser, isLoopback: true })
    expect(identity.login).toBe('admin')
  }))

test('the first visit chooses a password, once, and not the one that everybody knows', () =>
  opened(async ({ access }) => {
    await expect(access.setUp('admin')).rejects.toMatchObject({ refusal: 'invalid' })
    await access.setUp('correct horse')
    expect(await access.identify(here)).toBeUndefined()
    await expect(access.setUp('another')).rejects.toMatchObject({ refusal: 'forbidden' })
    expect(await access.identify({ ...outside, authorization: basic('admin:correct horse') })).toMatchObject({
      kind: 'user',
    })
  }))

test('a given password is in force, also after it was changed; "admin" is good on this machine only', () =>
  opened(
    async ({ access }) => {
      const authorization = basic('admin:admin')
      expect(await access.identify({ ...here, authorization })).toMatchObject({ login: 'admin' })
      await expect(access.identify({ ...outside, authorization })).rejects.toThrow(/own machine only/)
      await expect(access.identify({ ...here, authorization: basic('admin:x') })).rejects.toMatchObject({
        refusal: 'wrong-password',
      })
    },
    { adminPassword: 'admin' },
  ))

test('sessions come, are prolonged, end; only their hash is stored', () =>
  opened(
    async ({ access, state, advance }) => {
      const { token } = await access.login('admin', 'pass1', browser)
      const asked = { ...outside, session: token }
      expect(await access.identify(asked)).toMatchObject({ login: 'admin' })
      expect(await access.identify({ ...outside, session: 'x' })).toBeUndefined()
      const rows = await state
        .tables<{ session: { token_hash: string } }>()
        .selectFrom('session')
        .selectAll()
        .execute()
      expect(JSON.stringify(rows)).not.toContain(token)
      advance(6 * 86_400_000)
      await access.changed()
      expect(await access.identify(asked)).toBeDefined()
      advance(8 * 86_400_000)
      await access.changed()
      expect(await access.identify(asked)).toBeUndefined()
      const again = await access.login('admin', 'pass1', browser)
      await access.logout(again.token)
      expect(await access.identify({ ...outside, session: again.token })).toBeUndefined()
    },
    { adminPassword: 'pass1' },
  ))

test('tokens of service accounts have a role, expire, and are stored as hashes', () =>
  opened(async ({ access, state, advance }) => {
    const account = await access.serviceAccounts.create('CI', 'Editor', false)
    const { key, id } = await access.serviceAccounts.createToken(account.id, 'deploy', 3600)
    expect(key).toMatch(/^glsa_/)
    const asked = { ...outside, authorization: `Bearer ${key}` }
    expect(await access.identify(asked)).toMatchObject({ kind: 'service', login: 'sa-1-ci', role: 'Editor' })
    const rows = await state
      .tables<{ api_token: { token_hash: string } }>()
      .selectFrom('api_token')
      .selectAll()
      .execute()
    expect(JSON.stringify(rows)).not.toContain(key.slice(5))
    advance(3_600_001)
    await access.changed()
    await expect(access.identify(asked)).rejects.toMatchObject({ refusal: 'wrong-password' })
    await access.serviceAccounts.deleteToken(account.id, id)
    const lasting = await access.serviceAccounts.createToken(account.id, 'deploy', 0)
    await access.serviceAccounts.change(account.id, { isDisabled: true })
    const disabled = access.identify({ ...outside, authorization: `Bearer ${lasting.key}` })
    await expect(disabled).rejects.toMatchObject({ refusal: 'wrong-password' })
  }))

test('guessing has to wait, also for the right password, and another account does not', () =>
  opened(
    async ({ access, advance }) => {
      await access.accounts.create({
        login: 'b',
        email: '',
        name: '',
        password: 'pass2',
        role: 'Viewer',
        isAdmin: false,
      })
      for (let n = 0; n < 5; n++)
        await expect(access.login('admin', `guess${n}`, browser)).rejects.toMatchObject({
          refusal: 'wrong-password',
        })
      await expect(access.login('admin', 'pass1', browser)).rejects.toMatchObject({
        refusal: 'too-many',
        retryAfterSeconds: 300,
      })
      expect((await access.login('b', 'pass2', browser)).identity.role).toBe('Viewer')
      advance(5 * 60_000)
      expect((await access.login('admin', 'pass1', browser)).identity.role).toBe('Admin')
      const lines = await access.audit.query({
        fromMs: undefined,
        toMs: undefined,
        login: 'admin',
        action: 'login',
        resource: undefined,
        limit: 10,
      })
      expect(lines.map((line) => line.result)).toEqual([
        'success',
        ...Array.from({ length: 6 }, () => 'failure'),
      ])
    },
    { adminPassword: 'pass1' },
  ))

test('the last administrator stays', () =>
  opened(async ({ access }) => {
    const [admin] = await access.accounts.list()
    await expect(access.accounts.delete(admin!.id)).rejects.toMatchObject({ refusal: 'forbidden' })
    await expect(access.accounts.change(admin!.id, { isDisabled: true })).rejects.toMatchObject({
      refusal: 'forbidden',
    })
  }))

test('those who show nothing are anonymous where that was asked for', () =>
  opened(
    async ({ access }) => {
      expect(await access.identify(outside)).toMatchObject({
        kind: 'anonymous',
        role: 'Viewer',
        isServerAdmin: false,
      })
    },
    { anonymousRole: 'Viewer', adminPassword: 'pass1' },
  ))

test('a password that bcrypt would cut is refused', () =>
  opened(async ({ access }) => {
    await expect(access.setUp('x'.repeat(73))).rejects.toThrow(/longer than 72 bytes/)
    await expect(access.setUp('abc')).rejects.toThrow(/at least 4/)
  }))

test.each([
  ['Viewer', 'Viewer', true],
  ['Viewer', 'Editor', false],
  ['Admin', 'Editor', true],
  ['None', 'Viewer', false],
] as const)('%s includes %s: %s', (role, wanted, answer) => expect(includesRole(role, wanted)).toBe(answer))
