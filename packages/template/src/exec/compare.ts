import { compareUtf8 } from '@promontory/model'
import { FunctionError } from '../errors.ts'
import { GoDuration, GoTime } from './time.ts'
import { GoMap, GoSlice, SafeString, typeName, type Value } from './value.ts'

type Basic = 'bool' | 'int' | 'float' | 'string'

function basicKind(value: Value): Basic | undefined {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float'
    case 'string':
      return 'string'
  }
  if (value instanceof GoDuration) return 'int'
  return value instanceof SafeString ? 'string' : undefined
}

function plain(value: Value): boolean | bigint | number | string {
  if (value instanceof GoDuration) return value.nanos
  if (value instanceof SafeString) return value.text
  return value as boolean | bigint | number | string
}

/** `eq a b…`: a equals any of the others. */
export function equals(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new FunctionError('missing argument for comparison')
  return others.some((other) => equalsOne(first, other))
}

function equalsOne(a: Value, b: Value): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)]
  if (kindA !== kindB) {
    if (a !== null && b !== null) throw incompatible(a, b)
    return false
  }
  if (kindA !== undefined) return plain(a) === plain(b)
  if (a === null || b === null) return a === b
  for (const value of [a, b])
    if (value instanceof GoSlice || value instanceof GoMap)
      throw new FunctionError(`non-comparable type ${typeName(value)}`)
  if (a instanceof GoTime && b instanceof GoTime) return a.unixNanos === b.unixNanos && a.zone === b.zone
  return a === b
}

/** `lt a b`. */
export function isLess(a: Value, b: Value): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)]
  if (kindA === undefined || kindB === undefined) throw new FunctionError('invalid type for comparison')
  if (kindA !== kindB) throw incompatible(a, b)
  if (kindA === 'bool') throw new FunctionError('invalid type for comparison')
  if (kindA === 'string') return compareUtf8(plain(a) as string, plain(b) as string) < 0
  return plain(a) < plain(b)
}

function incompatible(a: Value, b: Value): FunctionError {
  return new FunctionError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`)
}
