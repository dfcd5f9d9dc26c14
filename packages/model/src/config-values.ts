/** Door `@promontory/model/yaml`: the values of configuration files that need this package's words. */
import {
  bool,
  checked,
  integer,
  list,
  mapOf,
  optional,
  str,
  struct,
  text,
  withDefault,
} from '@promontory/base/yaml'
import type { NumberBounds, Schema } from '@promontory/base/yaml'
import { formatDuration, parseDuration } from './duration.ts'
import { isClassicLabelName, quote } from './labels.ts'
import { AnchoredRegex } from './regex.ts'
import { RELABEL_ACTIONS, RELABEL_DEFAULTS } from './relabel.ts'
import type { RelabelAction, RelabelConfig } from './relabel.ts'

/** `1m30s`, as milliseconds. */
export const duration: Schema<number> = text('model.Duration', parseDuration, formatDuration)

/** An anchored RE2 pattern. */
export const regex: Schema<AnchoredRegex> = text(
  'relabel.Regexp',
  (source) => new AnchoredRegex(source),
  (value) => value.source,
)

/** How names are checked: any UTF-8, or the classic letters, digits and underscores. */
export type NameValidation = 'utf8' | 'legacy'

export function isValidLabelName(name: string, validation: NameValidation): boolean {
  return validation === 'legacy' ? isClassicLabelName(name) : name !== '' && name.isWellFormed()
}

/** `%q` of a text that may hold bytes which are no UTF-8 (kept as lone surrogates by `!!binary`). */
export function quoteBytes(value: string): string {
  return quote(value).replace(/\\udc([89a-f][0-9a-f])/g, '\\x$1')
}

/** A label name: not empty, UTF-8. */
export const labelName: Schema<string> = text('model.LabelName', (name) => {
  if (!isValidLabelName(name, 'utf8')) throw new Error(`${quoteBytes(name)} is not a valid label name`)
  return name
})

/** A mapping of label names to values, as `labels:` has it. */
export const labelSet: Schema<Readonly<Record<string, string>>> = checked(
  mapOf(str),
  (labels, node, context) => {
    if (node.kind !== 'mapping') return
    for (const { key, value } of node.entries) {
      if (!isValidLabelName(key.text, 'utf8'))
        context.report(key, `${quoteBytes(key.text)} is not a valid label name`)
      if (!(labels[key.text] ?? '').isWellFormed())
        context.report(value, `${quoteBytes(labels[key.text]!)} is not a valid label value`)
    }
  },
)

/** `true`, `false` or absent, where absence means "as in global". */
export const optionalBool: ReturnType<typeof optional<boolean>> = optional(bool)

const BYTE_UNITS: Readonly<Record<string, number>> = {
  B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40, PB: 2 ** 50, EB: 2 ** 60,
  KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, PiB: 2 ** 50, EiB: 2 ** 60,
} // prettier-ignore

/** `15MB`, as bytes; units are powers of 1024, as upstream's library has them. */
export function parseByteSize(source: string): number {
  if (source === '' || source === '0') return 0
  const match = /^([0-9.]+)([A-Za-z]*)$/.exec(source)
  if (match === null) throw new Error(`units: invalid ${source}`)
  const unit = BYTE_UNITS[match[2]!]
  if (unit === undefined) throw new Error(`units: unknown unit ${match[2]} in ${source}`)
  return Math.trunc(Number(match[1]) * unit)
}

export function formatByteSize(bytes: number): string {
  if (bytes === 0) return '0'
  const units = ['EiB', 'PiB', 'TiB', 'GiB', 'MiB', 'KiB', 'B']
  const unit = units.find((name) => bytes % (BYTE_UNITS[name] ?? 1) < 1)!
  return `${bytes / BYTE_UNITS[unit]!}${unit}`
}

/** A size like `15MB`. */
export const byteSize: Schema<number> = text('units.Base2Bytes', parseByteSize, formatByteSize)

/** A whole number of Go's `uint64`. */
export const uint64: Schema<number> = integer({ min: 0, type: 'uint64' } satisfies NumberBounds & {
  type: string
})

const action: Schema<RelabelAction> = text('relabel.Action', (source) => {
  const known = RELABEL_ACTIONS.find((name) => name === source.toLowerCase())
  if (known === undefined) throw new Error(`unknown relabel action "${source}"`)
  return known
})

const plainRelabelConfig: Schema<RelabelConfig> = struct('relabel.plain', {
  source_labels: optional(list(labelName)),
  separator: withDefault(str, RELABEL_DEFAULTS.separator),
  regex: optional(regex),
  modulus: withDefault(uint64, RELABEL_DEFAULTS.modulus),
  target_label: withDefault(str, ''),
  replacement: withDefault(str, RELABEL_DEFAULTS.replacement),
  action: withDefault(action, 'replace'),
})

/** One rule of `relabel_configs` and its like, checked for `utf8` names. */
export const relabelConfig: Schema<RelabelConfig> = checked(plainRelabelConfig, (config, node, context) => {
  const fault = relabelFault(config, 'utf8')
  if (fault !== undefined) context.report(node, fault)
})

/** @param empty text of the fault for a null item, e.g. `empty or null target relabeling rule in scrape config` */
export function relabelConfigs(empty: string): Schema<readonly RelabelConfig[]> {
  return list(relabelConfig, empty)
}

const NEEDS_TARGET: ReadonlySet<RelabelAction> = new Set(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal']) // prettier-ignore
const FIXED_REPLACEMENT: ReadonlySet<RelabelAction> = new Set(['lowercase', 'uppercase', 'keepequal', 'dropequal']) // prettier-ignore
/** A target label of a replace rule with `$1` in it, under `legacy` names. */
const LEGACY_TEMPLATE = /^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$/

/** What is wrong with a rule, in upstream's words and order; undefined when nothing is. */
export function relabelFault(config: RelabelConfig, validation: NameValidation): string | undefined {
  const { action, target_label: target, replacement } = config
  const isDefault = config.separator === RELABEL_DEFAULTS.separator && config.modulus === 0
  const isDefaultReplacement = replacement === RELABEL_DEFAULTS.replacement
  if (action === 'hashmod' && config.modulus === 0)
    return 'relabel configuration for hashmod requires non-zero modulus'
  if (NEEDS_TARGET.has(action) && target === '')
    return `relabel configuration for ${action} action requires 'target_label' value`
  if (NEEDS_TARGET.has(action) && !isTargetName(target, action === 'replace', validation))
    return `${quoteBytes(target)} is invalid 'target_label' for ${action} action`
  if (FIXED_REPLACEMENT.has(action) && !isDefaultReplacement)
    return `'replacement' can not be set for ${action} action`
  if (action === 'labelmap' && !isTargetName(replacement, true, validation))
    return `${quoteBytes(replacement)} is invalid 'replacement' for labelmap action`
  const isEqualAction = action === 'dropequal' || action === 'keepequal'
  if (isEqualAction && (config.regex !== undefined || !isDefault))
    return `${action} action requires only 'source_labels' and \`target_label\`, and no other fields`
  const isLabelFilter = action === 'labeldrop' || action === 'labelkeep'
  if (
    isLabelFilter &&
    (config.source_labels !== undefined || target !== '' || !isDefault || !isDefaultReplacement)
  )
    return `${action} action requires only 'regex', and no other fields`
  return undefined
}

function isTargetName(name: string, isTemplate: boolean, validation: NameValidation): boolean {
  if (isTemplate && name.includes('$') && validation === 'legacy') return LEGACY_TEMPLATE.test(name)
  return isValidLabelName(name, validation)
}
