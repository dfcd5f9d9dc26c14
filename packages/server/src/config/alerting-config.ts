import { checked, list, oneOf, optional, str, struct, withDefault } from '@promontory/base/yaml'
import type { FieldsOf, Schema } from '@promontory/base/yaml'
import { serviceDiscoveryFields } from '@promontory/discovery'
import type { ServiceDiscoveryConfigs } from '@promontory/discovery'
import { checkHttpClient, httpClientFields } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import type { RelabelConfig } from '@promontory/model/relabel'
import { duration, relabelConfigs } from '@promontory/model/yaml'
import { checkStaticTargets } from '@promontory/scrape'
import { sigV4 } from './cloud-auth-config.ts'
import type { SigV4Config } from './cloud-auth-config.ts'

/** One entry of `alerting.alertmanagers`: external Alertmanagers that alerts are sent to, all of them. */
export interface AlertmanagerConfig extends HttpClientConfig, ServiceDiscoveryConfigs {
  readonly scheme: string
  readonly path_prefix: string
  readonly timeout: number
  readonly api_version: string
  readonly sigv4: SigV4Config | undefined
  readonly relabel_configs: readonly RelabelConfig[]
  readonly alert_relabel_configs: readonly RelabelConfig[]
}

export interface AlertingConfig {
  readonly alert_relabel_configs: readonly RelabelConfig[]
  readonly alertmanagers: readonly AlertmanagerConfig[]
}

const alertmanager: Schema<AlertmanagerConfig> = checked(
  struct('config.AlertmanagerConfig', {
    scheme: withDefault(str, 'http'),
    path_prefix: withDefault(str, ''),
    timeout: withDefault(duration, 10_000),
    api_version: withDefault(
      oneOf(
        ['v2'],
        (word) => `expected Alertmanager api version to be one of [v2] but got ${word}`,
      ) as Schema<string>,
      'v2',
    ),
    sigv4: optional(sigV4),
    ...httpClientFields,
    ...serviceDiscoveryFields,
    relabel_configs: withDefault(relabelConfigs('empty or null Alertmanager target relabeling rule'), []),
    alert_relabel_configs: withDefault(
      relabelConfigs('empty or null Alertmanager alert relabeling rule'),
      [],
    ),
  } satisfies FieldsOf<AlertmanagerConfig>) as Schema<AlertmanagerConfig>,
  (config, node, context) => {
    checkHttpClient(config, node, context)
    const hasAuth = config.basic_auth ?? config.authorization ?? config.oauth2
    if (hasAuth !== undefined && config.sigv4 !== undefined)
      context.report(node, 'at most one of basic_auth, authorization, oauth2, & sigv4 must be configured')
    else if (config.sigv4 !== undefined)
      context.unsupported(
        node,
        'signing by AWS SigV4 is not supported, use basic_auth, authorization or oauth2',
      )
    if (config.relabel_configs.length === 0) checkStaticTargets(config, node, context)
  },
)

/** The `alerting` section. */
export const alertingConfig: Schema<AlertingConfig> = struct('config.plain', {
  alert_relabel_configs: withDefault(relabelConfigs('empty or null alert relabeling rule'), []),
  alertmanagers: withDefault(list(alertmanager, 'empty or null Alertmanager config section'), []),
})

export const NO_ALERTING: AlertingConfig = { alert_relabel_configs: [], alertmanagers: [] }
