import {
  decodeYaml,
  fieldNode,
  filePath,
  list,
  mapOf,
  optional,
  printYaml,
  str,
  struct,
  transformed,
  withDefault,
  type ConfigNotice,
  type Decoded,
  type Schema,
  type YamlNode,
  type DecodeContext,
  type YamlValue,
} from '@promontory/base/yaml'
import type { MatcherMode } from '../matchers/alert-matcher.ts'
import { globalConfig, type GlobalConfig } from './global.ts'
import { inhibitRuleSchema, type InhibitRuleConfig } from './inhibit-rule.ts'
import { inheritGlobals } from './inherit.ts'
import * as sent from './receivers.ts'
import type { ReceiverConfig } from './receiver-config.ts'
import { routeSchema, type RouteConfig } from './route.ts'
import { timeInterval, type TimeInterval } from './time-interval.ts'
import * as unsent from './unsent-receivers.ts'
import { anyValue, optionalText } from './values.ts'

const receiverStruct: Schema<ReceiverConfig> = struct('config.plain', {
  name: optionalText,
  labels: withDefault(mapOf(str), {}),
  discord_configs: withDefault(list(sent.discord, 'missing discord config'), []),
  email_configs: withDefault(list(sent.email, 'missing email config'), []),
  incidentio_configs: withDefault(list(sent.incidentio, 'missing incidentio config'), []),
  pagerduty_configs: withDefault(list(sent.pagerduty, 'missing pagerduty config'), []),
  slack_configs: withDefault(list(sent.slack), []),
  webhook_configs: withDefault(list(sent.webhook, 'missing webhook config'), []),
  opsgenie_configs: withDefault(list(sent.opsgenie), []),
  wechat_configs: withDefault(list(unsent.wechat), []),
  pushover_configs: withDefault(list(sent.pushover, 'missing pushover config'), []),
  victorops_configs: withDefault(list(sent.victorops, 'missing victorops config'), []),
  sns_configs: withDefault(list(unsent.sns, 'missing sns config'), []),
  telegram_configs: withDefault(list(sent.telegram, 'missing telegram config'), []),
  webex_configs: withDefault(list(unsent.webex, 'missing webex config'), []),
  msteams_configs: withDefault(list(sent.msteams, 'missing msteams config'), []),
  msteamsv2_configs: withDefault(list(sent.msteamsv2, 'missing msteamsv2 config'), []),
  jira_configs: withDefault(list(unsent.jira, 'missing jira config'), []),
  rocketchat_configs: withDefault(list(unsent.rocketchat), []),
  mattermost_configs: withDefault(list(unsent.mattermost, 'missing mattermost config'), []),
})

const receiverSchema: Schema<ReceiverConfig> = transformed(
  receiverStruct,
  (receiver, node, context) => {
    if (receiver.name === '') context.report(node, 'missing name in receiver')
    const label = receiver.labels.name
    if (label !== undefined && label !== receiver.name)
      context.report(
        fieldNode(node, 'labels'),
        `receiver label "name" must match receiver name "${receiver.name}", got "${label}"`,
      )
    return { ...receiver, labels: { ...receiver.labels, name: receiver.name } }
  },
  (receiver) => receiver,
)

export interface NamedTimeInterval {
  readonly name: string
  readonly time_intervals: readonly TimeInterval[]
}

function namedInterval(what: string): Schema<NamedTimeInterval> {
  return transformed(
    struct('config.plain', { name: optionalText, time_intervals: withDefault(list(timeInterval), []) }),
    (interval, node, context) => {
      if (interval.name === '') context.report(node, `missing name in ${what}`)
      return interval
    },
    (interval) => interval,
  )
}

function rootStruct(mode: MatcherMode) {
  return struct('config.plain', {
    global: optional(globalConfig),
    route: optional(routeSchema(mode)),
    inhibit_rules: withDefault(list(inhibitRuleSchema(mode)), []),
    receivers: withDefault(list(receiverSchema), []),
    templates: withDefault(list(filePath), []),
    mute_time_intervals: withDefault(list(namedInterval('mute time interval')), []),
    time_intervals: withDefault(list(namedInterval('time interval')), []),
    tracing: optional(anyValue),
    event_recorder: optional(anyValue),
    cluster: optional(anyValue),
  })
}
type Root = Decoded<ReturnType<typeof rootStruct>>

/** A whole `alertmanager.yml`, checked, with globals handed down to the receivers. */
export interface AlertmanagerConfig {
  readonly global: GlobalConfig
  readonly route: RouteConfig
  readonly inhibit_rules: readonly InhibitRuleConfig[]
  readonly receivers: readonly ReceiverConfig[]
  /** Absolute paths, maybe with wildcards. */
  readonly templates: readonly string[]
  readonly time_intervals: readonly NamedTimeInterval[]
}

export interface LoadedConfig {
  readonly config: AlertmanagerConfig
  /** Warnings, and features that are not there (`unsupported`): refuse those by name at start. */
  readonly notices: readonly ConfigNotice[]
  /** The configuration printed back, secrets hidden; what `/api/v2/status` shows. */
  readonly original: string
  /** The misplaced `cluster:` block, for whoever has the cluster flags: clustering itself is not there. */
  readonly cluster: YamlValue | undefined
}

/**
 * Reads `alertmanager.yml` as strictly as upstream.
 * @throws ConfigErrors naming file, line, column, field and upstream's text of each fault
 */
export function loadAlertmanagerConfig(
  content: string,
  file: string,
  mode: MatcherMode = 'fallback',
): LoadedConfig {
  const root = rootStruct(mode)
  let printed: YamlValue = {}
  let cluster: YamlValue | undefined
  const schema: Schema<AlertmanagerConfig> = transformed(
    root,
    (value, node, context) => {
      printed = root.encode({ ...value, cluster: undefined }) ?? {}
      cluster = value.cluster
      return finish(value, node, context)
    },
    () => neverPrinted(),
  )
  const { value, notices } = decodeYaml(content, { file }, schema)
  return { config: value, notices, original: printYaml(printed), cluster }
}

function finish(root: Root, node: YamlNode, context: DecodeContext): AlertmanagerConfig {
  const global = root.global ?? globalConfig.decode({ ...node, kind: 'mapping', entries: [] }, context)
  const receivers = inheritGlobals(root.receivers, global, node, context)
  checkUnique(receivers, node, context)
  const { route } = root
  if (route === undefined) return context.fail(node, 'no route provided in config')
  checkRoot(route, fieldNode(node, 'route'), context)
  const names = new Set(receivers.map(({ name }) => name))
  const intervals = [...root.mute_time_intervals, ...root.time_intervals]
  checkIntervals(root, node, context)
  checkReferences(route, fieldNode(node, 'route'), names, new Set(intervals.map(({ name }) => name)), context)
  reportUnsupported(root, node, context)
  return {
    global,
    route,
    inhibit_rules: root.inhibit_rules,
    receivers,
    templates: root.templates,
    time_intervals: intervals,
  }
}

function checkUnique(receivers: readonly ReceiverConfig[], node: YamlNode, context: DecodeContext): void {
  const seen = new Set<string>()
  for (const [i, { name }] of receivers.entries()) {
    if (seen.has(name))
      context.report(fieldNode(node, 'receivers', i), `notification config name "${name}" is not unique`)
    seen.add(name)
  }
}

function checkRoot(route: RouteConfig, node: YamlNode, context: DecodeContext): void {
  const report = (fault: string, field?: string): void =>
    context.report(field === undefined ? node : fieldNode(node, field), fault)
  if (route.receiver === '') report('root route must specify a default receiver')
  if (
    route.matchers.length > 0 ||
    Object.keys(route.match).length > 0 ||
    Object.keys(route.match_re).length > 0
  )
    report('root route must not have any matchers', 'matchers')
  if (route.mute_time_intervals.length > 0)
    report('root route must not have any mute time intervals', 'mute_time_intervals')
  if (route.active_time_intervals.length > 0)
    report('root route must not have any active time intervals', 'active_time_intervals')
  if (route.continue) report('cannot have continue in root route', 'continue')
}

function checkIntervals(root: Root, node: YamlNode, context: DecodeContext): void {
  const seen = new Set<string>()
  for (const field of ['mute_time_intervals', 'time_intervals'] as const)
    for (const [i, { name }] of root[field].entries()) {
      const what = field === 'time_intervals' ? 'time interval' : 'mute time interval'
      if (seen.has(name)) context.report(fieldNode(node, field, i), `${what} "${name}" is not unique`)
      seen.add(name)
    }
}

function checkReferences(
  route: RouteConfig,
  node: YamlNode,
  receivers: ReadonlySet<string>,
  intervals: ReadonlySet<string>,
  context: DecodeContext,
): void {
  if (route.receiver !== '' && !receivers.has(route.receiver))
    context.report(fieldNode(node, 'receiver'), `undefined receiver "${route.receiver}" used in route`)
  for (const name of [...route.active_time_intervals, ...route.mute_time_intervals])
    if (!intervals.has(name)) context.report(node, `undefined time interval "${name}" used in route`)
  for (const [i, child] of route.routes.entries())
    checkReferences(child, fieldNode(node, 'routes', i), receivers, intervals, context)
}

/** Receivers that upstream delivers to and we do not. */
const UNSENT = ['wechat', 'sns', 'jira'] as const

function reportUnsupported(root: Root, node: YamlNode, context: DecodeContext): void {
  for (const [i, receiver] of root.receivers.entries())
    for (const kind of UNSENT)
      if (receiver[`${kind}_configs`].length > 0)
        context.unsupported(
          fieldNode(node, 'receivers', i, `${kind}_configs`),
          `receiver "${receiver.name}": delivery to ${kind} is not supported, use webhook_configs or another receiver`,
        )
  if (root.tracing !== undefined)
    context.unsupported(fieldNode(node, 'tracing'), 'tracing of the alertmanager is not supported')
  if (root.event_recorder !== undefined)
    context.unsupported(
      fieldNode(node, 'event_recorder'),
      'event_recorder is not supported, the history covers its need',
    )
  if (root.cluster !== undefined)
    context.warn(
      fieldNode(node, 'cluster'),
      'field cluster does not belong into alertmanager.yml and is taken as the flags --cluster.listen-address and --cluster.peer, which are the standard way to write it',
    )
}

function neverPrinted(): never {
  throw new Error('BUG: a finished alertmanager configuration is not printed')
}
