import {
  bool,
  checked,
  int,
  list,
  mapOf,
  optional,
  str,
  struct,
  uint,
  withDefault,
  type Schema,
} from '@promontory/base/yaml'
import { tlsConfig, canonicalHeader } from '@promontory/http-client'
import {
  atMostOne,
  defaultTemplate,
  httpConfig,
  maybePath,
  maybeSecret,
  noneGiven,
  reporter,
  type Report,
} from './receiver-fields.ts'
import { slackApiUrl } from './slack-url.ts'
import { anyValue, goDuration, httpUrl, optionalText, secretTemplateUrl, secretUrl } from './values.ts'
import { hostPort } from './host-port.ts'

import type {
  DiscordConfig,
  EmailConfig,
  IncidentioConfig,
  MsteamsConfig,
  Msteamsv2Config,
  OpsgenieConfig,
  PagerdutyConfig,
  PushoverConfig,
  SlackConfig,
  TelegramConfig,
  VictoropsConfig,
  WebhookConfig,
} from './receiver-config.ts'

/** Schemas of the receivers that are delivered, with upstream's defaults and checks. Field names are the file's. */
const sendResolved = (value: boolean) => ({ send_resolved: withDefault(bool, value) })
const templated = (name: string) => withDefault(str, defaultTemplate(name))
const timeout = { timeout: withDefault(goDuration, 0) }

function receiver<T extends object>(
  schema: Schema<T>,
  check: (config: T, report: Report) => void,
): Schema<T> {
  return checked(schema, (config, node, context) => check(config, reporter(node, context)))
}

export const webhook: Schema<WebhookConfig> = receiver(
  struct('webhook.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    url: optional(secretTemplateUrl),
    url_file: maybePath,
    max_alerts: withDefault(uint, 0),
    ...timeout,
    payload: optional(anyValue),
  }),
  (config, report) => {
    if (noneGiven(config, 'url', 'url_file')) report('one of url or url_file must be configured')
    atMostOne(config, ['url', 'url_file'], report)
  },
)

const emailStruct: Schema<EmailConfig> = struct('config.plain', {
  ...sendResolved(false),
  to: optionalText,
  from: optionalText,
  hello: optionalText,
  smarthost: optional(hostPort),
  auth_username: optionalText,
  auth_password: maybeSecret,
  auth_password_file: maybePath,
  auth_secret: maybeSecret,
  auth_secret_file: maybePath,
  auth_identity: optionalText,
  headers: withDefault(mapOf(str), {}),
  html: templated('email.default.html'),
  text: optionalText,
  require_tls: optional(bool),
  tls_config: optional(tlsConfig),
  force_implicit_tls: optional(bool),
  threading: withDefault(
    struct('config.ThreadingConfig', { enabled: withDefault(bool, false), thread_by_date: optionalText }),
    { enabled: false, thread_by_date: '' },
  ),
  /** Not of upstream: a common mistake, mended with a warning. */
  subject: optional(str),
  body: optional(str),
})

export const email: Schema<EmailConfig> = {
  type: emailStruct.type,
  decode(node, context) {
    const config = emailStruct.decode(node, context)
    const report = reporter(node, context)
    if (config.to === '') report('missing to address in email config')
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(config.headers)) {
      const canonical = canonicalHeader(name)
      if (Object.hasOwn(headers, canonical))
        report(`duplicate header "${canonical}" in email config`, 'headers')
      headers[canonical] = value
    }
    checkThreading(config, headers, report)
    if (config.subject !== undefined)
      context.warn(
        node,
        'email_configs has no field subject; taken as headers.Subject, which is the standard way to write it',
      )
    if (config.body !== undefined)
      context.warn(
        node,
        'email_configs has no field body; taken as text and html, which are the standard ways to write it',
      )
    const { subject, body, ...rest } = config
    return {
      ...rest,
      headers: subject === undefined ? headers : { Subject: subject, ...headers },
      ...(body === undefined ? {} : { text: body, html: body }),
      subject: undefined,
      body: undefined,
    }
  },
  encode: (config) => emailStruct.encode(config),
}

function checkThreading(
  { threading }: EmailConfig,
  headers: Readonly<Record<string, string>>,
  report: Report,
): void {
  if (!threading.enabled) return
  for (const name of ['References', 'In-Reply-To'])
    if (Object.hasOwn(headers, name))
      report(`conflicting configuration: threading.enabled conflicts with custom ${name} header`, 'threading')
  if (!['none', 'daily'].includes(threading.thread_by_date))
    report("threading.thread_by_date must be either 'none' or 'daily'", 'threading')
}

const slackField = receiver(
  struct('config.plain', { title: optionalText, value: optionalText, short: optional(bool) }),
  ({ title, value }, report) => {
    if (title === '') report('missing title in Slack field configuration')
    if (value === '') report('missing value in Slack field configuration')
  },
)

const slackConfirm = receiver(
  struct('config.plain', {
    text: optionalText,
    title: optionalText,
    ok_text: optionalText,
    dismiss_text: optionalText,
  }),
  ({ text }, report) => {
    if (text === '') report('missing text in Slack confirmation configuration')
  },
)

const slackAction = receiver(
  struct('config.plain', {
    type: optionalText,
    text: optionalText,
    url: optionalText,
    style: optionalText,
    name: optionalText,
    value: optionalText,
    confirm: optional(slackConfirm),
  }),
  (action, report) => {
    if (action.type === '') report('missing type in Slack action configuration')
    if (action.text === '') report('missing text in Slack action configuration')
    if (action.url === '' && action.name === '') report('missing name or url in Slack action configuration')
  },
)

/** Slack's method that bot tokens post with. */
export const SLACK_POST_MESSAGE: string = 'https://slack.com/api/chat.postMessage'

export const slack: Schema<SlackConfig> = receiver(
  struct('config.plain', {
    ...sendResolved(false),
    http_config: httpConfig,
    api_url: optional(slackApiUrl),
    api_url_file: maybePath,
    app_token: maybeSecret,
    app_token_file: maybePath,
    app_url: optional(httpUrl),
    channel: optionalText,
    username: templated('slack.default.username'),
    color: templated('slack.default.color'),
    title: templated('slack.default.title'),
    title_link: templated('slack.default.titlelink'),
    pretext: templated('slack.default.pretext'),
    text: templated('slack.default.text'),
    message_text: optionalText,
    fields: withDefault(list(slackField), []),
    short_fields: withDefault(bool, false),
    footer: templated('slack.default.footer'),
    fallback: templated('slack.default.fallback'),
    callback_id: templated('slack.default.callbackid'),
    icon_emoji: templated('slack.default.iconemoji'),
    icon_url: templated('slack.default.iconurl'),
    image_url: optionalText,
    thumb_url: optionalText,
    link_names: withDefault(bool, false),
    mrkdwn_in: withDefault(list(str), []),
    actions: withDefault(list(slackAction), []),
    update_message: withDefault(bool, false),
    ...timeout,
  }),
  (config, report) => {
    atMostOne(config, ['api_url', 'api_url_file'], report)
    atMostOne(config, ['app_token', 'app_token_file'], report)
    if (!noneGiven(config, 'api_url', 'api_url_file') && !noneGiven(config, 'app_token', 'app_token_file'))
      report('at most one of api_url/api_url_file & app_token/app_token_file must be configured', 'app_token')
    if (config.update_message && config.api_url?.reveal() !== SLACK_POST_MESSAGE)
      report(
        `update_message can only be used with bot tokens. api_url must be set to ${SLACK_POST_MESSAGE}`,
        'update_message',
      )
  },
)

export const pagerduty: Schema<PagerdutyConfig> = receiver(
  struct('pagerduty.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    service_key: maybeSecret,
    service_key_file: maybePath,
    routing_key: maybeSecret,
    routing_key_file: maybePath,
    url: optional(httpUrl),
    client: templated('pagerduty.default.client'),
    client_url: templated('pagerduty.default.clientURL'),
    description: templated('pagerduty.default.description'),
    details: withDefault(mapOf(anyValue), {}),
    images: withDefault(
      list(struct('pagerduty.PagerdutyImage', { src: optionalText, alt: optionalText, href: optionalText })),
      [],
    ),
    links: withDefault(
      list(struct('pagerduty.PagerdutyLink', { href: optionalText, text: optionalText })),
      [],
    ),
    source: optionalText,
    severity: optionalText,
    class: optionalText,
    component: optionalText,
    group: optionalText,
    ...timeout,
  }),
  (config, report) => {
    if (noneGiven(config, 'routing_key', 'service_key', 'routing_key_file', 'service_key_file'))
      report('missing service or routing key in PagerDuty config')
    atMostOne(config, ['routing_key', 'routing_key_file'], report)
    atMostOne(config, ['service_key', 'service_key_file'], report)
  },
)

const RESPONDER_TYPES = '^(team|teams|user|escalation|schedule)$'

export const opsgenie: Schema<OpsgenieConfig> = receiver(
  struct('opsgenie.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    api_key: maybeSecret,
    api_key_file: maybePath,
    api_url: optional(httpUrl),
    message: templated('opsgenie.default.message'),
    description: templated('opsgenie.default.description'),
    source: templated('opsgenie.default.source'),
    details: withDefault(mapOf(str), {}),
    entity: optionalText,
    responders: withDefault(
      list(
        struct('opsgenie.OpsGenieConfigResponder', {
          id: optionalText,
          name: optionalText,
          username: optionalText,
          type: optionalText,
        }),
      ),
      [],
    ),
    actions: optionalText,
    tags: optionalText,
    note: optionalText,
    priority: optionalText,
    update_alerts: withDefault(bool, false),
  }),
  (config, report) => {
    atMostOne(config, ['api_key', 'api_key_file'], report)
    for (const { id, name, username, type } of config.responders) {
      const shown = `{${id} ${name} ${username} ${type}}`
      if (id === '' && username === '' && name === '')
        report(
          `opsGenieConfig responder ${shown} has to have at least one of id, username or name specified`,
          'responders',
        )
      if (!type.includes('{{') && !new RegExp(RESPONDER_TYPES).test(type.toLowerCase()))
        report(
          `opsGenieConfig responder ${shown} type does not match valid options ${RESPONDER_TYPES}`,
          'responders',
        )
    }
  },
)

const VICTOROPS_RESERVED = [
  'routing_key', 'message_type', 'state_message', 'entity_display_name', 'monitoring_tool', 'entity_id', 'entity_state',
] // prettier-ignore

export const victorops: Schema<VictoropsConfig> = receiver(
  struct('config.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    api_key: maybeSecret,
    api_key_file: maybePath,
    api_url: optional(httpUrl),
    routing_key: optionalText,
    message_type: withDefault(str, 'CRITICAL'),
    state_message: templated('victorops.default.state_message'),
    entity_display_name: templated('victorops.default.entity_display_name'),
    monitoring_tool: templated('victorops.default.monitoring_tool'),
    custom_fields: withDefault(mapOf(str), {}),
  }),
  (config, report) => {
    if (config.routing_key === '') report('missing Routing key in VictorOps config')
    atMostOne(config, ['api_key', 'api_key_file'], report)
    for (const name of VICTOROPS_RESERVED)
      if (Object.hasOwn(config.custom_fields, name))
        report(
          `victorOps config contains custom field ${name} which cannot be used as it conflicts with the fixed/static fields`,
          'custom_fields',
        )
  },
)

export const pushover: Schema<PushoverConfig> = receiver(
  struct('pushover.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    user_key: maybeSecret,
    user_key_file: maybePath,
    token: maybeSecret,
    token_file: maybePath,
    title: templated('pushover.default.title'),
    message: templated('pushover.default.message'),
    url: templated('pushover.default.url'),
    url_title: optionalText,
    device: optionalText,
    sound: optionalText,
    priority: withDefault(str, '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'),
    retry: withDefault(goDuration, 60_000),
    expire: withDefault(goDuration, 3_600_000),
    ttl: withDefault(goDuration, 0),
    html: withDefault(bool, false),
    monospace: withDefault(bool, false),
  }),
  (config, report) => {
    for (const name of ['user_key', 'token']) {
      if (noneGiven(config, name, `${name}_file`)) report(`one of ${name} or ${name}_file must be configured`)
      atMostOne(config, [name, `${name}_file`], report)
    }
    if (config.html && config.monospace) report('at most one of monospace & html must be configured', 'html')
  },
)

export const telegram: Schema<TelegramConfig> = receiver(
  struct('telegram.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    api_url: optional(httpUrl),
    bot_token: maybeSecret,
    bot_token_file: maybePath,
    chat_id: withDefault(int, 0),
    chat_id_file: maybePath,
    message_thread_id: withDefault(int, 0),
    message: templated('telegram.default.message'),
    disable_notifications: withDefault(bool, false),
    parse_mode: withDefault(str, 'HTML'),
  }),
  (config, report) => {
    atMostOne(config, ['bot_token', 'bot_token_file'], report)
    if (noneGiven(config, 'chat_id', 'chat_id_file'))
      report('missing chat_id or chat_id_file on telegram_config')
    atMostOne(config, ['chat_id', 'chat_id_file'], report)
    if (!['', 'Markdown', 'MarkdownV2', 'HTML'].includes(config.parse_mode))
      report(
        'unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string',
        'parse_mode',
      )
  },
)

const webhookUrl = { webhook_url: optional(secretUrl), webhook_url_file: maybePath }

function checkWebhookUrl(config: object, report: Report): void {
  if (noneGiven(config, 'webhook_url', 'webhook_url_file'))
    report('one of webhook_url or webhook_url_file must be configured')
  atMostOne(config, ['webhook_url', 'webhook_url_file'], report)
}

export const discord: Schema<DiscordConfig> = receiver(
  struct('discord.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    ...webhookUrl,
    content: optionalText,
    title: templated('discord.default.title'),
    message: templated('discord.default.message'),
    username: optionalText,
    avatar_url: optionalText,
  }),
  checkWebhookUrl,
)

export const msteams: Schema<MsteamsConfig> = receiver(
  struct('msteams.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    ...webhookUrl,
    title: templated('msteams.default.title'),
    summary: templated('msteams.default.summary'),
    text: templated('msteams.default.text'),
  }),
  checkWebhookUrl,
)

export const msteamsv2: Schema<Msteamsv2Config> = receiver(
  struct('msteamsv2.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    ...webhookUrl,
    title: templated('msteamsv2.default.title'),
    text: templated('msteamsv2.default.text'),
  }),
  checkWebhookUrl,
)

export const incidentio: Schema<IncidentioConfig> = receiver(
  struct('incidentio.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    url: optional(httpUrl),
    url_file: maybePath,
    alert_source_token: maybeSecret,
    alert_source_token_file: maybePath,
    max_alerts: withDefault(uint, 0),
    ...timeout,
  }),
  (config, report) => {
    if (noneGiven(config, 'url', 'url_file')) report('one of url or url_file must be configured')
    atMostOne(config, ['url', 'url_file'], report)
    atMostOne(config, ['alert_source_token', 'alert_source_token_file'], report)
    const hasToken = !noneGiven(config, 'alert_source_token', 'alert_source_token_file')
    if (config.http_config?.authorization !== undefined && hasToken)
      report(
        'cannot specify alert_source_token or alert_source_token_file when using http_config.authorization',
      )
    if (config.http_config !== undefined && config.http_config.authorization === undefined && !hasToken)
      report(
        'at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured',
      )
  },
)
