import type { JsonObject } from '../json.ts'

/** What the values of a field are; `time` is milliseconds. */
export type FieldType = 'time' | 'number' | 'string' | 'boolean' | 'other'

export type Labels = Readonly<Record<string, string>>

/** How a field is shown: Grafana's `fieldConfig.defaults` with the overrides that match it. */
export interface FieldConfig {
  readonly displayName?: string
  /** The legend that the query asked for. */
  readonly displayNameFromDS?: string
  readonly unit?: string
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
  readonly noValue?: string
  readonly description?: string
  readonly filterable?: boolean
  readonly mappings?: readonly JsonObject[]
  readonly thresholds?: JsonObject
  readonly color?: JsonObject
  readonly links?: readonly JsonObject[]
  readonly custom?: JsonObject
  /** Milliseconds between points, where the query knows. */
  readonly interval?: number
}

/** A column: its values stand in the order of the frame's rows. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly values: readonly unknown[]
  readonly labels?: Labels
  readonly config: FieldConfig
}

/** A table of columns of one length: a series (time and value), or the rows of a query. */
export interface Frame {
  readonly name?: string
  readonly refId?: string
  readonly fields: readonly Field[]
  readonly length: number
  readonly meta?: FrameMeta
}

export interface FrameMeta {
  /** Times are multiples of a step: `startMs + i * stepMs`, some may be missing. */
  readonly grid?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number }
  /** `heatmap`: cumulative buckets that were taken apart, fields are buckets, ordered by upper bound. `logs`: lines. */
  readonly kind?: 'heatmap' | 'logs'
}

export function timeFieldOf(frame: Frame): Field | undefined {
  return frame.fields.find((field) => field.type === 'time')
}

/** A frame without rows' own length: it follows from the first field. */
export function frameOf(fields: readonly Field[], more: Omit<Frame, 'fields' | 'length'> = {}): Frame {
  return { ...more, fields, length: fields[0]?.values.length ?? 0 }
}

/** The type that a column's values have: that of the first one that is not null. */
export function typeOfValues(values: readonly unknown[]): FieldType {
  const first = values.find((value) => value !== null && value !== undefined)
  switch (typeof first) {
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'object':
      return 'other'
    default:
      return 'string'
  }
}

const NUMERIC = /^\s*(-?(\d*\.?\d+|\d+\.?\d*)(e[-+]?\d+)?|NAN)\s*$/i
const TRUTH = /^(true|TRUE|True|false|FALSE|False)$/

/** As `typeOfValues`, where texts that are written numbers or truth values count as such, and nothing as `other`. */
export function guessedType(values: readonly unknown[]): FieldType {
  const first = values.find((value) => value !== null && value !== undefined)
  if (first === undefined) return 'other'
  if (typeof first !== 'string') return typeOfValues([first])
  return NUMERIC.test(first) ? 'number' : TRUTH.test(first) ? 'boolean' : 'string'
}

/** The same rows in another order, or fewer of them. */
export function pickRows(frame: Frame, rows: readonly number[]): Frame {
  return {
    ...frame,
    length: rows.length,
    fields: frame.fields.map((field) => ({ ...field, values: rows.map((row) => field.values[row]) })),
  }
}
