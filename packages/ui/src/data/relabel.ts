import type { RelabelRule } from '@promontory/api'

type LabelMap = Readonly<Record<string, string>>

/** A rule on one line, as one writes it into a file; what is as always is left out. */
export function ruleText(rule: RelabelRule): string {
  const usual: Readonly<Record<string, unknown>> = {
    separator: ';',
    regex: '(.*)',
    replacement: '$1',
    action: 'replace',
  }
  const parts = Object.entries(rule)
    .filter(([name, value]) => value !== usual[name])
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? `[${value.join(', ')}]` : quoted(value)}`)
  return `{${parts.join(', ')}}`
}

function quoted(value: unknown): string {
  const text = String(value)
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`
}

export type LabelChange = readonly [name: string, before: string | undefined, after: string | undefined]

/** What is other than before, by name. */
export function labelChanges(before: LabelMap, after: LabelMap): LabelChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.filter((name) => before[name] !== after[name]).map((name) => [name, before[name], after[name]])
}

/** One label per line, as a field of text shows them. */
export function labelLines(labels: LabelMap): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join('\n')
}

/**
 * Labels from lines `name="value"` or `name=value`, from `{a="b", c="d"}`, or from a JSON object.
 * @throws Error naming the line that is no label
 */
export function labelsFromText(text: string): Record<string, string> {
  const trimmed = text.trim()
  if (/^\{\s*("|\}$)/.test(trimmed)) return labelsFromJson(trimmed)
  const labels: Record<string, string> = {}
  let rest = trimmed.replace(/^\{([\s\S]*)\}$/, '$1').trim()
  while (rest !== '') {
    const match = /^("(?:[^"\\]|\\.)*"|[^=\s,]+)\s*=\s*("(?:[^"\\\n]|\\.)*"|[^\n,]*)\s*(?:[,\n]\s*|$)/.exec(
      rest,
    )
    if (match === null)
      throw new Error(`"${rest.split('\n')[0]}" is no label, expected e.g. __address__="host:9100"`)
    labels[unquoted(match[1]!)] = unquoted(match[2]!.trim())
    rest = rest.slice(match[0].length)
  }
  return labels
}

function labelsFromJson(text: string): Record<string, string> {
  const parsed = JSON.parse(text) as Record<string, unknown>
  const wrong = Object.entries(parsed).find(([, value]) => typeof value !== 'string')
  if (wrong !== undefined) throw new Error(`"${wrong[0]}" is no text, expected {"name": "value"}`)
  return parsed as Record<string, string>
}

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? (JSON.parse(text) as string) : text
}
