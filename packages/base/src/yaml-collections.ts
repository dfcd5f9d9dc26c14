import { isNullNode } from './yaml-node.ts'
import type { YamlNode } from './yaml-node.ts'
import type { DecodeContext, Schema, YamlValue } from './yaml-schema.ts'

/** @param emptyItem text of the fault when an item is null (`- ` with nothing behind it); without it the item decides */
export function list<T>(item: Schema<T>, emptyItem?: string): Schema<readonly T[]> {
  const type = `[]${item.type}`
  return {
    type,
    decode(node, context) {
      if (isNullNode(node)) return []
      if (node.kind !== 'sequence') return context.failType(node, type, 'a list')
      const items = node.items.map((child) =>
        context.attempt(() => {
          if (emptyItem !== undefined && isNullNode(child)) context.fail(child, emptyItem)
          return item.decode(child, context)
        }),
      )
      if (items.includes(undefined)) return context.abandon()
      return items.map((read) => read!.value)
    },
    encode: (values) => values.map((value) => item.encode(value) ?? null),
  }
}

/** A mapping with free keys, in file order. A key that is given twice is refused. */
export function mapOf<T>(value: Schema<T>): Schema<Readonly<Record<string, T>>> {
  const type = `map[string]${value.type}`
  return {
    type,
    decode(node, context) {
      if (isNullNode(node)) return {}
      if (node.kind !== 'mapping') return context.failType(node, type, 'a mapping')
      const out = new Map<string, { readonly value: T } | undefined>()
      for (const { key, value: child } of node.entries) {
        if (out.has(key.text)) context.report(key, `key "${key.text}" already set in map, expected it once`)
        else
          out.set(
            key.text,
            context.attempt(() => value.decode(child, context)),
          )
      }
      if ([...out.values()].includes(undefined)) return context.abandon()
      return Object.fromEntries([...out].map(([name, read]) => [name, read!.value]))
    },
    encode: (values) => encodeEntries(values, value),
  }
}

function encodeEntries<T>(values: Readonly<Record<string, T>>, schema: Schema<T>): YamlValue {
  const out: Record<string, YamlValue> = {}
  for (const [name, value] of Object.entries(values)) out[name] = schema.encode(value) ?? null
  return out
}

/** A check over a decoded value; `check` reports through the context, at {@link fieldNode} of what is wrong. */
export function checked<T>(
  schema: Schema<T>,
  check: (value: T, node: YamlNode, context: DecodeContext) => void,
): Schema<T> {
  return transformed(
    schema,
    (value, node, context) => (check(value, node, context), value),
    (value) => value,
  )
}

/** Another form of a decoded value, and the way back for printing. */
export function transformed<A, B>(
  schema: Schema<A>,
  forth: (value: A, node: YamlNode, context: DecodeContext) => B,
  back: (value: B) => A,
): Schema<B> {
  return {
    type: schema.type,
    decode(node, context) {
      const before = context.errors.length
      const value = forth(schema.decode(node, context), node, context)
      if (context.errors.length > before) return context.abandon()
      return value
    },
    encode: (value) => schema.encode(back(value)),
  }
}

/** A schema that refers to itself, as a routing tree does. */
export function recursive<T>(type: string, schema: () => Schema<T>): Schema<T> {
  return {
    type,
    decode: (node, context) => schema().decode(node, context),
    encode: (value) => schema().encode(value),
  }
}
