import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigErrors } from '@promontory/base/yaml'
import { expect, test } from 'vitest'
import { loadAlertmanagerConfig } from './alertmanager-config.ts'

const shared = process.env.PROMONTORY_SHARED ?? join(import.meta.dirname, '../../../../../shared')
const corpus = join(shared, 'corpus/alertmanager')
const load = (text: string) => loadAlertmanagerConfig(text, 'am.yml')

interface Expectation {
  readonly result: 'ok' | 'error'
  readonly errorContains?: readonly string[]
}

const cases: [string, Expectation][] = existsSync(corpus)
  ? Object.entries(
      JSON.parse(readFileSync(join(corpus, 'expected.json'), 'utf8')) as Record<string, Expectation>,
    )
  : []

test.skipIf(cases.length === 0)(
  `public configurations get upstream's verdict (${cases.length || 'skipped: no shared corpus'} files)`,
  () => {
    const deviations: string[] = []
    for (const [name, { result, errorContains = [] }] of cases) {
      const text = readFileSync(join(corpus, name), 'utf8')
      try {
        const { original } = load(text)
        if (result === 'error') deviations.push(`${name}: loaded, expected ${errorContains}`)
        // What we print must load again, except where a hidden secret stands for a pair.
        loadAlertmanagerConfig(original, 'printed.yml')
      } catch (error) {
        if (!(error instanceof ConfigErrors)) throw error
        if (result === 'ok') deviations.push(`${name}: ${error.message}`)
        for (const part of errorContains)
          if (!error.message.includes(part)) deviations.push(`${name}: ${error.message}; expected ${part}`)
      }
    }
    expect(deviations).toEqual([])
  },
)

const RECEIVER = 'route: {receiver: r}\nreceivers:\n- name: r\n'

test.each([
  ['', 'no route provided in config'],
  ['route: {receiver: r}', 'undefined receiver "r" used in route'],
  ['route: {}\nreceivers: []', 'root route must specify a default receiver'],
  ['route: {receiver: r, matchers: [a=b]}\nreceivers: [{name: r}]', 'root route must not have any matchers'],
  ['route: {receiver: r, routes: [{matchers: ["a=~("]}]}\nreceivers: [{name: r}]', 'missing closing )'],
  [`${RECEIVER}  foo_configs: []`, 'field foo_configs not found in type config.plain'],
  [`${RECEIVER}  email_configs: [{to: a@b}]`, 'no global SMTP smarthost set'],
  [`${RECEIVER}  webhook_configs: [{url: "ftp://x"}]`, 'invalid URL: unsupported scheme "ftp" for URL'],
  [`${RECEIVER}  webhook_configs: [{url: "http://x", timeout: 5}]`, 'time: invalid duration "5"'],
  ['route: {receiver: r}\nreceivers: [{name: r}]\ntime_intervals: [{name: x, time_intervals: [{weekdays: [funday]}]}]', 'funday is not a valid weekday'],
  ['route: {receiver: r}\nreceivers: [{name: r}]\ntime_intervals: [{name: x, time_intervals: [{times: [{start_time: "17:00", end_time: "09:00"}]}]}]', 'start time cannot be equal or greater than end time'],
  ['route: {receiver: r}\nreceivers: [{name: r}]\ntime_intervals: [{name: x, time_intervals: [{location: Mars/Base}]}]', 'unknown time zone Mars/Base'],
])('refused: %j', (text, want) => {
  expect(() => load(text)).toThrow(ConfigErrors)
  expect(() => load(text)).toThrow(want)
}) // prettier-ignore

test('globals are handed down', () => {
  const { config } = load(`
global: {smtp_smarthost: 'mail:25', smtp_from: a@b, smtp_auth_password: pw, opsgenie_api_key: k}
${RECEIVER}  email_configs: [{to: c@d}]
  opsgenie_configs: [{}]
`)
  const [receiver] = config.receivers
  expect(receiver!.email_configs[0]).toMatchObject({ smarthost: { host: 'mail', port: 25 }, from: 'a@b', hello: 'localhost', require_tls: true })
  expect(receiver!.email_configs[0]!.auth_password.reveal()).toBe('pw')
  expect(receiver!.opsgenie_configs[0]).toMatchObject({ api_url: 'https://api.opsgenie.com/' })
}) // prettier-ignore

test('common mistakes are mended with a warning', () => {
  const { config, notices, cluster } = load(`
global: {smtp_smarthost: 'mail:25', smtp_from: a@b}
cluster: {listen_address: ':9094'}
${RECEIVER}  email_configs: [{to: c@d, subject: 'S {{ .Status }}', body: B}]
  slack_configs: [{api_url: YOUR_SLACK_WEBHOOK, channel: '#a'}]
`)
  expect(cluster).toEqual({ listen_address: ':9094' })
  const [receiver] = config.receivers
  expect(receiver!.email_configs[0]).toMatchObject({ headers: { Subject: 'S {{ .Status }}' }, text: 'B', html: 'B' })
  expect(notices.map(({ kind, line, text }) => `${kind} ${line} ${text.slice(0, 36)}`)).toEqual([
    'warning 7 email_configs has no field subject; ',
    'warning 7 email_configs has no field body; tak',
    'warning 8 api_url is not a URL, so this Slack ',
    'warning 3 field cluster does not belong into a',
  ])
}) // prettier-ignore

test('receivers without delivery are named; secrets do not print', () => {
  const { notices, original } = load(`${RECEIVER}  webhook_configs: [{url: 'http://secret.example/x'}]
  wechat_configs: [{api_secret: secret.example, corp_id: c, agent_id: '1'}]
`)
  expect(notices).toMatchObject([{ kind: 'unsupported', text: expect.stringContaining('delivery to wechat is not supported') }])
  expect(original).not.toContain('secret.example')
  expect(original).toContain('<secret>')
}) // prettier-ignore

test('UTF-8 names in group_by, equal and matchers', () => {
  const yaml = `route: {receiver: r, group_by: [service.name, 'ü'], routes: [{matchers: ['"service.name"="x"'], receiver: r}]}
receivers: [{name: r}]
inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d], equal: [k8s.pod]}]
`
  const { config } = loadAlertmanagerConfig(yaml, 'am.yml')
  expect(config.route.group_by).toEqual(['service.name', 'ü'])
  expect(config.route.routes[0]!.matchers[0]!.name).toBe('service.name')
  const classic = 'route: {receiver: r, group_by: [service.name]}\nreceivers: [{name: r}]'
  expect(() => loadAlertmanagerConfig(classic, 'am.yml', 'classic')).toThrow(
    'invalid label name "service.name" in group_by list',
  )
})
