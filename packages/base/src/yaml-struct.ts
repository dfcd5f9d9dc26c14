import { isNullNode } from './yaml-node.ts'
import type { YamlEntry, YamlNode } from './yaml-node.ts'
import type { DecodeContext, Decoded, Schema, YamlValue } from './yaml-schema.ts'

/** A field that may be absent; null (`field:` with nothing behind it) counts as absent. */
export interface Field<T> extends Schema<T> {
  /** The value when the field is absent; may report a fault at the struct's node. */
  readonly absent: (node: YamlNode, context: DecodeContext) => T
  /** Whether printing leaves this encoded value out. */
  readonly omit: (encoded: YamlValue) => boolean
}

// A record of schemas of any types: contravariance of `encode` leaves no better bound than `any`.
// oxlint-disable-next-line typescript/no-explicit-any
export type Fields = Readonly<Record<string, Schema<any> | Field<any>>>
export type StructOf<F extends Fields> = { readonly [K in keyof F]: Decoded<F[K]> }

/** Undefined when absent. */
export function optional<T>(schema: Schema<T>): Field<T | undefined> {
  return {
    type: schema.type,
    decode: (node, context) => schema.decode(node, context),
    encode: (value) => (value === undefined ? undefined : schema.encode(value)),
    absent: () => undefined,
    omit: () => false,
  }
}

/** `value` when absent. Printed unless it is both the default and empty (`false`, `0`, `''`, `[]`, `{}`). */
export function withDefault<T>(schema: Schema<T>, value: T): Field<T> {
  return {
    type: schema.type,
    decode: (node, context) => schema.decode(node, context),
    encode: (given) => schema.encode(given),
    absent: () => value,
    omit: (encoded) => isEmptyValue(encoded) && isEmptyValue(schema.encode(value) ?? null),
  }
}

/** Must be there; `fault` is the text when it is not. */
export function required<T>(schema: Schema<T>, fault?: string): Field<T> {
  return {
    type: schema.type,
    decode: (node, context) => schema.decode(node, context),
    encode: (value) => schema.encode(value),
    absent: (node, context) => context.fail(node, fault ?? 'a required field is missing'),
    omit: () => false,
  }
}

function isEmptyValue(value: YamlValue): boolean {
  if (value === null || value === false || value === 0 || value === '' || value === '0' || value === '0s')
    return true
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.keys(value).length === 0
}

/**
 * A mapping with known fields. Unknown ones are refused as Go does (`field X not found in type config.plain`), with
 * the nearest known name; fields given twice too. A bare schema is a required field.
 * @param type Go's name of the struct in error texts
 */
export function struct<const F extends Fields>(type: string, fields: F): Schema<StructOf<F>> {
  const names = Object.keys(fields)
  return {
    type,
    decode(node, context) {
      const entries = structEntries(node, context, type)
      const out: Record<string, unknown> = {}
      let complete = true
      for (const entry of entries.values())
        if (!Object.hasOwn(fields, entry.key.text)) {
          context.report(entry.key, unknownField(entry.key.text, type, names))
          complete = false
        }
      for (const name of names) {
        const read = context.attempt(() =>
          decodeField(fields[name]!, name, entries.get(name)?.value, node, context),
        )
        if (read === undefined) complete = false
        else out[name] = read.value
      }
      if (!complete) return context.abandon()
      return out as StructOf<F>
    },
    encode(value) {
      const out: Record<string, YamlValue> = {}
      for (const name of names) {
        const field = fields[name]!
        const encoded = field.encode((value as Record<string, unknown>)[name])
        if (encoded !== undefined && !('omit' in field && field.omit(encoded))) out[name] = encoded
      }
      return out
    },
  }
}

function decodeField(
  field: Schema<unknown> | Field<unknown>,
  name: string,
  value: YamlNode | undefined,
  parent: YamlNode,
  context: DecodeContext,
): unknown {
  if (value !== undefined && !isNullNode(value)) return field.decode(value, context)
  if ('absent' in field) return field.absent(value ?? parent, context)
  return context.fail(value ?? parent, `missing required field ${name}, expected a ${field.type}`)
}

function structEntries(node: YamlNode, context: DecodeContext, type: string): Map<string, YamlEntry> {
  const entries = new Map<string, YamlEntry>()
  if (isNullNode(node)) return entries
  if (node.kind !== 'mapping') context.failType(node, type, 'a mapping of fields')
  for (const entry of node.entries) {
    const first = entries.get(entry.key.text)
    if (first === undefined) entries.set(entry.key.text, entry)
    else
      context.report(
        entry.key,
        `field ${entry.key.text} already set in type ${type} (first in line ${first.key.line}), expected it once`,
      )
  }
  return entries
}

function unknownField(name: string, type: string, known: readonly string[]): string {
  const near = nearest(name, known)
  const hint = near === undefined ? '' : `, did you mean ${near}?`
  return `field ${name} not found in type ${type}${hint}`
}

/** The known name at an edit distance of at most a third of the length, and one. */
function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.floor(name.length / 3) + 2
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const distance = editDistance(name, candidate)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

/** The fields of a struct whose decoded type is `T`: for fields that are spread into several structs. */
export type FieldsOf<T> = { readonly [K in keyof T]: Schema<T[K]> | Field<T[K]> }
