import { FunctionError } from '../errors.ts'
import { sprintf } from '../fmt/printf.ts'
import { show, sprint, sprintln } from '../fmt/print.ts'
import { escapeHtml } from '../html/escape.ts'
import { escapeJsString } from '../html/escape-script.ts'
import { equals, isLess } from './compare.ts'
import { fn, type FunctionTable } from './function.ts'
import { GoMap, GoSlice, isTrue, SafeString, typeName, type Value } from './value.ts'

/** The functions that each template has. `and` and `or` are evaluated by the executor, which stops early. */
export const BUILTINS: FunctionTable = {
  and: fn(['any'], (...args: Value[]) => args.find((arg) => !isTrue(arg)) ?? args.at(-1)!, 'any'),
  or: fn(['any'], (...args: Value[]) => args.find((arg) => isTrue(arg)) ?? args.at(-1)!, 'any'),
  not: fn(['any'], (arg: Value) => !isTrue(arg)),
  call: fn(['any'], callValue, 'any'),
  html: fn([], (...args: Value[]) => escapeHtml(evalArgs(args)), 'any'),
  js: fn([], (...args: Value[]) => escapeJsString(evalArgs(args)), 'any'),
  urlquery: fn([], (...args: Value[]) => queryEscape(evalArgs(args)), 'any'),
  index: fn(['any'], (item: Value, ...keys: Value[]) => keys.reduce(indexOne, item), 'any'),
  slice: fn(['any'], sliceValue, 'any'),
  len: fn(['any'], lengthOf),
  print: fn([], (...args: Value[]) => sprint(args), 'any'),
  println: fn([], (...args: Value[]) => sprintln(args), 'any'),
  printf: fn(['string'], (format: string, ...args: Value[]) => sprintf(format, args), 'any'),
  eq: fn(['any'], (first: Value, ...others: Value[]) => equals(first, others), 'any'),
  ne: fn(['any', 'any'], (a: Value, b: Value) => !equals(a, [b])),
  lt: fn(['any', 'any'], (a: Value, b: Value) => isLess(a, b)),
  le: fn(['any', 'any'], (a: Value, b: Value) => isLess(a, b) || equals(a, [b])),
  gt: fn(['any', 'any'], (a: Value, b: Value) => !(isLess(a, b) || equals(a, [b]))),
  ge: fn(['any', 'any'], (a: Value, b: Value) => !isLess(a, b)),
}

function callValue(value: Value): Value {
  if (value === null) throw new FunctionError('call of nil')
  throw new FunctionError(`non-function ${show(value)} of type ${typeName(value)}`)
}

/** What html, js and urlquery work on: one string as it is, anything else as `print` shows it. */
export function evalArgs(args: readonly Value[]): string {
  if (args.length === 1 && typeof args[0] === 'string') return args[0]
  return sprint(args.map((arg) => (arg === null ? '<no value>' : arg)))
}

/** Go's `url.QueryEscape`. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length

function lengthOf(value: Value): bigint {
  if (value === null) throw new FunctionError('len of nil pointer')
  if (typeof value === 'string') return BigInt(byteLength(value))
  if (value instanceof SafeString) return BigInt(byteLength(value.text))
  if (value instanceof GoSlice) return BigInt(value.items.length)
  if (value instanceof GoMap) return BigInt(value.entries.size)
  throw new FunctionError(`len of type ${typeName(value)}`)
}

function indexOne(item: Value, key: Value): Value {
  if (item === null) throw new FunctionError('index of untyped nil')
  if (item instanceof GoMap) {
    if (typeof key !== 'string') throw new FunctionError(`value has type ${typeName(key)}; should be string`)
    return item.entries.get(key) ?? item.zero
  }
  if (item instanceof GoSlice) return item.items[checkIndex(key, item.items.length)]!
  if (typeof item === 'string') {
    const bytes = new TextEncoder().encode(item)
    return BigInt(bytes[checkIndex(key, bytes.length)]!)
  }
  throw new FunctionError(`can't index item of type ${typeName(item)}`)
}

function checkIndex(key: Value, length: number, inclusive = false): number {
  if (key === null) throw new FunctionError('cannot index slice/array with nil')
  if (typeof key !== 'bigint') throw new FunctionError(`cannot index slice/array with type ${typeName(key)}`)
  if (key < 0n || key > length || (!inclusive && key === BigInt(length)))
    throw new FunctionError(`index out of range: ${key}`)
  return Number(key)
}

function sliceValue(item: Value, ...indexes: Value[]): Value {
  if (item === null) throw new FunctionError('slice of untyped nil')
  if (indexes.length > 3) throw new FunctionError(`too many slice indexes: ${indexes.length}`)
  const bytes = typeof item === 'string' ? new TextEncoder().encode(item) : undefined
  if (bytes !== undefined && indexes.length === 3) throw new FunctionError('cannot 3-index slice a string')
  if (bytes === undefined && !(item instanceof GoSlice))
    throw new FunctionError(`can't slice item of type ${typeName(item)}`)
  const length = bytes?.length ?? (item as GoSlice).items.length
  const [start = 0, end = length] = indexes.map((index) => checkIndex(index, length, true))
  if (start > end) throw new FunctionError(`invalid slice index: ${start} > ${end}`)
  if (bytes !== undefined) return new TextDecoder().decode(bytes.slice(start, end))
  const slice = item as GoSlice
  return new GoSlice(
    slice.items.slice(start, end),
    slice.goType,
    slice.methods ? { methods: slice.methods } : {},
  )
}

/** For `html` at the end of a pipeline in html/template, where the context's own escaping does the work. */
export function printArgs(args: readonly Value[]): string {
  return args.length === 1 ? show(args[0]!) : evalArgs(args)
}
