import { readFileSync } from 'node:fs'
import { type Role, parseRole } from '@promontory/access'
import { ConfigError } from '@promontory/base/yaml'

/** What of Grafana's configuration has an effect here. */
export interface GrafanaSettings {
  readonly adminLogin: string
  readonly adminPassword: string | undefined
  readonly secretKey: string | undefined
  readonly anonymousRole: Role | undefined
  readonly provisioning: string | undefined
  readonly homeFile: string | undefined
}

export interface GrafanaConfigInput {
  /** `--grafana.config`: a grafana.ini. */
  readonly file: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

interface Setting {
  /** `security.admin_user` */
  readonly name: string
  readonly value: string
  /** `grafana.ini:12:1` or the variable's name. */
  readonly place: string
}

/** Settings that mean something here. Those with a text are taken and said to have no effect. */
const KNOWN: Readonly<Record<string, 'works' | string>> = {
  'security.admin_user': 'works',
  'security.admin_password': 'works',
  'security.secret_key': 'works',
  'paths.provisioning': 'works',
  'dashboards.default_home_dashboard_path': 'works',
  'users.allow_sign_up': 'works',
  'auth.anonymous.enabled': 'works',
  'auth.anonymous.org_role': 'works',
  'users.default_theme': 'each browser chooses its theme',
  'server.http_port': 'use --listen.grafana=:PORT',
  'server.http_addr': 'use --listen.grafana=HOST:PORT',
  'server.root_url': 'use --web.external-url',
  'server.serve_from_sub_path': 'use --web.route-prefix',
  'server.domain': 'use --web.external-url',
  'database.type': 'use --state.database',
  'database.url': 'use --state.database',
  'database.host': 'use --state.database',
}

/** Ways of signing in that are not there yet: switching one on is refused, so that nobody believes it works. */
const REFUSED_SECTIONS =
  /^auth\.(ldap|saml|jwt|proxy|generic_oauth|google|github|gitlab|azuread|okta|grafana_com)\.enabled$/

/** `GF_INSTALL_PLUGINS=grafana-piechart-panel`: panels of these plugins are drawn without one. */
const BUILT_IN_PLUGINS = new Set([
  'grafana-piechart-panel',
  'grafana-singlestat-panel',
  'grafana-worldmap-panel',
])

/**
 * Reads a grafana.ini and the `GF_<SECTION>_<KEY>` variables over it.
 * @throws ConfigError with file, line and column
 */
export function readGrafanaConfig(input: GrafanaConfigInput): {
  settings: GrafanaSettings
  notices: string[]
} {
  const notices: string[] = []
  const settings = new Map<string, Setting>()
  const all = [
    ...(input.file === undefined ? [] : parseIni(readFileSync(input.file, 'utf8'), input.file)),
    ...fromEnvironment(input.environment, notices),
  ]
  for (const setting of all) {
    settings.set(setting.name, setting)
    const effect = KNOWN[setting.name]
    if (REFUSED_SECTIONS.test(setting.name) && isTrue(setting.value))
      throw new Error(`${setting.place}: ${setting.name}: this way of signing in is not supported yet`)
    if (effect === undefined) notices.push(`${setting.place}: ${setting.name} has no effect`)
    else if (effect !== 'works') notices.push(`${setting.place}: ${setting.name} has no effect: ${effect}`)
  }
  const value = (name: string): string | undefined => settings.get(name)?.value || undefined
  const signUp = settings.get('users.allow_sign_up')
  if (signUp !== undefined && isTrue(signUp.value))
    notices.push(`${signUp.place}: users.allow_sign_up has no effect: administrators make the users`)
  return {
    settings: {
      adminLogin: value('security.admin_user') ?? 'admin',
      adminPassword: value('security.admin_password'),
      secretKey: value('security.secret_key'),
      anonymousRole: anonymousRole(settings),
      provisioning: value('paths.provisioning'),
      homeFile: value('dashboards.default_home_dashboard_path'),
    },
    notices,
  }
}

function anonymousRole(settings: ReadonlyMap<string, Setting>): Role | undefined {
  if (!isTrue(settings.get('auth.anonymous.enabled')?.value ?? '')) return undefined
  const setting = settings.get('auth.anonymous.org_role')
  const role = parseRole(setting?.value ?? 'Viewer')
  if (role === undefined)
    throw new Error(
      `${setting!.place}: auth.anonymous.org_role is "${setting!.value}", expected Viewer, Editor or Admin`,
    )
  return role
}

function isTrue(text: string): boolean {
  return /^(true|yes|on|1)$/i.test(text)
}

/** Lines `[section]`, `key = value`, comments with `;` or `#`. @throws ConfigError */
function parseIni(text: string, file: string): Setting[] {
  const settings: Setting[] = []
  let section = ''
  text.split(/\r?\n/).forEach((whole, index) => {
    const line = whole.trim()
    const position = {
      file,
      line: index + 1,
      column: whole.length - whole.trimStart().length + 1,
      path: section,
    }
    if (line === '' || line.startsWith(';') || line.startsWith('#')) return
    const header = /^\[([^\]]+)\]$/.exec(line)
    if (header !== null) {
      section = header[1]!.trim()
      return
    }
    const at = line.indexOf('=')
    if (at <= 0) throw new ConfigError(position, `"${line}" is neither [section] nor key = value`)
    const value = line
      .slice(at + 1)
      .trim()
      .replace(/^(["'`])(.*)\1$/, '$2')
    const name = `${section}.${line.slice(0, at).trim()}`
    settings.push({ name, value: expandFile(value), place: `${file}:${position.line}:${position.column}` })
  })
  return settings
}

function expandFile(value: string): string {
  const file = /^\$__file\{(.+)\}$/.exec(value)?.[1]
  if (file !== undefined) return readFileSync(file, 'utf8').trim()
  return value.replace(
    /^\$\{(\w+)\}$|^\$__env\{(\w+)\}$/,
    (_, a: string, b: string) => process.env[a ?? b] ?? '',
  )
}

/** Sections whose names have parts, longest first: `GF_AUTH_ANONYMOUS_ENABLED` is `auth.anonymous.enabled`. */
const SECTIONS = [
  'auth.generic_oauth', 'auth.grafana_com', 'auth.anonymous', 'auth.azuread', 'auth.github', 'auth.gitlab', 'auth.google',
  'auth.basic', 'auth.proxy', 'auth.ldap', 'auth.saml', 'auth.okta', 'auth.jwt', 'unified_alerting', 'feature_toggles',
  'date_formats', 'live', 'analytics', 'dashboards', 'datasources', 'dataproxy', 'database', 'security', 'explore', 'metrics',
  'plugins', 'alerting', 'server', 'users', 'paths', 'panels', 'smtp', 'log', 'auth', 'rendering',
] // prettier-ignore

function fromEnvironment(environment: GrafanaConfigInput['environment'], notices: string[]): Setting[] {
  const settings: Setting[] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith('GF_')) continue
    if (variable === 'GF_INSTALL_PLUGINS') {
      for (const plugin of value.split(',').map((text) => text.trim().split(' ')[0]!))
        if (plugin !== '' && !BUILT_IN_PLUGINS.has(plugin))
          notices.push(
            `GF_INSTALL_PLUGINS: ${plugin} is not installed: plugins are not run; its panels show their data as a table`,
          )
      continue
    }
    const isFile = variable.endsWith('__FILE')
    const rest = variable.slice(3).replace(/__FILE$/, '')
    const section = SECTIONS.find((name) => rest.startsWith(`${name.replaceAll('.', '_').toUpperCase()}_`))
    const name =
      section === undefined
        ? rest.toLowerCase()
        : `${section}.${rest.slice(section.length + 1).toLowerCase()}`
    settings.push({ name, value: isFile ? readFileSync(value, 'utf8').trim() : value, place: variable })
  }
  const fallback = environment['PROMONTORY_ADMIN_PASSWORD'] ?? environment['GRAFANA_PASSWORD']
  if (fallback !== undefined && !settings.some(({ name }) => name === 'security.admin_password'))
    settings.push({ name: 'security.admin_password', value: fallback, place: 'GRAFANA_PASSWORD' })
  return settings
}
