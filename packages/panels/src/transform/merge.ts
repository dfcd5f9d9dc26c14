import type { Field, Frame } from '../frame/frame.ts'

type Row = Map<string, unknown>

/**
 * Tables as one: rows whose values in the common columns are equal become one row where their other values do not
 * contradict each other.
 */
export function merge(frames: readonly Frame[]): readonly Frame[] {
  if (frames.length <= 1) return frames
  const data = frames.filter((frame) => frame.fields.length > 0)
  if (data.length === 0) return [frames[0]!]
  const columns = new Map<string, Field>()
  for (const frame of data)
    for (const field of frame.fields) if (!columns.has(field.name)) columns.set(field.name, emptied(field))
  const keyNames = [...columns.keys()].filter((name) =>
    data.every((frame) => frame.fields.some((field) => field.name === name)),
  )
  if (keyNames.length === 0) return frames
  const rows = mergedRows(data, keyNames)
  const fields = [...columns].map(([name, field]) => ({
    ...field,
    values: rows.map((row) => row.get(name)),
  }))
  return [{ refId: `merge-${data.map((frame) => frame.refId ?? '').join('-')}`, fields, length: rows.length }]
}

function emptied(field: Field): Field {
  const { displayName: _, ...config } = field.config
  return { name: field.name, type: field.type, config, values: [] }
}

function mergedRows(frames: readonly Frame[], keyNames: readonly string[]): Row[] {
  const order: { rows: Row[]; index: number }[] = []
  const byKey = new Map<string, Row[]>()
  for (const frame of frames) {
    const keyFields = keyNames.map((name) => frame.fields.find((field) => field.name === name)!)
    for (let i = 0; i < frame.length; i++) {
      const key = keyFields.map((field) => String(field.values[i])).join('\u0000')
      const row: Row = new Map(frame.fields.map((field) => [field.name, field.values[i]]))
      const rows = byKey.get(key) ?? []
      byKey.set(key, rows)
      const fitting = rows.filter((existing) => agrees(existing, row))
      for (const existing of fitting) for (const [name, value] of row) existing.set(name, value)
      if (fitting.length > 0) continue
      rows.push(row)
      order.push({ rows, index: rows.length - 1 })
    }
  }
  return order.map(({ rows, index }) => rows[index]!)
}

function agrees(existing: Row, row: Row): boolean {
  for (const [name, value] of row) {
    const there = existing.get(name)
    if (there !== undefined && there !== null && there !== value) return false
  }
  return true
}
