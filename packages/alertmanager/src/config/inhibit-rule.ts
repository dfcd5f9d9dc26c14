import { checked, fieldNode, list, mapOf, str, struct, withDefault, type Schema } from '@promontory/base/yaml'
import { isClassicLabelName, type Matcher } from '@promontory/model'
import { isLabelName, type MatcherMode } from '../matchers/alert-matcher.ts'
import { matcherList, matchRegexes } from './route.ts'
import { optionalText } from './values.ts'

export interface InhibitRuleConfig {
  readonly name: string
  readonly source_match: Readonly<Record<string, string>>
  readonly source_match_re: Readonly<Record<string, string>>
  readonly source_matchers: readonly Matcher[]
  readonly target_match: Readonly<Record<string, string>>
  readonly target_match_re: Readonly<Record<string, string>>
  readonly target_matchers: readonly Matcher[]
  readonly equal: readonly string[]
}

export function inhibitRuleSchema(mode: MatcherMode): Schema<InhibitRuleConfig> {
  return checked(
    struct('config.plain', {
      name: optionalText,
      source_match: withDefault(mapOf(str), {}),
      source_match_re: withDefault(matchRegexes, {}),
      source_matchers: withDefault(matcherList(mode), []),
      target_match: withDefault(mapOf(str), {}),
      target_match_re: withDefault(matchRegexes, {}),
      target_matchers: withDefault(matcherList(mode), []),
      equal: withDefault(list(str), []),
    }),
    (rule, node, context) => {
      for (const field of ['source_match', 'target_match'] as const)
        for (const name of Object.keys(rule[field]))
          if (!isClassicLabelName(name))
            context.report(fieldNode(node, field), `invalid label name "${name}"`)
      for (const name of rule.equal)
        if (!isLabelName(name, mode))
          context.report(fieldNode(node, 'equal'), `invalid label name "${name}" in equal list`)
    },
  )
}
