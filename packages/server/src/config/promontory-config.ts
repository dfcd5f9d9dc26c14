import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  bool,
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
import { duration } from '@promontory/model/yaml'
import { parseMatchers } from '@promontory/alertmanager'
import { NO_DATA_POLICIES, type NoDataRule } from '@promontory/rules'
import { type TierRetention, TIERS } from '@promontory/tsdb'

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
  readonly storage: StorageConfig
}

/** What Prometheus's `storage` section has no words for. Times in ms. */
export interface StorageConfig {
  readonly tiers: { readonly enabled: boolean; readonly retention: TierRetention }
  readonly retention: readonly {
    readonly selector: readonly Matcher[]
    readonly keep: number
  }[]
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

/** `{job="debug"}`: which series. */
const selector: Schema<readonly Matcher[]> = {
  type: 'selector',
  decode: (node, context) => {
    const source = str.decode(node, context)
    let matchers: readonly Matcher[]
    try {
      matchers = parseMatchers(source)
    } catch (error) {
      return context.fail(node, `bad selector ${source}: ${(error as Error).message}`, error)
    }
    if (matchers.some((matcher) => !matcher.matchesEmpty())) return matchers
    return context.fail(
      node,
      `${source} selects all series: expected a matcher that does not match the empty string`,
    )
  },
  encode: (matchers) => `{${matchers.map(String).join(',')}}`,
}

const DEFAULT_TIERS = Object.fromEntries(
  TIERS.map((tier) => [tier.name, tier.defaultRetentionMs]),
) as unknown as TierRetention

const tierRetention: Schema<TierRetention> = struct('promontory.tier_retention', {
  '5m': withDefault(duration, DEFAULT_TIERS['5m']),
  '1h': withDefault(duration, DEFAULT_TIERS['1h']),
  '1d': withDefault(duration, DEFAULT_TIERS['1d']),
})

const NO_TIERS = { enabled: false, retention: DEFAULT_TIERS }

const storage: Schema<StorageConfig> = struct('promontory.storage', {
  tiers: withDefault(
    struct('promontory.tiers', {
      enabled: withDefault(bool, false),
      retention: withDefault(tierRetention, DEFAULT_TIERS),
    }),
    NO_TIERS,
  ),
  retention: withDefault(
    list(
      checked(struct('promontory.retention', { selector, keep: duration }), ({ keep }, node, context) => {
        if (keep === 0) context.report(fieldNode(node, 'keep') ?? node, 'expected more than 0')
      }),
    ),
    [],
  ),
})

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
  storage: withDefault(storage, { tiers: NO_TIERS, retention: [] }),
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
