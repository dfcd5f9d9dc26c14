/** Door `@promontory/model/relabel`; apart from the main door because it hashes with Node's crypto. */
import { createHash } from 'node:crypto'
import { Labels } from './labels.ts'
import { AnchoredRegex } from './regex.ts'

export const RELABEL_ACTIONS = [
  'replace', 'keep', 'drop', 'keepequal', 'dropequal', 'hashmod', 'labelmap', 'labeldrop', 'labelkeep', 'lowercase', 'uppercase',
] as const // prettier-ignore
export type RelabelAction = (typeof RELABEL_ACTIONS)[number]

/** One relabelling rule, with the names of the configuration file. Undefined fields were not written. */
export interface RelabelConfig {
  readonly source_labels: readonly string[] | undefined
  readonly separator: string
  readonly regex: AnchoredRegex | undefined
  readonly modulus: number
  readonly target_label: string
  readonly replacement: string
  readonly action: RelabelAction
}

/** What upstream sets where a rule says nothing. */
export const RELABEL_DEFAULTS = { separator: ';', regex: '(.*)', modulus: 0, replacement: '$1' } as const
const DEFAULT_REGEX = new AnchoredRegex(RELABEL_DEFAULTS.regex)

/**
 * Applies rules in order.
 * @returns undefined when a rule drops the labels
 */
export function relabel(labels: Labels, configs: readonly RelabelConfig[]): Labels | undefined {
  if (configs.length === 0) return labels
  const builder = new Map(labels)
  for (const config of configs) if (!applyRule(builder, config)) return undefined
  return Labels.from(builder)
}

/** What one rule made of the labels; for the relabel lab and `/api/v1/targets/relabel_steps`. */
export interface RelabelStep {
  readonly config: RelabelConfig
  /** Labels after the rule; those it was given when it dropped them. */
  readonly output: Labels
  readonly keep: boolean
}

/** {@link relabel}, step by step; ends with the rule that drops. */
export function relabelSteps(labels: Labels, configs: readonly RelabelConfig[]): RelabelStep[] {
  const steps: RelabelStep[] = []
  const builder = new Map(labels)
  for (const config of configs) {
    const keep = applyRule(builder, config)
    steps.push({ config, output: Labels.from(builder), keep })
    if (!keep) break
  }
  return steps
}

type Builder = Map<string, string>

function applyRule(builder: Builder, config: RelabelConfig): boolean {
  const regex = config.regex ?? DEFAULT_REGEX
  const value = (config.source_labels ?? []).map((name) => builder.get(name) ?? '').join(config.separator)
  switch (config.action) {
    case 'keep':
      return regex.matches(value)
    case 'drop':
      return !regex.matches(value)
    case 'keepequal':
      return (builder.get(config.target_label) ?? '') === value
    case 'dropequal':
      return (builder.get(config.target_label) ?? '') !== value
    case 'replace':
      replace(builder, config, regex, value)
      return true
    case 'hashmod':
      setLabel(builder, config.target_label, hashModulus(value, config.modulus))
      return true
    case 'lowercase':
      setLabel(builder, config.target_label, lowercase(value))
      return true
    case 'uppercase':
      setLabel(builder, config.target_label, uppercase(value))
      return true
    case 'labelmap':
      for (const [name, old] of Array.from(builder))
        if (regex.matches(name)) setLabel(builder, expand(regex, name, config.replacement), old)
      return true
    case 'labeldrop':
    case 'labelkeep':
      for (const name of Array.from(builder.keys()))
        if (regex.matches(name) === (config.action === 'labeldrop')) builder.delete(name)
      return true
  }
}

function setLabel(builder: Builder, name: string, value: string): void {
  if (value === '') builder.delete(name)
  else builder.set(name, value)
}

function replace(builder: Builder, config: RelabelConfig, regex: AnchoredRegex, value: string): void {
  if (!regex.matches(value)) return
  const target = expand(regex, value, config.target_label)
  if (target !== '') setLabel(builder, target, expand(regex, value, config.replacement))
}

/** The last 8 bytes of the MD5 sum, big-endian, modulo. */
export function hashModulus(value: string, modulus: number): string {
  const sum = createHash('md5').update(value, 'utf8').digest()
  return String(sum.readBigUInt64BE(8) % BigInt(modulus))
}

/** Go's `$1`, `${1}`, `$name`, `${name}`, `$$`: the name is the longest run of word characters; unknown ones are empty. */
const TEMPLATE = /\$(?:\$|\{([0-9A-Za-z_]+)\}|([0-9A-Za-z_]+))/g

/**
 * Fills a template from the match of `text`.
 * @param regex must match `text`
 */
export function expand(regex: AnchoredRegex, text: string, template: string): string {
  if (!template.includes('$')) return template
  let groups: ((name: string) => string) | undefined
  return template.replace(TEMPLATE, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare
    if (name === undefined) return whole === '$$' ? '$' : whole
    groups ??= captures(regex, text)
    return groups(name)
  })
}

function captures(regex: AnchoredRegex, text: string): (name: string) => string {
  if (regex.source === RELABEL_DEFAULTS.regex) return (name) => (name === '0' || name === '1' ? text : '')
  const { machine } = regex
  const matcher = machine.matcher(text)
  if (!matcher.matches()) return () => ''
  const named = machine.namedGroups()
  return (name) => {
    const index = /^\d+$/.test(name) ? Number(name) : named[name]
    return index === undefined || index > machine.groupCount() ? '' : (matcher.group(index) ?? '')
  }
}

/** Go maps letter by letter: what JavaScript spells with two letters (ß) stays. */
function uppercase(text: string): string {
  return Array.from(text, (c) => ([...c.toUpperCase()].length === 1 ? c.toUpperCase() : c)).join('')
}

function lowercase(text: string): string {
  return Array.from(text, (c) => [...c.toLowerCase()][0]!).join('')
}
