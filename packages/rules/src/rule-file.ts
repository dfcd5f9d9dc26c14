import {
  checked,
  decodeYaml,
  fieldNode,
  int,
  list,
  mapOf,
  optional,
  str,
  struct,
  text,
  withDefault,
  type ConfigNotice,
  type DecodeContext,
  type Schema,
  type StructOf,
  type YamlNode,
} from '@promontory/base/yaml'
import { compareUtf8, formatDuration, Labels, METRIC_NAME, parseDuration, quote } from '@promontory/model'
import { parseExpr, printExpr, type Expr, type ParserOptions } from '@promontory/promql/parser'
import { ALERT_TEMPLATE_DEFINITIONS, checkPrometheusTemplate } from '@promontory/template'
import { annotationsFrom } from './alert.ts'

/** One rule of a file, checked. Durations in milliseconds. */
export interface RuleConfig {
  readonly kind: 'alerting' | 'recording'
  /** Name of the alert, or of the recorded metric. */
  readonly name: string
  readonly expr: Expr
  /** The expression in its standard spelling: what is asked and shown. */
  readonly query: string
  readonly forMs: number
  readonly keepFiringForMs: number
  /** The group's labels with the rule's own over them; templates not expanded. */
  readonly labels: Labels
  /** The same by name, with empty ones: those take a label away from the result. */
  readonly labelTemplates: readonly (readonly [name: string, template: string])[]
  /** By name; empty texts stay, as upstream. */
  readonly annotations: Labels
  /** 1-based line of the rule in its file. */
  readonly line: number
}

export interface RuleGroupConfig {
  readonly name: string
  readonly file: string
  /** Undefined: the global evaluation interval. */
  readonly intervalMs: number | undefined
  /** Undefined: the global query offset. */
  readonly queryOffsetMs: number | undefined
  /** Most alerts or series that a rule may give; 0 for any number. */
  readonly limit: number
  readonly labels: Labels
  readonly rules: readonly RuleConfig[]
}

export interface RuleFile {
  readonly groups: readonly RuleGroupConfig[]
  readonly notices: readonly ConfigNotice[]
}

const duration: Schema<number> = text('model.Duration', parseDuration, formatDuration)

const RULE_FIELDS = {
  record: withDefault(str, ''),
  alert: withDefault(str, ''),
  expr: withDefault(str, ''),
  for: withDefault(duration, 0),
  keep_firing_for: withDefault(duration, 0),
  labels: withDefault(mapOf(str), {}),
  annotations: withDefault(mapOf(str), {}),
}
type RuleFields = StructOf<typeof RULE_FIELDS>

const GROUP_FIELDS = {
  name: withDefault(str, ''),
  interval: optional(duration),
  query_offset: optional(duration),
  limit: withDefault(int, 0),
  rules: withDefault(list(struct('rulefmt.Rule', RULE_FIELDS)), []),
  labels: withDefault(mapOf(str), {}),
}
type GroupFields = StructOf<typeof GROUP_FIELDS>

/** What `rule_files` name: `groups:` and nothing else. */
const FILE = struct('rulefmt.RuleGroups', {
  groups: withDefault(list(struct('rulefmt.RuleGroup', GROUP_FIELDS)), []),
})

/**
 * Reads and checks a rule file.
 * @throws ConfigErrors naming file, line, group, rule and Prometheus's text of each fault
 */
export function parseRuleFile(content: string, file: string, options?: ParserOptions): RuleFile {
  const groups: RuleGroupConfig[] = []
  const schema = checked(FILE, (value, node, context) => {
    const seen = new Set<string>()
    value.groups.forEach((group, index) => {
      const at = fieldNode(node, 'groups', index)
      if (group.name === '') context.report(at, 'Groupname must not be empty')
      if (seen.has(group.name)) context.report(at, `groupname: "${group.name}" is repeated in the same file`)
      seen.add(group.name)
      groups.push(new GroupReader(context, at, file, options).read(group))
    })
  })
  const { notices } = decodeYaml(content, { file }, schema)
  return { groups, notices }
}

class GroupReader {
  readonly #context: DecodeContext
  readonly #node: YamlNode
  readonly #file: string
  readonly #options: ParserOptions | undefined

  constructor(context: DecodeContext, node: YamlNode, file: string, options: ParserOptions | undefined) {
    this.#context = context
    this.#node = node
    this.#file = file
    this.#options = options
  }

  read(group: GroupFields): RuleGroupConfig {
    for (const fault of labelFaults(group.labels))
      this.#context.report(fieldNode(this.#node, 'labels'), fault)
    const labels = Labels.from(group.labels)
    return {
      name: group.name,
      file: this.#file,
      intervalMs: group.interval === 0 ? undefined : group.interval,
      queryOffsetMs: group.query_offset,
      limit: group.limit,
      labels,
      rules: group.rules.flatMap((rule, index) => this.#rule(group, rule, index) ?? []),
    }
  }

  #rule(group: GroupFields, rule: RuleFields, index: number): RuleConfig | undefined {
    const node = fieldNode(this.#node, 'rules', index)
    const name = rule.alert === '' ? rule.record : rule.alert
    const where = `group ${quote(group.name)}, rule ${index + 1}, ${quote(name)}`
    let sound = true
    const report = (field: string, fault: string): void => {
      sound = false
      this.#context.report(fieldNode(node, field), `${where}: ${fault}`)
    }
    checkRule(rule, report)
    const expr = parseRuleExpr(rule.expr, this.#options, (fault) => report('expr', fault))
    if (!sound || expr === undefined) return undefined
    const labels = { ...group.labels, ...rule.labels }
    return {
      kind: rule.alert === '' ? 'recording' : 'alerting',
      name,
      expr,
      query: printExpr(expr),
      forMs: rule.for,
      keepFiringForMs: rule.keep_firing_for,
      labels: Labels.from(labels),
      labelTemplates: Object.entries(labels).sort(([a], [b]) => compareUtf8(a, b)),
      annotations: annotationsFrom(rule.annotations),
      line: node.line,
    }
  }
}

type Report = (field: string, fault: string) => void

function parseRuleExpr(
  source: string,
  options: ParserOptions | undefined,
  report: (fault: string) => void,
): Expr | undefined {
  if (source === '') {
    report("field 'expr' must be set in rule")
    return undefined
  }
  try {
    return parseExpr(source, options)
  } catch (error) {
    report(`could not parse expression: ${(error as Error).message}`)
    return undefined
  }
}

function checkRule(rule: RuleFields, report: Report): void {
  if (rule.record !== '' && rule.alert !== '')
    report('record', "only one of 'record' and 'alert' must be set")
  if (rule.record === '' && rule.alert === '') report('record', "one of 'record' or 'alert' must be set")
  if (rule.record !== '') checkRecording(rule, report)
  for (const fault of labelFaults(rule.labels)) report('labels', fault)
  for (const name of Object.keys(rule.annotations))
    if (name === '' || !name.isWellFormed()) report('annotations', `invalid annotation name: ${name}`)
  if (rule.alert !== '') checkTemplates(rule, report)
}

function checkRecording(rule: RuleFields, report: Report): void {
  const forbidden = [
    ['annotations', Object.keys(rule.annotations).length > 0],
    ['for', rule.for !== 0],
    ['keep_firing_for', rule.keep_firing_for !== 0],
  ] as const
  for (const [field, given] of forbidden)
    if (given) report('record', `invalid field '${field}' in recording rule`)
  if (!rule.record.isWellFormed()) report('record', `invalid recording rule name: ${rule.record}`)
  if (/[{}]/.test(rule.record))
    report('record', `braces present in the recording rule name; should it be in expr?: ${rule.record}`)
}

function labelFaults(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([name, value]) => {
    const faults: string[] = []
    if (name === '' || name === METRIC_NAME || !name.isWellFormed())
      faults.push(`invalid label name: ${name}`)
    if (!value.isWellFormed()) faults.push(`invalid label value: ${value}`)
    return faults
  })
}

function checkTemplates(rule: RuleFields, report: Report): void {
  const check = (field: string, kind: string, texts: Readonly<Record<string, string>>): void => {
    for (const [name, source] of Object.entries(texts))
      try {
        checkPrometheusTemplate(`__alert_${rule.alert}`, ALERT_TEMPLATE_DEFINITIONS + source)
      } catch (error) {
        report(field, `${kind} ${quote(name)}: ${(error as Error).message}`)
      }
  }
  check('labels', 'label', rule.labels)
  check('annotations', 'annotation', rule.annotations)
}
