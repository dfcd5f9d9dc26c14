import type { Secret, YamlValue } from '@promontory/base/yaml'
import type { HttpClientConfig, TlsConfig } from '@promontory/http-client'
import type { HostPort } from './host-port.ts'

/**
 * What the receivers' configuration holds once it was read. Field names and meanings are those of the file; texts are
 * templates, durations milliseconds; `''`, 0 and an empty secret stand for absent.
 */
type Texts<K extends string> = { readonly [key in K]: string }
type Secrets<K extends string> = { readonly [key in K]: Secret }

export interface SendsResolved {
  readonly send_resolved: boolean
}

export interface HttpReceiver extends SendsResolved {
  /** Undefined until the global one was handed down. */
  readonly http_config: HttpClientConfig | undefined
}

export interface WebhookConfig extends HttpReceiver {
  readonly url: Secret | undefined
  readonly url_file: string
  readonly max_alerts: number
  readonly timeout: number
  readonly payload: YamlValue | undefined
}

export interface EmailConfig
  extends
    SendsResolved,
    Texts<'to' | 'from' | 'hello' | 'auth_username' | 'auth_password_file' | 'auth_secret_file'>,
    Texts<'auth_identity' | 'html' | 'text'>,
    Secrets<'auth_password' | 'auth_secret'> {
  readonly smarthost: HostPort | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly require_tls: boolean | undefined
  readonly tls_config: TlsConfig | undefined
  readonly force_implicit_tls: boolean | undefined
  readonly threading: { readonly enabled: boolean; readonly thread_by_date: string }
  readonly subject: string | undefined
  readonly body: string | undefined
}

export interface SlackConfig
  extends
    HttpReceiver,
    Texts<'api_url_file' | 'app_token_file' | 'channel' | 'username' | 'color' | 'title' | 'title_link'>,
    Texts<'pretext' | 'text' | 'message_text' | 'footer' | 'fallback' | 'callback_id' | 'icon_emoji'>,
    Texts<'icon_url' | 'image_url' | 'thumb_url'> {
  readonly api_url: Secret | undefined
  readonly app_token: Secret
  readonly app_url: string | undefined
  readonly fields: readonly {
    readonly title: string
    readonly value: string
    readonly short: boolean | undefined
  }[]
  readonly short_fields: boolean
  readonly link_names: boolean
  readonly mrkdwn_in: readonly string[]
  readonly actions: readonly (Texts<'type' | 'text' | 'url' | 'style' | 'name' | 'value'> & {
    readonly confirm: Texts<'text' | 'title' | 'ok_text' | 'dismiss_text'> | undefined
  })[]
  readonly update_message: boolean
  readonly timeout: number
}

export interface PagerdutyConfig
  extends
    HttpReceiver,
    Texts<'service_key_file' | 'routing_key_file' | 'client' | 'client_url' | 'description' | 'source'>,
    Texts<'severity' | 'class' | 'component' | 'group'>,
    Secrets<'service_key' | 'routing_key'> {
  readonly url: string | undefined
  readonly details: Readonly<Record<string, YamlValue>>
  readonly images: readonly Texts<'src' | 'alt' | 'href'>[]
  readonly links: readonly Texts<'href' | 'text'>[]
  readonly timeout: number
}

export interface OpsgenieConfig
  extends
    HttpReceiver,
    Texts<'api_key_file' | 'message' | 'description' | 'source' | 'entity' | 'actions' | 'tags' | 'note'>,
    Texts<'priority'> {
  readonly api_key: Secret
  readonly api_url: string | undefined
  readonly details: Readonly<Record<string, string>>
  readonly responders: readonly Texts<'id' | 'name' | 'username' | 'type'>[]
  readonly update_alerts: boolean
}

export interface VictoropsConfig
  extends
    HttpReceiver,
    Texts<'api_key_file' | 'routing_key' | 'message_type' | 'state_message' | 'entity_display_name'>,
    Texts<'monitoring_tool'> {
  readonly api_key: Secret
  readonly api_url: string | undefined
  readonly custom_fields: Readonly<Record<string, string>>
}

export interface PushoverConfig
  extends
    HttpReceiver,
    Texts<'user_key_file' | 'token_file' | 'title' | 'message' | 'url' | 'url_title' | 'device' | 'sound'>,
    Texts<'priority'>,
    Secrets<'user_key' | 'token'> {
  readonly retry: number
  readonly expire: number
  readonly ttl: number
  readonly html: boolean
  readonly monospace: boolean
}

export interface TelegramConfig
  extends HttpReceiver, Texts<'bot_token_file' | 'chat_id_file' | 'message' | 'parse_mode'> {
  readonly api_url: string | undefined
  readonly bot_token: Secret
  readonly chat_id: number
  readonly message_thread_id: number
  readonly disable_notifications: boolean
}

export interface WebhookUrlReceiver extends HttpReceiver {
  readonly webhook_url: Secret | undefined
  readonly webhook_url_file: string
}

export interface DiscordConfig
  extends WebhookUrlReceiver, Texts<'content' | 'title' | 'message' | 'username' | 'avatar_url'> {}

export interface MsteamsConfig extends WebhookUrlReceiver, Texts<'title' | 'summary' | 'text'> {}

export interface Msteamsv2Config extends WebhookUrlReceiver, Texts<'title' | 'text'> {}

export interface IncidentioConfig extends HttpReceiver, Texts<'url_file' | 'alert_source_token_file'> {
  readonly url: string | undefined
  readonly alert_source_token: Secret
  readonly max_alerts: number
  readonly timeout: number
}

// Not delivered: only what checks and inheritance touch is of interest; the rest is kept for printing.

export interface WebexConfig extends HttpReceiver, Texts<'message' | 'room_id'> {
  readonly api_url: string | undefined
}

export interface WechatConfig
  extends
    HttpReceiver,
    Texts<'api_secret_file' | 'corp_id' | 'message' | 'to_user' | 'to_party' | 'to_tag' | 'agent_id'>,
    Texts<'message_type'> {
  readonly api_secret: Secret
  readonly api_url: string | undefined
}

export interface SnsConfig
  extends
    HttpReceiver,
    Texts<'api_url' | 'topic_arn' | 'phone_number' | 'target_arn' | 'subject' | 'message'> {
  readonly sigv4:
    | (Texts<'region' | 'access_key' | 'profile' | 'role_arn' | 'external_id' | 'service_name'> & {
        readonly secret_key: Secret
        readonly use_fips_sts_endpoint: boolean
      })
    | undefined
  readonly attributes: Readonly<Record<string, string>>
  readonly use_aws_http_client: boolean
}

export interface JiraField {
  readonly template: string
  readonly enable_update: boolean | undefined
}

export interface JiraConfig
  extends
    HttpReceiver,
    Texts<'api_type' | 'project' | 'priority' | 'issue_type' | 'reopen_transition' | 'resolve_transition'>,
    Texts<'wont_fix_resolution'> {
  readonly api_url: string | undefined
  readonly summary: JiraField
  readonly description: JiraField
  readonly labels: readonly string[]
  readonly reopen_duration: number
  readonly fields: Readonly<Record<string, YamlValue>>
}

export interface AttachmentField {
  readonly title: string
  readonly value: string
  readonly short: boolean | undefined
}

export interface RocketchatConfig
  extends
    HttpReceiver,
    Texts<'token_id_file' | 'token_file' | 'channel' | 'color' | 'title' | 'title_link' | 'text' | 'emoji'>,
    Texts<'icon_url' | 'image_url' | 'thumb_url'>,
    Secrets<'token_id' | 'token'> {
  readonly api_url: string | undefined
  readonly fields: readonly AttachmentField[]
  readonly short_fields: boolean
  readonly link_names: boolean
  readonly actions: readonly Readonly<Record<string, YamlValue>>[]
}

interface MattermostParts
  extends
    Texts<'author_link' | 'author_icon' | 'pretext' | 'author_name' | 'thumb_url' | 'footer' | 'footer_icon'>,
    Texts<'image_url' | 'fallback' | 'color' | 'text' | 'title' | 'title_link'> {
  readonly fields: readonly AttachmentField[]
}

export interface MattermostConfig
  extends
    WebhookUrlReceiver,
    MattermostParts,
    Texts<'channel' | 'username' | 'icon_url' | 'icon_emoji' | 'type'> {
  readonly attachments: readonly MattermostParts[]
  readonly props: { readonly card: string } | undefined
  readonly priority:
    | {
        readonly priority: string
        readonly requested_ack: boolean
        readonly persistent_notifications: boolean
      }
    | undefined
}

/** One receiver: its name, its labels (`name` among them), and where it delivers to. */
export interface ReceiverConfig {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly discord_configs: readonly DiscordConfig[]
  readonly email_configs: readonly EmailConfig[]
  readonly incidentio_configs: readonly IncidentioConfig[]
  readonly pagerduty_configs: readonly PagerdutyConfig[]
  readonly slack_configs: readonly SlackConfig[]
  readonly webhook_configs: readonly WebhookConfig[]
  readonly opsgenie_configs: readonly OpsgenieConfig[]
  readonly wechat_configs: readonly WechatConfig[]
  readonly pushover_configs: readonly PushoverConfig[]
  readonly victorops_configs: readonly VictoropsConfig[]
  readonly sns_configs: readonly SnsConfig[]
  readonly telegram_configs: readonly TelegramConfig[]
  readonly webex_configs: readonly WebexConfig[]
  readonly msteams_configs: readonly MsteamsConfig[]
  readonly msteamsv2_configs: readonly Msteamsv2Config[]
  readonly jira_configs: readonly JiraConfig[]
  readonly rocketchat_configs: readonly RocketchatConfig[]
  readonly mattermost_configs: readonly MattermostConfig[]
}
