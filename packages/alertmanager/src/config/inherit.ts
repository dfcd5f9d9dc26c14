import { fieldNode, type DecodeContext, type Secret, type YamlNode } from '@promontory/base/yaml'
import { DEFAULT_HTTP_CLIENT, type HttpClientConfig } from '@promontory/http-client'
import type { GlobalConfig } from './global.ts'
import type { ReceiverConfig } from './receiver-config.ts'

/** What receivers take from `global`, and what they must find there. */
export function inheritGlobals(
  receivers: readonly ReceiverConfig[],
  global: GlobalConfig,
  node: YamlNode,
  context: DecodeContext,
): ReceiverConfig[] {
  return receivers.map((receiver, i) => {
    const at = fieldNode(node, 'receivers', i)
    return new Heir(global, at, context).inherit(receiver)
  })
}

type Fault = (fault: string) => void

class Heir {
  readonly #global: GlobalConfig
  readonly #node: YamlNode
  readonly #context: DecodeContext
  readonly #http: HttpClientConfig

  constructor(global: GlobalConfig, node: YamlNode, context: DecodeContext) {
    this.#global = global
    this.#node = node
    this.#context = context
    this.#http = global.http_config ?? DEFAULT_HTTP_CLIENT
  }

  inherit(receiver: ReceiverConfig): ReceiverConfig {
    const each = <T>(
      field: keyof ReceiverConfig & string,
      values: readonly T[],
      change: (value: T, fault: Fault) => T,
    ): T[] =>
      values.map((value, i) => {
        const at = fieldNode(this.#node, field, i)
        return change(value, (fault) => this.#context.report(at, fault))
      })
    const withHttp = <T extends { readonly http_config: HttpClientConfig | undefined }>(config: T): T => ({
      ...config,
      http_config: config.http_config ?? this.#http,
    })
    return {
      ...receiver,
      webhook_configs: receiver.webhook_configs.map(withHttp),
      pushover_configs: receiver.pushover_configs.map(withHttp),
      incidentio_configs: receiver.incidentio_configs.map(withHttp),
      discord_configs: receiver.discord_configs.map(withHttp),
      msteams_configs: receiver.msteams_configs.map(withHttp),
      sns_configs: receiver.sns_configs.map(withHttp),
      msteamsv2_configs: receiver.msteamsv2_configs.map((config) => withHttp(this.#proxyOf(config))),
      pagerduty_configs: receiver.pagerduty_configs.map((config) =>
        withHttp({ ...config, url: config.url ?? this.#global.pagerduty_url }),
      ),
      email_configs: each('email_configs', receiver.email_configs, this.#email.bind(this)),
      slack_configs: each('slack_configs', receiver.slack_configs, this.#slack.bind(this)),
      opsgenie_configs: each('opsgenie_configs', receiver.opsgenie_configs, (config, fault) =>
        withHttp(
          this.#keyed('opsgenie', config, fault, 'no global OpsGenie API Key set either inline or in a file'),
        ),
      ),
      victorops_configs: each('victorops_configs', receiver.victorops_configs, (config, fault) =>
        withHttp(this.#keyed('victorops', config, fault, 'no global VictorOps API Key set')),
      ),
      telegram_configs: each('telegram_configs', receiver.telegram_configs, (config, fault) =>
        withHttp(this.#telegram(config, fault)),
      ),
      wechat_configs: each('wechat_configs', receiver.wechat_configs, (config, fault) =>
        withHttp(this.#wechat(config, fault)),
      ),
      webex_configs: receiver.webex_configs.map((config) =>
        withHttp({ ...config, api_url: config.api_url ?? this.#global.webex_api_url }),
      ),
      jira_configs: each('jira_configs', receiver.jira_configs, (config, fault) => {
        const api_url = config.api_url ?? this.#global.jira_api_url
        if (api_url === undefined) fault('no global Jira Cloud URL set')
        return withHttp({ ...config, api_url })
      }),
      rocketchat_configs: each('rocketchat_configs', receiver.rocketchat_configs, (config, fault) =>
        withHttp(this.#rocketchat(config, fault)),
      ),
      mattermost_configs: each('mattermost_configs', receiver.mattermost_configs, (config, fault) =>
        withHttp(this.#mattermost(config, fault)),
      ),
    }
  }

  /** Upstream gives the global proxy even to a receiver with an http_config of its own. */
  #proxyOf(config: ReceiverConfig['msteamsv2_configs'][number]): ReceiverConfig['msteamsv2_configs'][number] {
    const own = config.http_config
    if (own === undefined || own.proxy_url !== '') return config
    return { ...config, http_config: { ...own, proxy_url: this.#http.proxy_url } }
  }

  #email(
    config: ReceiverConfig['email_configs'][number],
    fault: Fault,
  ): ReceiverConfig['email_configs'][number] {
    const global = this.#global
    const smarthost = config.smarthost ?? global.smtp_smarthost
    if (smarthost === undefined) fault('no global SMTP smarthost set')
    const from = config.from || global.smtp_from
    if (from === '') fault('no global SMTP from set')
    const [auth_password, auth_password_file] = pair(
      [config.auth_password, config.auth_password_file],
      [global.smtp_auth_password, global.smtp_auth_password_file],
    )
    const [auth_secret, auth_secret_file] = pair(
      [config.auth_secret, config.auth_secret_file],
      [global.smtp_auth_secret, global.smtp_auth_secret_file],
    )
    return {
      ...config,
      smarthost,
      from,
      auth_password,
      auth_password_file,
      auth_secret,
      auth_secret_file,
      tls_config: config.tls_config ?? global.smtp_tls_config,
      hello: config.hello || global.smtp_hello,
      auth_username: config.auth_username || global.smtp_auth_username,
      auth_identity: config.auth_identity || global.smtp_auth_identity,
      require_tls: config.require_tls ?? global.smtp_require_tls,
      force_implicit_tls: config.force_implicit_tls ?? global.smtp_force_implicit_tls,
    }
  }

  #slack(
    config: ReceiverConfig['slack_configs'][number],
    fault: Fault,
  ): ReceiverConfig['slack_configs'][number] {
    const global = this.#global
    let { app_token, app_token_file, api_url, api_url_file } = config
    const app_url = config.app_url ?? global.slack_app_url
    if (
      app_token.isEmpty &&
      app_token_file === '' &&
      config.http_config?.authorization === undefined &&
      api_url === undefined
    ) {
      app_token = global.slack_app_token
      app_token_file = global.slack_app_token_file
    }
    if (api_url === undefined && api_url_file === '') {
      api_url = global.slack_api_url
      api_url_file = global.slack_api_url_file
    }
    const hasToken = !app_token.isEmpty || app_token_file !== ''
    if (api_url === undefined && api_url_file === '' && !hasToken)
      fault('no Slack API URL nor App token set either inline or in a file')
    const http_config = config.http_config ?? this.#http
    if (hasToken && http_config.authorization !== undefined)
      fault("http authorization can't be set when using Slack App tokens")
    return { ...config, app_token, app_token_file, app_url, api_url, api_url_file, http_config }
  }

  #keyed<T extends { api_key: Secret; api_key_file: string; api_url: string | undefined }>(
    kind: 'opsgenie' | 'victorops',
    config: T,
    fault: Fault,
    missing: string,
  ): T {
    const global = this.#global
    const api_key = config.api_key.isEmpty ? global[`${kind}_api_key`] : config.api_key
    const api_key_file = config.api_key_file || global[`${kind}_api_key_file`]
    if (api_key.isEmpty && api_key_file === '') fault(missing)
    const api_url = (config.api_url ?? global[`${kind}_api_url`]).replace(/\/?$/, '/')
    return { ...config, api_key, api_key_file, api_url }
  }

  #telegram(
    config: ReceiverConfig['telegram_configs'][number],
    fault: Fault,
  ): ReceiverConfig['telegram_configs'][number] {
    const global = this.#global
    const [bot_token, bot_token_file] = pair(
      [config.bot_token, config.bot_token_file],
      [global.telegram_bot_token, global.telegram_bot_token_file],
    )
    if (bot_token.isEmpty && bot_token_file === '')
      fault('missing bot_token or bot_token_file on telegram_config')
    return { ...config, bot_token, bot_token_file, api_url: config.api_url ?? global.telegram_api_url }
  }

  #wechat(
    config: ReceiverConfig['wechat_configs'][number],
    fault: Fault,
  ): ReceiverConfig['wechat_configs'][number] {
    const global = this.#global
    const [api_secret, api_secret_file] = pair(
      [config.api_secret, config.api_secret_file],
      [global.wechat_api_secret, global.wechat_api_secret_file],
    )
    if (api_secret.isEmpty && api_secret_file === '')
      fault('no global Wechat Api Secret set either inline or in a file')
    const corp_id = config.corp_id || global.wechat_api_corp_id
    if (corp_id === '') fault('no global Wechat CorpID set')
    return {
      ...config,
      api_secret,
      api_secret_file,
      corp_id,
      api_url: config.api_url ?? global.wechat_api_url,
    }
  }

  #rocketchat(
    config: ReceiverConfig['rocketchat_configs'][number],
    fault: Fault,
  ): ReceiverConfig['rocketchat_configs'][number] {
    const global = this.#global
    const token_id = config.token_id.isEmpty ? global.rocketchat_token_id : config.token_id
    const token_id_file = config.token_id_file || global.rocketchat_token_id_file
    const token = config.token.isEmpty ? global.rocketchat_token : config.token
    const token_file = config.token_file || global.rocketchat_token_file
    if (token_id.isEmpty && token_id_file === '')
      fault('no global Rocketchat TokenID set either inline or in a file')
    if (token.isEmpty && token_file === '') fault('no global Rocketchat Token set either inline or in a file')
    return {
      ...config,
      token_id,
      token_id_file,
      token,
      token_file,
      api_url: config.api_url ?? global.rocketchat_api_url,
    }
  }

  #mattermost(
    config: ReceiverConfig['mattermost_configs'][number],
    fault: Fault,
  ): ReceiverConfig['mattermost_configs'][number] {
    const global = this.#global
    if (config.webhook_url !== undefined || config.webhook_url_file !== '') return config
    if (global.mattermost_webhook_url === undefined && global.mattermost_webhook_url_file === '')
      fault('missing webhook_url or webhook_url_file on mattermost_config')
    return {
      ...config,
      webhook_url: global.mattermost_webhook_url,
      webhook_url_file: global.mattermost_webhook_url_file,
    }
  }
}

/** A secret and its file come from one place, never half from the receiver and half from `global`. */
function pair(own: [Secret, string], global: [Secret, string]): [Secret, string] {
  return own[0].isEmpty && own[1] === '' ? global : own
}
