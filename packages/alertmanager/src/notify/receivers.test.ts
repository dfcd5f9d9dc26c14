import { createServer } from 'node:net'
import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { Labels } from '@promontory/model'
import { SMTPServer } from 'smtp-server'
import { expect, onTestFinished, test } from 'vitest'
import { Alertmanager } from '../alertmanager.ts'
import { HttpReceiver } from '../testing/http-receiver.ts'
import { PushoverIntegration } from './pushover.ts'
import { truncateHtml } from './telegram.ts'
import { truncateBytes } from './webex.ts'

const START_MS = Date.UTC(2024, 0, 1)

/** Lets one receiver tell one alert (then its end, when asked) and gives the requests that came. */
async function told(
  receiver: string,
  options: { resolve?: boolean; http?: HttpReceiver; expected?: number } = {},
) {
  const http = options.http ?? (await HttpReceiver.open())
  const clock = new FakeClock(START_MS)
  const alertmanager = new Alertmanager({
    clock,
    logger: silentLogger,
    registry: new Registry(),
    externalUrl: 'http://am',
  })
  onTestFinished(async () => {
    await alertmanager.stop()
    await http.close()
  })
  const yaml = `
global: {opsgenie_api_url: 'URL/og', victorops_api_url: 'URL/vo', telegram_api_url: 'URL/tg', pagerduty_url: 'URL/pd'}
route: {receiver: r, group_by: [alertname], group_wait: 1s, group_interval: 5s}
receivers: [{name: r, ${receiver}}]
`
  await alertmanager.applyConfig(alertmanager.prepareConfig(yaml.replaceAll('URL', http.url), 'am.yml'))
  const alert = {
    labels: Labels.from({ alertname: 'Disk', severity: 'critical' }),
    annotations: Labels.from({ summary: 'full <&>' }),
    startsAtMs: START_MS,
    endsAtMs: START_MS + 3_600_000,
    generatorUrl: 'http://p/g',
  }
  alertmanager.send([alert])
  await clock.advance(1000)
  await http.waitFor(options.expected ?? 1)
  await clock.advance(0)
  if (options.resolve) {
    http.requests.length = 0
    alertmanager.send([{ ...alert, endsAtMs: clock.nowMs() }])
    await clock.advance(5000)
    await http.waitFor(1)
  }
  return {
    alertmanager,
    requests: http.requests.map(({ method, path, headers, body }) => ({
      method,
      path,
      authorization: headers.authorization,
      json: body.startsWith('{') ? (JSON.parse(body) as unknown) : body,
    })),
  }
}

const SUBJECT = '[FIRING:1] Disk (critical)'
const LINK = 'http://am/#/alerts?receiver=r'
const LIST =
  'Labels:\n - alertname = Disk\n - severity = critical\nAnnotations:\n - summary = full <&>\nSource: http://p/g\n'

test('Slack webhook', async () => {
  const { requests } = await told(
    `slack_configs: [{api_url: 'URL/s', channel: '#a', fields: [{title: T, value: '{{ .Status }}'}]}]`,
  )
  expect(requests).toMatchObject([
    {
      path: '/s',
      json: {
        channel: '#a',
        username: 'Alertmanager',
        attachments: [
          {
            title: SUBJECT, title_link: LINK, fallback: `${SUBJECT} | ${LINK}`, color: 'danger',
            text: '', callback_id: '', footer: '', fields: [{ title: 'T', value: 'firing', short: false }], mrkdwn_in: ['fallback', 'pretext', 'text'],
          },
        ],
      },
    },
  ]) // prettier-ignore
})

test('Slack: 200 with ok:false is a failure; a placeholder is told as not configured', async () => {
  const http = await HttpReceiver.open()
  http.answer = { status: 200, body: '{"ok":false,"error":"channel_not_found"}', contentType: 'application/json' }
  const { alertmanager, requests } = await told(`slack_configs: [{app_token: xoxb, app_url: 'URL/app', channel: '#a'}]`, { http })
  expect(requests[0]).toMatchObject({ path: '/app', authorization: 'Bearer xoxb' })
  expect(alertmanager.history.events()[0]).toMatchObject({ kind: 'failed', detail: expect.stringContaining('error response from Slack: channel_not_found') })
  const other = await told(`slack_configs: [{api_url: YOUR_SLACK_WEBHOOK}]`, { expected: 0 })
  expect(other.alertmanager.history.events()[0]).toMatchObject({ kind: 'failed', detail: expect.stringContaining('not configured') })
}) // prettier-ignore

test('PagerDuty v2 and v1, trigger and resolve', async () => {
  const v2 = await told(
    `pagerduty_configs: [{routing_key: k, details: {n: '{{ .Alerts | len }}'}, links: [{href: 'http://l', text: t}]}]`,
  )
  expect(v2.requests).toMatchObject([
    {
      path: '/pd',
      json: {
        routing_key: 'k', event_action: 'trigger', dedup_key: expect.stringMatching(/^[0-9a-f]{64}$/),
        payload: { summary: SUBJECT, source: 'Alertmanager', severity: 'error', custom_details: { n: 1, num_firing: 1, num_resolved: 0 } },
        client: 'Alertmanager', client_url: LINK, links: [{ href: 'http://l', text: 't' }],
      },
    },
  ]) // prettier-ignore
  const v1 = await told(`pagerduty_configs: [{service_key: k}]`, { resolve: true })
  expect(v1.requests).toMatchObject([
    { json: { service_key: 'k', event_type: 'resolve', description: '[RESOLVED] Disk (critical)' } },
  ])
})

test('Opsgenie creates, updates and closes by alias', async () => {
  const create = await told(
    `opsgenie_configs: [{api_key: k, tags: 'a,,b', update_alerts: true, responders: [{name: 'x,y', type: teams}]}]`,
    { expected: 3 },
  )
  expect(
    create.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{64}/, 'ALIAS')}`),
  ).toEqual([
    'POST /og/v2/alerts',
    'PUT /og/v2/alerts/ALIAS/message?identifierType=alias',
    'PUT /og/v2/alerts/ALIAS/description?identifierType=alias',
  ])
  expect(create.requests[0]).toMatchObject({
    authorization: 'GenieKey k',
    json: {
      message: SUBJECT, description: `full <&>\nAlerts Firing:\n${LIST}\n`, tags: ['a', 'b'], source: LINK,
      details: { alertname: 'Disk' }, responders: [{ name: 'x', type: 'team' }, { name: 'y', type: 'team' }],
    },
  }) // prettier-ignore
  const close = await told(`opsgenie_configs: [{api_key: k}]`, { resolve: true })
  expect(close.requests[0]!.path).toMatch(/\/close\?identifierType=alias$/)
})

test('VictorOps, Telegram, Discord, Teams, incident.io', async () => {
  const victorops = await told(`victorops_configs: [{api_key: k, routing_key: '{{ .Status }}', custom_fields: {x: y}}]`)
  expect(victorops.requests).toMatchObject([
    { path: '/vo/k/firing', json: { message_type: 'CRITICAL', entity_display_name: SUBJECT, x: 'y', state_message: `full <&>\nAlerts Firing:\n${LIST}\n` } },
  ])
  const telegram = await told(`telegram_configs: [{bot_token: t, chat_id: -5}]`)
  expect(telegram.requests).toMatchObject([{ path: '/tg/bott/sendMessage', json: { chat_id: '-5', parse_mode: 'HTML', text: expect.stringContaining('full &lt;&amp;&gt;') } }])
  const discord = await told(`discord_configs: [{webhook_url: 'URL/d', username: u}]`)
  expect(discord.requests).toMatchObject([{ json: { content: '', username: 'u', embeds: [{ title: SUBJECT, description: `\n\nAlerts Firing:\n${LIST}\n\n\n`, color: 10038562 }] } }])
  const teams = await told(`msteams_configs: [{webhook_url: 'URL/t'}]`)
  expect(teams.requests).toMatchObject([{ json: { type: 'MessageCard', title: SUBJECT, summary: SUBJECT, themeColor: '8C1A1A' } }])
  const teams2 = await told(`msteamsv2_configs: [{webhook_url: 'URL/t', text: x}]`)
  expect(teams2.requests).toMatchObject([{ json: { type: 'message', attachments: [{ contentUrl: null, content: { body: [{ text: SUBJECT, color: 'Attention' }, { text: 'x' }] } }] } }])
  const incidentio = await told(`incidentio_configs: [{url: 'URL/i', alert_source_token: t}]`)
  expect(incidentio.requests).toMatchObject([{ authorization: 'Bearer t', json: { version: '1', status: 'firing' } }])
}) // prettier-ignore

test('mail: headers, text and HTML, by a real SMTP server', async () => {
  const mails: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: (auth, _session, done) => done(null, { user: `${auth.username}:${auth.password}` }),
    onData: (stream, session, done) => {
      let text = `${String(session.user)} ${session.envelope.rcptTo.map(({ address }) => address)}\n`
      stream.on('data', (chunk: Buffer) => (text += chunk))
      stream.on('end', () => {
        mails.push(text)
        done()
      })
    },
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const { port } = server.server.address() as { port: number }
  const smtp = `smarthost: '127.0.0.1:${port}', from: 'am@x.org', require_tls: false, auth_username: u, auth_password: p`
  await told(`email_configs: [{to: 'a@b.org, c@d.org', ${smtp}, headers: {subject: 'Ü {{ .Status }}', X-Own: o}, text: 'plain {{ .Status }}', threading: {enabled: true, thread_by_date: daily}}]`, { expected: 0 })
  for (let i = 0; i < 200 && mails.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  const [mail] = mails
  expect(mail).toMatch(/^u:p a@b.org,c@d.org\n/)
  for (const part of ['Subject: =?UTF-8?Q?=C3=9C_firing?=', 'X-Own: o', 'References: <alert-', 'Message-ID: <', 'multipart/alternative', 'plain firing', 'full &lt;&amp;&gt;'])
    expect(mail).toContain(part)
}) // prettier-ignore

test('mail: AUTH PLAIN carries the identity; a refused login is an authentication error', async () => {
  const logins: string[] = []
  const server = createServer((socket) => {
    socket.write('220 test\r\n')
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const line = data.toString().trim()
      const plain = /^AUTH PLAIN (.+)$/.exec(line)?.[1]
      if (plain !== undefined) logins.push(Buffer.from(plain, 'base64').toString())
      socket.write(line.startsWith('EHLO') ? '250-test\r\n250 AUTH LOGIN PLAIN\r\n' : '535 no such identity\r\n')
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const { port } = server.address() as { port: number }
  const smtp = `smarthost: '127.0.0.1:${port}', from: am@x.org, require_tls: false, auth_username: u, auth_password: p`
  const { alertmanager } = await told(`email_configs: [{to: a@b.org, ${smtp}, auth_identity: team}]`, { expected: 0 })
  for (let i = 0; i < 200 && logins.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(logins[0]).toBe('team\0u\0p')
  expect(alertmanager.history.events().map(({ kind }) => kind)).not.toContain('notified')
}) // prettier-ignore

test('a mail server that offers no STARTTLS is not trusted', async () => {
  const server = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS'] })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const { port } = server.server.address() as { port: number }
  const { alertmanager } = await told(`email_configs: [{to: a@b.org, smarthost: '127.0.0.1:${port}', from: am@x.org}]`, { expected: 0 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  const registryKinds = alertmanager.history.events().map(({ kind }) => kind)
  expect(registryKinds).not.toContain('notified')
}) // prettier-ignore

test('Pushover sends form fields', async () => {
  const http = await HttpReceiver.open()
  onTestFinished(() => http.close())
  const { alertmanager } = await told(`pushover_configs: []`, { expected: 0 })
  const { loaded } = alertmanager.prepareConfig('route: {receiver: r}\nreceivers: [{name: r, pushover_configs: [{user_key: u, token: t, ttl: 10s}]}]', 'x.yml')
  const pushover = new PushoverIntegration(loaded.config.receivers[0]!.pushover_configs[0]!, 0, 'test', `${http.url}/1/messages.json`)
  onTestFinished(() => pushover.close())
  const json = { receiver: 'r', status: 'firing', alerts: [], notification_reason: 'first notification', groupLabels: {}, commonLabels: {}, commonAnnotations: {}, routeLabels: {}, externalURL: 'http://am' } as const
  const renderer = alertmanager.templates!.renderer(json)
  const notification = { receiver: 'r', groupKey: '{}:{}', groupLabels: Labels.EMPTY, routeLabels: {}, alerts: [], reason: 'first notification', nowMs: 0, externalUrl: '' } as const
  await pushover.notify({ notification, renderer, signal: AbortSignal.timeout(5000), data: new Map() })
  const query = new URL(http.requests[0]!.path, http.url).searchParams
  expect(Object.fromEntries(query)).toMatchObject({ token: 't', user: 'u', priority: '2', retry: '60', expire: '3600', ttl: '10', message: '(no details)' })
}) // prettier-ignore

test('HTML is cut without tearing tags', () => {
  expect(truncateHtml('<b>abc</b>', 100)).toBe('<b>abc</b>')
  const cut = truncateHtml(`<b>${'x'.repeat(50)}&amp;${'y'.repeat(50)}</b>`, 30)
  expect([...cut].length).toBeLessThanOrEqual(30)
  expect(cut).toMatch(/^<b>x+…<\/b>$/)
})

test('Webex', async () => {
  const { requests } = await told(
    `webex_configs: [{api_url: 'URL/w', room_id: '{{ .Status }}', message: 'm {{ .GroupLabels.alertname }}', http_config: {authorization: {credentials: tok}}}]`,
  )
  expect(requests).toMatchObject([
    { path: '/w', authorization: 'Bearer tok', json: { markdown: 'm Disk', roomId: 'firing' } },
  ])
  expect([truncateBytes('äöü', 6), truncateBytes('äöü', 5)]).toEqual(['äöü', 'ä…'])
})

test('Rocket.Chat, which answers 200 to what it refuses', async () => {
  const http = await HttpReceiver.open()
  http.answer = { status: 200, body: '{"success":true}' }
  const receiver = `rocketchat_configs: [{api_url: 'URL/', channel: '#a', token: t, token_id: u, short_fields: true, fields: [{title: T, value: '{{ .Status }}'}], actions: [{type: button, text: Go, url: 'http://x'}]}]`
  const { requests } = await told(receiver, { http })
  expect(http.requests[0]!.headers).toMatchObject({ 'x-auth-token': 't', 'x-user-id': 'u' })
  expect(requests).toMatchObject([
    {
      path: '/api/v1/chat.postMessage',
      json: {
        channel: '#a',
        attachments: [
          {
            title: SUBJECT,
            title_link: LINK,
            color: 'red',
            fields: [{ short: true, title: 'T', value: 'firing' }],
            actions: [{ type: 'button', text: 'Go', url: 'http://x' }],
          },
        ],
      },
    },
  ])
  const refusing = await HttpReceiver.open()
  refusing.answer = { status: 200, body: '{"success":false,"error":"no such channel"}' }
  const { alertmanager } = await told(receiver, { http: refusing })
  expect(alertmanager.history.events({ kinds: ['failed'] })[0]!.detail).toContain(
    'error response from Rocketchat: no such channel',
  )
})

test('Mattermost', async () => {
  const { requests } = await told(
    `mattermost_configs: [{webhook_url: 'URL/mm', channel: ops, priority: {priority: Important, requested_ack: true, persistent_notifications: true}, props: {card: c}, attachments: [{title: '{{ .Status }}', fields: [{title: a, value: b, short: true}]}]}]`,
  )
  expect(requests).toMatchObject([
    {
      path: '/mm',
      json: {
        text: expect.stringContaining('Disk'), channel: 'ops', username: 'Alertmanager', props: { card: 'c' }, priority: { priority: 'important', requested_ack: true },
        attachments: [{ title: 'firing', fields: [{ title: 'a', value: 'b', short: true }] }],
      },
    },
  ]) // prettier-ignore
})
