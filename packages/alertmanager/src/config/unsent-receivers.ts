import {
  bool,
  checked,
  list,
  mapOf,
  optional,
  str,
  struct,
  withDefault,
  type Schema,
} from '@promontory/base/yaml'
import {
  atMostOne,
  defaultTemplate,
  httpConfig,
  maybePath,
  maybeSecret,
  reporter,
  type Report,
} from './receiver-fields.ts'
import { anyValue, httpUrl, modelDuration, optionalText, secretUrl } from './values.ts'

import type {
  JiraConfig,
  JiraField,
  MattermostConfig,
  RocketchatConfig,
  SnsConfig,
  WebexConfig,
  WechatConfig,
} from './receiver-config.ts'

/** Receivers whose configuration is checked like upstream's, but which are not delivered to: refused by name at start. */
const sendResolved = (value: boolean) => ({ send_resolved: withDefault(bool, value) })
const templated = (name: string) => withDefault(str, defaultTemplate(name))

function receiver<T extends object>(
  schema: Schema<T>,
  check: (config: T, report: Report) => void,
): Schema<T> {
  return checked(schema, (config, node, context) => check(config, reporter(node, context)))
}

export const webex: Schema<WebexConfig> = receiver(
  struct('config.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    api_url: optional(httpUrl),
    message: templated('webex.default.message'),
    room_id: optionalText,
  }),
  (config, report) => {
    if (config.room_id === '') report('missing room_id on webex_config')
    if (config.http_config?.authorization === undefined)
      report('missing webex_configs.http_config.authorization')
  },
)

export const wechat: Schema<WechatConfig> = receiver(
  struct('config.plain', {
    ...sendResolved(false),
    http_config: httpConfig,
    api_secret: maybeSecret,
    api_secret_file: maybePath,
    corp_id: optionalText,
    message: templated('wechat.default.message'),
    api_url: optional(httpUrl),
    to_user: templated('wechat.default.to_user'),
    to_party: templated('wechat.default.to_party'),
    to_tag: templated('wechat.default.to_tag'),
    agent_id: templated('wechat.default.agent_id'),
    message_type: withDefault(str, 'text'),
  }),
  (config, report) => {
    if (!['', 'text', 'markdown'].includes(config.message_type))
      report(
        `weChat message type "${config.message_type}" does not match valid options ^(text|markdown)$`,
        'message_type',
      )
    atMostOne(config, ['api_secret', 'api_secret_file'], report)
  },
)

export const sns: Schema<SnsConfig> = receiver(
  struct('sns.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    api_url: optionalText,
    sigv4: optional(
      struct('sigv4.plain', {
        region: optionalText,
        access_key: optionalText,
        secret_key: maybeSecret,
        profile: optionalText,
        role_arn: optionalText,
        external_id: optionalText,
        use_fips_sts_endpoint: withDefault(bool, false),
        service_name: optionalText,
      }),
    ),
    topic_arn: optionalText,
    phone_number: optionalText,
    target_arn: optionalText,
    subject: templated('sns.default.subject'),
    message: templated('sns.default.message'),
    attributes: withDefault(mapOf(str), {}),
    use_aws_http_client: withDefault(bool, false),
  }),
  (config, report) => {
    // Upstream's chain of comparisons: an even number of empty ones is refused.
    const empty = [config.target_arn, config.topic_arn, config.phone_number].map((value) => value === '')
    if ((empty[0] !== empty[1]) !== empty[2])
      report('must provide either a Target ARN, Topic ARN, or Phone Number for SNS config')
    if (config.sigv4 !== undefined && (config.sigv4.access_key === '') !== config.sigv4.secret_key.isEmpty)
      report(
        'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config',
        'sigv4',
      )
  },
)

const jiraField = (template: string) => {
  const full = struct('jira.plain', { template: withDefault(str, template), enable_update: optional(bool) })
  const schema: Schema<JiraField> = {
    type: 'jira.JiraFieldConfig',
    decode: (node, context) =>
      node.kind === 'scalar'
        ? { template: str.decode(node, context), enable_update: undefined }
        : full.decode(node, context),
    encode: (value) => full.encode(value),
  }
  return withDefault(schema, { template, enable_update: undefined })
}

export const jira: Schema<JiraConfig> = receiver(
  struct('jira.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    api_url: optional(httpUrl),
    api_type: withDefault(str, 'auto'),
    project: optionalText,
    summary: jiraField(defaultTemplate('jira.default.summary')),
    description: jiraField(defaultTemplate('jira.default.description')),
    labels: withDefault(list(str), []),
    priority: templated('jira.default.priority'),
    issue_type: optionalText,
    reopen_transition: optionalText,
    resolve_transition: optionalText,
    wont_fix_resolution: optionalText,
    reopen_duration: withDefault(modelDuration, 0),
    fields: withDefault(mapOf(anyValue), {}),
  }),
  (config, report) => {
    if (config.project === '') report('missing project in jira_config')
    if (config.issue_type === '') report('missing issue_type in jira_config')
    if (!['auto', 'cloud', 'datacenter'].includes(config.api_type))
      report('unknown api_type on jira_config, must be auto, cloud or datacenter', 'api_type')
  },
)

export const rocketchat: Schema<RocketchatConfig> = receiver(
  struct('rocketchat.plain', {
    ...sendResolved(false),
    http_config: httpConfig,
    api_url: optional(httpUrl),
    token_id: maybeSecret,
    token_id_file: maybePath,
    token: maybeSecret,
    token_file: maybePath,
    channel: optionalText,
    color: withDefault(str, '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'),
    title: templated('rocketchat.default.title'),
    title_link: templated('rocketchat.default.titlelink'),
    text: templated('rocketchat.default.text'),
    fields: withDefault(
      list(
        struct('rocketchat.RocketchatAttachmentField', {
          short: optional(bool),
          title: optionalText,
          value: optionalText,
        }),
      ),
      [],
    ),
    short_fields: withDefault(bool, false),
    emoji: templated('rocketchat.default.emoji'),
    icon_url: templated('rocketchat.default.iconurl'),
    image_url: optionalText,
    thumb_url: optionalText,
    link_names: withDefault(bool, false),
    actions: withDefault(list(mapOf(anyValue)), []),
  }),
  (config, report) => {
    atMostOne(config, ['token', 'token_file'], report)
    atMostOne(config, ['token_id', 'token_id_file'], report)
  },
)

const mattermostField = receiver(
  struct('mattermost.plain', { title: optionalText, value: optionalText, short: optional(bool) }),
  ({ title, value }, report) => {
    if (title === '') report('missing title in Mattermost field configuration')
    if (value === '') report('missing value in Mattermost field configuration')
  },
)

const mattermostParts = {
  author_link: optionalText,
  author_icon: optionalText,
  pretext: optionalText,
  author_name: optionalText,
  thumb_url: optionalText,
  footer: optionalText,
  footer_icon: optionalText,
  image_url: optionalText,
  fields: withDefault(list(mattermostField), []),
}

export const mattermost: Schema<MattermostConfig> = receiver(
  struct('mattermost.plain', {
    ...sendResolved(true),
    http_config: httpConfig,
    webhook_url: optional(secretUrl),
    webhook_url_file: maybePath,
    channel: optionalText,
    username: templated('mattermost.default.username'),
    text: templated('mattermost.default.text'),
    fallback: templated('mattermost.default.fallback'),
    color: templated('mattermost.default.color'),
    title: templated('mattermost.default.title'),
    title_link: templated('mattermost.default.titlelink'),
    ...mattermostParts,
    icon_url: optionalText,
    icon_emoji: optionalText,
    attachments: withDefault(
      list(
        struct('mattermost.MattermostAttachment', {
          fallback: optionalText,
          color: optionalText,
          text: optionalText,
          title: optionalText,
          title_link: optionalText,
          ...mattermostParts,
        }),
      ),
      [],
    ),
    type: optionalText,
    props: optional(struct('mattermost.MattermostProps', { card: optionalText })),
    priority: optional(
      struct('mattermost.MattermostPriority', {
        priority: optionalText,
        requested_ack: withDefault(bool, false),
        persistent_notifications: withDefault(bool, false),
      }),
    ),
  }),
  (config, report) => atMostOne(config, ['webhook_url', 'webhook_url_file'], report),
)
