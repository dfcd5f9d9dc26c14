import { Labels, METRIC_NAME } from '@promontory/model'
import type { ExpositionType } from './entry.ts'
import { formatOpenMetricsFloat, parseGoFloatText } from './go-float.ts'
import { decodeUtf8 } from './quote-bytes.ts'

/** `\"`, `\\` and `\n`; another backslash stays as it is. */
export function unescapeLabelValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\(["\\n])/g, (_all, c: string) => (c === 'n' ? '\n' : c)) : text
}

/** Help of text 0.0.4: `\\` and `\n` only. */
export function unescapeHelp(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\n])/g, (_all, c: string) => (c === 'n' ? '\n' : c)) : text
}

/** Positions that a label-list parser notes: name and labels of one series, as byte offsets in fours. */
export class LabelOffsets {
  nameStart = -1
  nameEnd = -1
  /** `[nameStart, nameEnd, valueStart, valueEnd, …]` without quotes. */
  readonly at: number[] = []

  clear(): void {
    this.nameStart = this.nameEnd = -1
    this.at.length = 0
  }
}

/**
 * Builds the labels of a series.
 * @throws Error when a label name is given twice
 */
export function buildLabels(bytes: Uint8Array, offsets: LabelOffsets, type: ExpositionType): Labels {
  const entries = new Map<string, string>()
  entries.set(METRIC_NAME, unescapeLabelValue(decodeUtf8(bytes, offsets.nameStart, offsets.nameEnd)))
  const { at } = offsets
  for (let i = 0; i < at.length; i += 4) {
    const name = unescapeLabelValue(decodeUtf8(bytes, at[i]!, at[i + 1]!))
    if (entries.has(name)) throw new Error(`label name "${name}" is not unique: invalid sample`)
    const value = unescapeLabelValue(decodeUtf8(bytes, at[i + 2]!, at[i + 3]!))
    entries.set(name, normaliseBound(type, name, value))
  }
  return Labels.from(entries)
}

/** `le` of histograms and `quantile` of summaries, so that `le="1"` and `le="1.0"` are one series. */
function normaliseBound(type: ExpositionType, name: string, value: string): string {
  const isBound = (type === 'histogram' && name === 'le') || (type === 'summary' && name === 'quantile')
  if (!isBound) return value
  try {
    return formatOpenMetricsFloat(parseGoFloatText(value))
  } catch {
    return value
  }
}
