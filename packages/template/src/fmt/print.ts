import { quote } from '@promontory/model'
import { GoMap, GoSlice, GoStruct, SafeString, type Value } from '../exec/value.ts'
import { formatFloatAs } from './float.ts'

/** Values as `%v` shows them; `null` inside a composite is `<nil>`. */
export function show(value: Value, plus = false): string {
  if (value === null) return '<nil>'
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'number':
      return showFloat(value)
  }
  if (value.toGoString !== undefined) return value.toGoString()
  if (value instanceof SafeString) return value.text
  if (value instanceof GoSlice) return `[${value.items.map((item) => show(item, plus)).join(' ')}]`
  if (value instanceof GoMap)
    return `map[${value
      .sortedKeys()
      .map((key) => `${key}:${show(value.entries.get(key)!, plus)}`)
      .join(' ')}]`
  if (value instanceof GoStruct) return showStruct(value, plus)
  return `{${value.goType}}`
}

function showStruct(struct: GoStruct, plus: boolean): string {
  const fields = Object.entries(struct.fields).map(([name, field]) =>
    plus ? `${name}:${show(field, plus)}` : show(field, plus),
  )
  return `${struct.goType.startsWith('*') ? '&' : ''}{${fields.join(' ')}}`
}

/** `%v` of a float: the shortest `%g`, with an exponent from 1e+06 on. */
export function showFloat(value: number): string {
  return formatFloatAs(value, 'g', -1)
}

/** `%#v`. */
export function showGoSyntax(value: Value): string {
  if (value === null) return '<nil>'
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object') return show(value)
  if (value instanceof GoSlice) return `${value.goType}{${value.items.map(showGoSyntax).join(', ')}}`
  if (value instanceof GoMap) {
    const parts = value.sortedKeys().map((key) => `${quote(key)}:${showGoSyntax(value.entries.get(key)!)}`)
    return `${value.goType}{${parts.join(', ')}}`
  }
  if (value instanceof GoStruct) {
    const parts = Object.entries(value.fields).map(([name, field]) => `${name}:${showGoSyntax(field)}`)
    return `${value.goType}{${parts.join(', ')}}`
  }
  return value instanceof SafeString ? quote(value.text) : show(value)
}

/** `fmt.Sprint`: operands side by side, a space between two that are both no strings. */
export function sprint(args: readonly Value[]): string {
  let out = ''
  args.forEach((arg, i) => {
    if (i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string') out += ' '
    out += show(arg)
  })
  return out
}

/** `fmt.Sprintln`. */
export function sprintln(args: readonly Value[]): string {
  return `${args.map((arg) => show(arg)).join(' ')}\n`
}
