import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAlertmanagerConfig } from '@promontory/alertmanager'
import { describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { scratchDirectory } from './support/program.ts'

/* Which receivers are taken and which are refused, beside amtool. */

const amtool = peer('amtool')

const RECEIVERS = [
  "discord_configs: [{webhook_url: 'http://x'}]",
  'discord_configs: [{}]',
  "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25'}]",
  'email_configs: [{to: a@b}]',
  "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', headers: {A: 1, a: 2}}]",
  "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', threading: {enabled: true, thread_by_date: daily}}]",
  "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', threading: {enabled: true, thread_by_date: x}}]",
  "email_configs: [{to: a@b, from: c@d, smarthost: 'h'}]",
  "incidentio_configs: [{url: 'http://x', alert_source_token: t}]",
  "incidentio_configs: [{url: 'http://x'}]",
  'incidentio_configs: [{alert_source_token: t}]',
  "incidentio_configs: [{url: 'http://x', url_file: /y, alert_source_token: t}]",
  "incidentio_configs: [{url: 'http://x', alert_source_token: t, http_config: {authorization: {credentials: c}}}]",
  "jira_configs: [{api_url: 'http://x', project: p, issue_type: Bug, http_config: {authorization: {credentials: c}}}]",
  "jira_configs: [{api_url: 'http://x', issue_type: Bug}]",
  "jira_configs: [{api_url: 'http://x', project: p}]",
  'jira_configs: [{project: p, issue_type: Bug}]',
  "mattermost_configs: [{webhook_url: 'http://x/'}]",
  'mattermost_configs: [{}]',
  "mattermost_configs: [{webhook_url: 'http://x/', webhook_url_file: /y}]",
  'mattermost_configs: [{webhook_url_file: /y, channel: c, username: u, icon_url: i, icon_emoji: e}]',
  "mattermost_configs: [{webhook_url: 'x'}]",
  "mattermost_configs: [{webhook_url: 'http://x/', priority: {priority: urgent, requested_ack: true}}]",
  "mattermost_configs: [{webhook_url: 'http://x/', attachments: [{fields: [{title: a}]}]}]",
  "mattermost_configs: [{webhook_url: 'http://x/', bogus: 1}]",
  "mattermost_configs: [{webhook_url: 'http://x/', props: {card: x}}]",
  "msteams_configs: [{webhook_url: 'http://x'}]",
  'msteamsv2_configs: [{}]',
  'opsgenie_configs: [{api_key: k}]',
  'opsgenie_configs: [{}]',
  'opsgenie_configs: [{api_key: k, responders: [{type: x, name: a}]}]',
  'opsgenie_configs: [{api_key: k, responders: [{type: team}]}]',
  'pagerduty_configs: [{routing_key: k}]',
  'pagerduty_configs: [{}]',
  'pagerduty_configs: [{routing_key: k, service_key: s}]',
  'pagerduty_configs: [{routing_key: k, routing_key_file: /x}]',
  'pushover_configs: [{user_key: u, token: t}]',
  'pushover_configs: [{user_key: u}]',
  'pushover_configs: [{user_key: u, token: t, html: true, monospace: true}]',
  "rocketchat_configs: [{channel: '#a', token: t, token_id: i}]",
  "rocketchat_configs: [{channel: '#a'}]",
  "rocketchat_configs: [{channel: '#a', token: t, token_file: /x, token_id: i}]",
  "rocketchat_configs: [{channel: '#a', token_file: /x, token_id_file: /y}]",
  "rocketchat_configs: [{channel: '#a', token: t, token_id: i, token_id_file: /y}]",
  'rocketchat_configs: [{token: t, token_id: i}]',
  "rocketchat_configs: [{token: t, token_id: i, api_url: 'x'}]",
  'rocketchat_configs: [{token: t, token_id: i, fields: [{title: a}]}]',
  'rocketchat_configs: [{token: t, token_id: i, actions: [{type: button, text: x}]}]',
  "slack_configs: [{api_url: 'http://x', channel: c}]",
  'slack_configs: [{channel: c}]',
  "slack_configs: [{api_url: 'http://x', app_token: t, channel: c}]",
  "slack_configs: [{api_url: 'http://x', fields: [{title: a}]}]",
  "slack_configs: [{api_url: 'http://x', actions: [{type: button}]}]",
  "sns_configs: [{topic_arn: 'arn:x', sigv4: {region: us-east-1}}]",
  'sns_configs: [{sigv4: {region: us-east-1}}]',
  "sns_configs: [{topic_arn: 'a', target_arn: 'b'}]",
  "sns_configs: [{topic_arn: 'a', sigv4: {access_key: x}}]",
  'telegram_configs: [{bot_token: t, chat_id: 1}]',
  'telegram_configs: [{bot_token: t}]',
  'telegram_configs: [{bot_token: t, chat_id: 1, parse_mode: x}]',
  'telegram_configs: [{bot_token: t, bot_token_file: /x, chat_id: 1}]',
  'telegram_configs: [{chat_id: 1}]',
  'victorops_configs: [{api_key: k, routing_key: r}]',
  'victorops_configs: [{api_key: k}]',
  'victorops_configs: [{api_key: k, routing_key: r, custom_fields: {message_type: x}}]',
  'wechat_configs: [{corp_id: c, api_secret: s, to_user: u}]',
  'wechat_configs: [{to_user: u}]',
  'wechat_configs: [{corp_id: c, api_secret: s, message_type: html}]',
  "webhook_configs: [{url: 'http://x'}]",
  'webhook_configs: [{}]',
  "webhook_configs: [{url: 'x'}]",
  "webhook_configs: [{url: 'http://x', max_alerts: -1}]",
  "webhook_configs: [{url: 'http://x', url_file: /y}]",
  "webhook_configs: [{url: 'http://x', payload: {a: '{{ .Status }}'}}]",
  'webex_configs: [{room_id: r, http_config: {authorization: {credentials: c}}}]',
  'webex_configs: [{room_id: r}]',
  'webex_configs: [{http_config: {authorization: {credentials: c}}}]',
  "webex_configs: [{room_id: r, api_url: 'http://x', http_config: {authorization: {type: Basic, credentials: c}}}]",
  'webex_configs: [{room_id: r, http_config: {basic_auth: {username: u}}}]',
] // prettier-ignore

describe.skipIf(amtool === undefined)(
  `receivers beside amtool${amtool === undefined ? ' (skipped: it is not installed)' : ''}`,
  () => {
    test('the same ones are taken, the same ones are refused', () => {
      const directory = scratchDirectory()
      const files = RECEIVERS.map((receiver, i) => {
        const file = join(directory, `${i}.yml`)
        writeFileSync(file, `route: {receiver: r}\nreceivers:\n- name: r\n  ${receiver}\n`)
        return file
      })
      const { stdout, stderr } = run(amtool!, ['check-config', ...files])
      // One line for each file, in their order.
      const theirs = [...`${stdout}${stderr}`.matchAll(/^Checking '.*' {2}(SUCCESS|FAILED)/gm)].map(([, word]) => word)
      expect(theirs).toHaveLength(RECEIVERS.length)
      const ours = RECEIVERS.map((receiver) => {
        try {
          loadAlertmanagerConfig(`route: {receiver: r}\nreceivers:\n- name: r\n  ${receiver}\n`, 'am.yml')
          return 'SUCCESS'
        } catch {
          return 'FAILED'
        }
      })
      expect(RECEIVERS.map((receiver, i) => [receiver, ours[i]])).toEqual(RECEIVERS.map((receiver, i) => [receiver, theirs[i]]))
    }) // prettier-ignore
  },
)
