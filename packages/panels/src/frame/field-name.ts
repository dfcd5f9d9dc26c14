import type { Field, Frame, Labels } from './frame.ts'

/** The name of the value field of a series, which says nothing. */
export const VALUE = 'Value'
export const TIME = 'Time'

/**
 * The name that people see: the configured one, the query's legend, or what tells the field from the others (its only
 * label, its labels, its frame). A second field of the same name in a frame is called `name 2`.
 */
export function fieldDisplayName(field: Field, frame?: Frame, frames?: readonly Frame[]): string {
  if (field.config.displayName) return field.config.displayName
  if (frame !== undefined && field.config.displayNameFromDS) return field.config.displayNameFromDS
  if (field.type === 'time' && field.labels === undefined) return field.name || TIME
  const parts: string[] = []
  let hasFrameName = false
  if (frame?.name && frames !== undefined && frames.some((other) => other.name !== frames[0]!.name)) {
    parts.push(frame.name)
    hasFrameName = true
  }
  if (field.name !== '' && field.name !== VALUE) parts.push(field.name)
  const labels = labelsText(field, frame, frames)
  if (labels !== undefined) parts.push(labels)
  if (frame?.name && !hasFrameName && labels === undefined && field.name === VALUE) parts.push(frame.name)
  const name = parts.length > 0 ? parts.join(' ') : field.name || VALUE
  return name === field.name ? numbered(field, frame) : name
}

/** `{a="x", b="y"}`, by name. */
export function labelsToText(labels: Labels): string {
  const inner = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}="${value}"`)
    .join(', ')
  return inner === '' ? '' : `{${inner}}`
}

function labelsText(field: Field, frame?: Frame, frames?: readonly Frame[]): string | undefined {
  if (field.labels === undefined || frame === undefined) return undefined
  const single = singleLabel(frames ?? [frame])
  if (single !== undefined) return field.labels[single] || undefined
  return labelsToText(field.labels) || undefined
}

/** The name of the only label of all fields; asked once per list of frames. */
function singleLabel(frames: readonly Frame[]): string | undefined {
  const known = singles.get(frames)
  if (known !== undefined) return known === '' ? undefined : known
  const names = new Set<string>()
  for (const frame of frames)
    for (const field of frame.fields)
      if (field.labels !== undefined) for (const name of Object.keys(field.labels)) names.add(name)
  const single = names.size === 1 ? [...names][0]! : ''
  singles.set(frames, single)
  return single === '' ? undefined : single
}

const singles = new WeakMap<readonly Frame[], string>()

function numbered(field: Field, frame: Frame | undefined): string {
  const same = frame?.fields.filter((other) => other.name === field.name) ?? []
  return same.length > 1 ? `${field.name} ${same.indexOf(field) + 1}` : field.name
}

/** The name of a frame in a list of frames: its own, or that of its only value field. */
export function frameDisplayName(frame: Frame, index: number): string {
  if (frame.name) return frame.name
  const values = frame.fields.filter((field) => field.type !== 'time')
  if (values.length === 1) return fieldDisplayName(values[0]!, frame)
  return frame.refId ? `Series (${frame.refId})` : `Series (${index})`
}
