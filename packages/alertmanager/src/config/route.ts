import {
  bool,
  isNullNode,
  list,
  mapOf,
  optional,
  recursive,
  str,
  struct,
  transformed,
  withDefault,
  type DecodeContext,
  type Schema,
  type YamlNode,
} from '@promontory/base/yaml'
import { fieldNode } from '@promontory/base/yaml'
import { AnchoredRegex, isClassicLabelName, Matcher } from '@promontory/model'
import {
  formatMatcher,
  isLabelName,
  parseMatchers,
  sortMatchers,
  type MatcherMode,
} from '../matchers/alert-matcher.ts'
import { modelDuration, optionalText } from './values.ts'

/** A node of the routing tree as written; nothing inherited yet. */
export interface RouteConfig {
  readonly receiver: string
  readonly group_by: readonly string[] | undefined
  readonly match: Readonly<Record<string, string>>
  readonly match_re: Readonly<Record<string, string>>
  readonly matchers: readonly Matcher[]
  readonly mute_time_intervals: readonly string[]
  readonly active_time_intervals: readonly string[]
  readonly continue: boolean
  readonly routes: readonly RouteConfig[]
  readonly group_wait: number | undefined
  readonly group_interval: number | undefined
  readonly repeat_interval: number | undefined
  readonly labels: Readonly<Record<string, string>>
}

/** `matchers:`, a list of texts that may each hold several. */
export function matcherList(mode: MatcherMode): Schema<readonly Matcher[]> {
  const lines = list(str)
  return {
    type: 'labels.Matchers',
    decode(node, context) {
      const matchers = lines.decode(node, context).flatMap((line, i) => {
        try {
          return parseMatchers(line, mode)
        } catch (error) {
          return context.fail(fieldNode(node, i), (error as Error).message, error)
        }
      })
      return sortMatchers(matchers)
    },
    encode: (matchers) => matchers.map(formatMatcher),
  }
}

/** The old `match_re` maps: a pattern per label. */
export const matchRegexes: Schema<Readonly<Record<string, string>>> = {
  type: 'config.MatchRegexps',
  decode(node, context) {
    if (isNullNode(node)) return {}
    if (node.kind !== 'mapping') return context.failType(node, 'config.MatchRegexps', 'a mapping')
    return Object.fromEntries(
      node.entries.map(({ key, value }) => [key.text, patternOf(key.text, value, context)]),
    )
  },
  encode: (patterns) => ({ ...patterns }),
}

function patternOf(name: string, node: YamlNode, context: DecodeContext): string {
  if (!isClassicLabelName(name)) context.fail(node, `invalid label name "${name}"`)
  if (isNullNode(node)) context.fail(node, `invalid regexp value for "${name}"`)
  const pattern = str.decode(node, context)
  try {
    void new AnchoredRegex(pattern)
  } catch (error) {
    context.fail(node, (error as Error).message, error)
  }
  return pattern
}

export function routeSchema(mode: MatcherMode): Schema<RouteConfig> {
  const schema: Schema<RouteConfig> = transformed(
    struct('config.plain', {
      receiver: optionalText,
      group_by: optional(list(str)),
      match: withDefault(mapOf(str), {}),
      match_re: withDefault(matchRegexes, {}),
      matchers: withDefault(matcherList(mode), []),
      mute_time_intervals: withDefault(list(str), []),
      active_time_intervals: withDefault(list(str), []),
      continue: withDefault(bool, false),
      routes: withDefault(list(recursive('config.Route', () => schema)), []),
      group_wait: optional(modelDuration),
      group_interval: optional(modelDuration),
      repeat_interval: optional(modelDuration),
      labels: withDefault(mapOf(str), {}),
    }),
    (route, node, context) => {
      checkRoute(route, node, context, mode)
      return route
    },
    (route) => route,
  )
  return schema
}

function checkRoute(route: RouteConfig, node: YamlNode, context: DecodeContext, mode: MatcherMode): void {
  const report = (field: string, fault: string): void => context.report(fieldNode(node, field), fault)
  for (const name of Object.keys(route.match))
    if (!isClassicLabelName(name)) report('match', `invalid label name "${name}"`)
  for (const name of Object.keys(route.labels))
    if (!isLabelName(name, mode)) report('labels', `invalid label name "${name}" in route labels`)
  checkGroupBy(route.group_by ?? [], mode, (fault) => report('group_by', fault))
  if (route.group_interval === 0) report('group_interval', 'group_interval cannot be zero')
  if (route.repeat_interval === 0) report('repeat_interval', 'repeat_interval cannot be zero')
}

function checkGroupBy(names: readonly string[], mode: MatcherMode, report: (fault: string) => void): void {
  const labels = names.filter((name) => name !== '...')
  if (labels.length < names.length && labels.length > 0)
    report('cannot have wildcard group_by (`...`) and other labels at the same time')
  for (const [i, name] of labels.entries()) {
    if (!isLabelName(name, mode)) report(`invalid label name "${name}" in group_by list`)
    if (labels.indexOf(name) !== i) report(`duplicated label "${name}" in group_by`)
  }
}

/** All matchers of a route or rule side, the old forms among them, in group-key order. */
export function allMatchers(parts: {
  match: Readonly<Record<string, string>>
  match_re: Readonly<Record<string, string>>
  matchers: readonly Matcher[]
}): Matcher[] {
  return sortMatchers([
    ...Object.entries(parts.match).map(([name, value]) => new Matcher('=', name, value)),
    ...Object.entries(parts.match_re).map(([name, value]) => new Matcher('=~', name, value)),
    ...parts.matchers,
  ])
}
