import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readGrafanaConfig } from './grafana-config.ts'

const read = (environment: Record<string, string>): ReturnType<typeof readGrafanaConfig> =>
  readGrafanaConfig({ file: undefined, environment })

test('the variables of the documents', () => {
  const { settings, notices } = read({
    GF_SECURITY_ADMIN_PASSWORD: 'admin123',
    GF_USERS_ALLOW_SIGN_UP: 'false',
    GF_INSTALL_PLUGINS: 'grafana-piechart-panel',
  })
  expect(settings).toMatchObject({ adminLogin: 'admin', adminPassword: 'admin123', anonymousRole: undefined })
  expect(notices).toEqual([])
})

test('GRAFANA_PASSWORD stands in where Grafana has none of its own', () => {
  expect(read({ GRAFANA_PASSWORD: 'a' }).settings.adminPassword).toBe('a')
  expect(read({ GRAFANA_PASSWORD: 'a', GF_SECURITY_ADMIN_PASSWORD: 'b' }).settings.adminPassword).toBe('b')
})

test('what has no effect is said, what would be believed is refused', () => {
  const { notices } = read({
    GF_SMTP_ENABLED: 'true',
    GF_SERVER_HTTP_PORT: '3000',
    GF_INSTALL_PLUGINS: 'a-treemap',
  })
  expect(notices.toSorted()).toEqual([
    expect.stringMatching(/^GF_INSTALL_PLUGINS: a-treemap is not installed/),
    'GF_SERVER_HTTP_PORT: server.http_port has no effect: use --listen.grafana=:PORT',
    'GF_SMTP_ENABLED: smtp.enabled has no effect',
  ])
  expect(() => read({ GF_AUTH_LDAP_ENABLED: 'true' })).toThrow(
    /GF_AUTH_LDAP_ENABLED: auth.ldap.enabled: .*not supported yet/,
  )
  expect(() => read({ GF_AUTH_ANONYMOUS_ENABLED: 'true', GF_AUTH_ANONYMOUS_ORG_ROLE: 'King' })).toThrow(
    /"King", expected/,
  )
})

test('a grafana.ini, variables over it, secrets in files, faults with their place', () => {
  const directory = mkdtempSync(join(tmpdir(), 'grafana-config-'))
  const file = join(directory, 'grafana.ini')
  try {
    writeFileSync(join(directory, 'pw'), 'from file\n')
    writeFileSync(
      file,
      `; comment\n[security]\nadmin_user = boss\nadmin_password = $__file{${directory}/pw}\n[paths]\nprovisioning = "/p"\n`,
    )
    const { settings } = readGrafanaConfig({ file, environment: { GF_SECURITY_ADMIN_USER: 'chief' } })
    expect(settings).toMatchObject({ adminLogin: 'chief', adminPassword: 'from file', provisioning: '/p' })
    writeFileSync(file, '[security]\n  nonsense\n')
    expect(() => readGrafanaConfig({ file, environment: {} })).toThrow(
      /grafana\.ini:2:3: security: "nonsense" is neither/,
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})
