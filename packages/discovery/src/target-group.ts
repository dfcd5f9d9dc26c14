import { list, str, struct, withDefault } from '@promontory/base/yaml'
import type { Schema } from '@promontory/base/yaml'
import { labelSet } from '@promontory/model/yaml'

/** Label that holds a target's host and port. */
export const ADDRESS = '__address__'

/** Targets that share labels, as one source gives them. A group with no targets says that they are gone. */
export interface TargetGroup {
  /** Unique within its mechanism; a later group of the same source replaces this one. */
  readonly source: string
  /** The labels of each target; `__address__` among them. */
  readonly targets: readonly Readonly<Record<string, string>>[]
  /** Labels of all of them; a target's own win. */
  readonly labels: Readonly<Record<string, string>>
}

/** `{targets: [host:port], labels: {…}}`, as `static_configs`, files and HTTP answers have it. */
export interface StaticGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** Schema of one {@link StaticGroup}. */
export const staticGroup: Schema<StaticGroup> = struct('struct { Targets []string; Labels model.LabelSet }', {
  targets: withDefault(list(str), []),
  labels: withDefault(labelSet, {}),
})

/** A file of groups; null is none. */
export const staticGroups: Schema<readonly StaticGroup[]> = list(staticGroup, 'nil target group item found')

export function targetGroup(
  source: string,
  group: StaticGroup,
  extra: Readonly<Record<string, string>>,
): TargetGroup {
  return {
    source,
    targets: group.targets.map((address) => ({ [ADDRESS]: address })),
    labels: { ...group.labels, ...extra },
  }
}

/**
 * Groups from JSON as `file_sd` and `http_sd` send it.
 * @throws Error naming the element that is wrong
 */
export function groupsFromJson(text: string): StaticGroup[] {
  const parsed: unknown = JSON.parse(text)
  if (parsed === null) return []
  if (!Array.isArray(parsed)) throw new Error('expected a JSON list of {"targets": […], "labels": {…}}')
  return parsed.map((element, index) => groupFromJson(element, `[${index}]`))
}

function groupFromJson(element: unknown, where: string): StaticGroup {
  if (!isRecord(element))
    throw new Error(`${where}: nil target group item found, expected {"targets": […], "labels": {…}}`)
  const unknown = Object.keys(element).find((key) => key !== 'targets' && key !== 'labels')
  if (unknown !== undefined)
    throw new Error(`${where}: json: unknown field "${unknown}", expected targets and labels`)
  const targets = element['targets'] ?? []
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string'))
    throw new Error(`${where}.targets: expected a list of strings`)
  const labels = element['labels'] ?? {}
  if (!isRecord(labels) || !Object.values(labels).every((value) => typeof value === 'string'))
    throw new Error(`${where}.labels: expected an object of strings`)
  if ('' in labels) throw new Error(`${where}.labels: "" is not a valid label name`)
  return { targets: targets as string[], labels: labels as Record<string, string> }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
