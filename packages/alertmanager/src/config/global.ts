import {
  bool,
  checked,
  optional,
  str,
  struct,
  withDefault,
  type Schema,
  type Secret,
} from '@promontory/base/yaml'
import { httpClientConfig, tlsConfig, type HttpClientConfig, type TlsConfig } from '@promontory/http-client'
import { hostPort, type HostPort } from './host-port.ts'
import { atMostOne, maybePath, maybeSecret, noneGiven, reporter } from './receiver-fields.ts'
import { SLACK_POST_MESSAGE } from './receivers.ts'
import { slackApiUrl } from './slack-url.ts'
import { httpUrl, modelDuration, optionalText, secretUrl } from './values.ts'

type Service = 'opsgenie' | 'victorops' | 'telegram' | 'webex' | 'wechat' | 'rocketchat'

/** `global:`; names as in the file, durations in milliseconds. */
export interface GlobalConfig extends Readonly<
  Record<`${Service}_api_url` | 'pagerduty_url' | 'slack_app_url', string>
> {
  readonly resolve_timeout: number
  readonly http_config: HttpClientConfig | undefined
  readonly jira_api_url: string | undefined
  readonly smtp_from: string
  readonly smtp_hello: string
  readonly smtp_smarthost: HostPort | undefined
  readonly smtp_auth_username: string
  readonly smtp_auth_password: Secret
  readonly smtp_auth_password_file: string
  readonly smtp_auth_secret: Secret
  readonly smtp_auth_secret_file: string
  readonly smtp_auth_identity: string
  readonly smtp_require_tls: boolean
  readonly smtp_tls_config: TlsConfig | undefined
  readonly smtp_force_implicit_tls: boolean | undefined
  readonly slack_api_url: Secret | undefined
  readonly slack_api_url_file: string
  readonly slack_app_token: Secret
  readonly slack_app_token_file: string
  readonly opsgenie_api_key: Secret
  readonly opsgenie_api_key_file: string
  readonly wechat_api_secret: Secret
  readonly wechat_api_secret_file: string
  readonly wechat_api_corp_id: string
  readonly victorops_api_key: Secret
  readonly victorops_api_key_file: string
  readonly telegram_bot_token: Secret
  readonly telegram_bot_token_file: string
  readonly rocketchat_token: Secret
  readonly rocketchat_token_file: string
  readonly rocketchat_token_id: Secret
  readonly rocketchat_token_id_file: string
  readonly mattermost_webhook_url: Secret | undefined
  readonly mattermost_webhook_url_file: string
}

const globalStruct: Schema<GlobalConfig> = struct('config.plain', {
  resolve_timeout: withDefault(modelDuration, 300_000),
  http_config: optional(httpClientConfig),
  jira_api_url: optional(httpUrl),
  smtp_from: optionalText,
  smtp_hello: withDefault(str, 'localhost'),
  smtp_smarthost: optional(hostPort),
  smtp_auth_username: optionalText,
  smtp_auth_password: maybeSecret,
  smtp_auth_password_file: maybePath,
  smtp_auth_secret: maybeSecret,
  smtp_auth_secret_file: maybePath,
  smtp_auth_identity: optionalText,
  smtp_require_tls: withDefault(bool, true),
  smtp_tls_config: optional(tlsConfig),
  smtp_force_implicit_tls: optional(bool),
  slack_api_url: optional(slackApiUrl),
  slack_api_url_file: maybePath,
  slack_app_token: maybeSecret,
  slack_app_token_file: maybePath,
  slack_app_url: withDefault(httpUrl, SLACK_POST_MESSAGE),
  pagerduty_url: withDefault(httpUrl, 'https://events.pagerduty.com/v2/enqueue'),
  opsgenie_api_url: withDefault(httpUrl, 'https://api.opsgenie.com/'),
  opsgenie_api_key: maybeSecret,
  opsgenie_api_key_file: maybePath,
  wechat_api_url: withDefault(httpUrl, 'https://qyapi.weixin.qq.com/cgi-bin/'),
  wechat_api_secret: maybeSecret,
  wechat_api_secret_file: maybePath,
  wechat_api_corp_id: optionalText,
  victorops_api_url: withDefault(httpUrl, 'https://alert.victorops.com/integrations/generic/20131114/alert/'),
  victorops_api_key: maybeSecret,
  victorops_api_key_file: maybePath,
  telegram_api_url: withDefault(httpUrl, 'https://api.telegram.org'),
  telegram_bot_token: maybeSecret,
  telegram_bot_token_file: maybePath,
  webex_api_url: withDefault(httpUrl, 'https://webexapis.com/v1/messages'),
  rocketchat_api_url: withDefault(httpUrl, 'https://open.rocket.chat/'),
  rocketchat_token: maybeSecret,
  rocketchat_token_file: maybePath,
  rocketchat_token_id: maybeSecret,
  rocketchat_token_id_file: maybePath,
  mattermost_webhook_url: optional(secretUrl),
  mattermost_webhook_url_file: maybePath,
})

const EXCLUSIVE = [
  'slack_app_token', 'slack_api_url', 'opsgenie_api_key', 'victorops_api_key', 'telegram_bot_token', 'smtp_auth_password',
  'rocketchat_token', 'rocketchat_token_id', 'smtp_auth_secret', 'wechat_api_secret', 'mattermost_webhook_url',
] // prettier-ignore

/** `global:`, with upstream's defaults. */
export const globalConfig: Schema<GlobalConfig> = checked(globalStruct, (config, node, context) => {
  const report = reporter(node, context)
  for (const name of EXCLUSIVE) atMostOne(config, [name, `${name}_file`], report)
  const hasToken = !noneGiven(config, 'slack_app_token', 'slack_app_token_file')
  const hasUrl = !noneGiven(config, 'slack_api_url', 'slack_api_url_file')
  if (hasToken && hasUrl && config.slack_api_url?.reveal() !== config.slack_app_url)
    report(
      'at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured',
    )
})
