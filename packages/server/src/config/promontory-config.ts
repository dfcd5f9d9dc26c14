import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  checked,
  decodeYaml,
  fieldNode,
  list,
  oneOf,
  optional,
  str,
  struct,
  text,
  withDefault,
  type Schema,
} from '@promontory/base/yaml'
import { AnchoredRegex, type Matcher } from '@promontory/model'
import { parseMatchers } from '@promontory/alertmanager'
import { NO_DATA_POLICIES, type NoDataRule } from '@promontory/rules'

/** Which groups of alerts open incidents: all conditions of an entry must hold. */
export interface IncidentTrigger {
  /** Name of the Alertmanager's receiver; undefined for any. */
  readonly receiver: string | undefined
  /** An alert must have these labels. */
  readonly matchers: readonly Matcher[]
}

/** `promontory.yml`: what the files of the replaced programs have no place for. */
export interface PromontoryConfig {
  readonly incidents: { readonly open_for: readonly IncidentTrigger[] }
  readonly rules: { readonly no_data: readonly NoDataRule[] }
}

const matcherTexts: Schema<readonly Matcher[]> = {
  type: 'list of matchers',
  decode: (node, context) =>
    list(str)
      .decode(node, context)
      .flatMap((source, i) => {
        try {
          return parseMatchers(source)
        } catch (error) {
          return context.fail(fieldNode(node, i), `bad matcher ${source}: ${(error as Error).message}`, error)
        }
      }),
  encode: (matchers) => matchers.map(String),
}

const regex: Schema<AnchoredRegex> = text('regular expression', (source) => new AnchoredRegex(source), String)

const trigger: Schema<IncidentTrigger> = checked(
  struct('promontory.incident_trigger', { receiver: optional(str), matchers: withDefault(matcherTexts, []) }),
  ({ receiver, matchers }, node, context) => {
    if (receiver === undefined && matchers.length === 0)
      context.report(node, 'expected a receiver, matchers, or both')
  },
)

const noDataRule: Schema<NoDataRule> = struct('promontory.no_data', {
  alert: regex,
  group: optional(regex),
  policy: oneOf(NO_DATA_POLICIES),
})

/** Without the file: incidents for what somebody is paged for, rules as upstream. */
const DEFAULT_TRIGGERS: readonly IncidentTrigger[] = [
  { receiver: undefined, matchers: parseMatchers('severity=~"critical|page"') },
]

const schema: Schema<PromontoryConfig> = struct('promontory.config', {
  incidents: withDefault(
    struct('promontory.incidents', { open_for: withDefault(list(trigger), DEFAULT_TRIGGERS) }),
    { open_for: DEFAULT_TRIGGERS },
  ),
  rules: withDefault(struct('promontory.rules', { no_data: withDefault(list(noDataRule), []) }), {
    no_data: [],
  }),
})

/**
 * Reads `--promontory.config`. @param file  undefined: the defaults
 * @throws ConfigErrors naming file, line, column and field of each fault; what the file system says
 */
export function readPromontoryConfig(file: string | undefined): PromontoryConfig {
  return parsePromontoryConfig(file === undefined ? '' : readFileSync(file, 'utf8'), resolve(file ?? ''))
}

/** @throws ConfigErrors */
export function parsePromontoryConfig(content: string, file: string): PromontoryConfig {
  return decodeYaml(content, { file }, schema).value
}
