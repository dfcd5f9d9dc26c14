import { compareUtf8 } from '@promontory/model'
import { GoDuration } from './time.ts'
import type { FunctionTable } from './function.ts'

/**
 * What templates work on: Go's values in JavaScript. `null` is nil (or no value), a bigint is Go's `int`, a number is
 * a `float64`; times, durations, slices, maps, structs and HTML-safe strings are objects that know their Go type.
 */
export type Value = null | boolean | bigint | number | string | GoObject

/** A value with a Go type of its own. */
export interface GoObject {
  /** As `%T` prints it. */
  readonly goType: string
  readonly methods?: FunctionTable
  /** The `String()` method, when there is one: what printing shows. */
  toGoString?(): string
}

export class GoSlice implements GoObject {
  readonly goType: string
  readonly items: readonly Value[]
  readonly methods?: FunctionTable
  readonly toGoString?: () => string
  constructor(
    items: readonly Value[],
    goType = '[]interface {}',
    more: { methods?: FunctionTable; toGoString?: () => string } = {},
  ) {
    this.items = items
    this.goType = goType
    Object.assign(this, more)
  }
}

/** A map with string keys. `zero` is what a missing key gives: `''` for map[string]string, null for map[string]any. */
export class GoMap implements GoObject {
  readonly goType: string
  readonly entries: ReadonlyMap<string, Value>
  readonly zero: Value
  readonly methods?: FunctionTable
  readonly toGoString?: () => string
  constructor(
    entries: Iterable<readonly [string, Value]>,
    options: {
      goType: string
      zero: Value
      methods?: FunctionTable
      toGoString?: () => string
    },
  ) {
    this.entries = new Map(entries)
    this.goType = options.goType
    this.zero = options.zero
    if (options.methods !== undefined) this.methods = options.methods
    if (options.toGoString !== undefined) this.toGoString = options.toGoString
  }
  sortedKeys(): string[] {
    return [...this.entries.keys()].sort(compareUtf8)
  }
}

/** `map[string]string`. */
export function stringMap(entries: Iterable<readonly [string, string]>): GoMap {
  return new GoMap(entries, { goType: 'map[string]string', zero: '' })
}

/** `map[string]interface {}`. */
export function anyMap(entries: Iterable<readonly [string, Value]>): GoMap {
  return new GoMap(entries, { goType: 'map[string]interface {}', zero: null })
}

export class GoStruct implements GoObject {
  readonly goType: string
  readonly fields: Readonly<Record<string, Value>>
  readonly methods?: FunctionTable
  /** Names in JSON, where they differ from the fields'. */
  readonly jsonNames?: Readonly<Record<string, string>>
  constructor(
    goType: string,
    fields: Readonly<Record<string, Value>>,
    more: { methods?: FunctionTable; jsonNames?: Readonly<Record<string, string>> } = {},
  ) {
    this.goType = goType
    this.fields = fields
    Object.assign(this, more)
  }
}

export type SafeKind = 'HTML' | 'URL'

/** A string that html/template trusts: `template.HTML`, `template.URL`. In text templates, just its text. */
export class SafeString implements GoObject {
  readonly kind: SafeKind
  readonly text: string
  constructor(kind: SafeKind, text: string) {
    this.kind = kind
    this.text = text
  }
  get goType(): string {
    return `template.${this.kind}`
  }
}

/** Go's name of a value's type, as error texts and `%T` show it. */
export function typeName(value: Value): string {
  if (value === null) return '<nil>'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float64'
    case 'string':
      return 'string'
    default:
      return value.goType
  }
}

/** Go templates' idea of truth: not zero, not empty, not nil; structs always. */
export function isTrue(value: Value): boolean {
  if (value === null) return false
  switch (typeof value) {
    case 'boolean':
      return value
    case 'bigint':
      return value !== 0n
    case 'number':
      return value !== 0
    case 'string':
      return value !== ''
  }
  if (value instanceof GoSlice) return value.items.length > 0
  if (value instanceof GoMap) return value.entries.size > 0
  if (value instanceof SafeString) return value.text !== ''
  if (value instanceof GoDuration) return value.nanos !== 0n
  return true
}
