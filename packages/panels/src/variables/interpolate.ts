import { formatVariable } from './formats.ts'

/** What a name stands for when texts are filled in. */
export interface VariableValue {
  readonly values: readonly string[]
  /** What people see; as many as values. */
  readonly texts: readonly string[]
  /** Whether it can have several values, which quotes them in queries. */
  readonly isMulti: boolean
  /** Text for "All", put in unescaped. */
  readonly allValue?: string
}

/** Names to what they stand for. */
export type Scope = (name: string, fieldPath?: string) => VariableValue | undefined

/** Writes the values of a variable where no format is asked for. */
export type DefaultForm = (value: VariableValue, name: string) => string

const REFERENCE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g

export function single(text: string): VariableValue {
  return { values: [text], texts: [text], isMulti: false }
}

/** The text with `$name`, `${name}`, `${name:format}` and `[[name]]` filled in; unknown names stay as they are. */
export function interpolate(text: string, scope: Scope, form: DefaultForm = plainForm): string {
  if (!text.includes('$') && !text.includes('[[')) return text
  return text.replace(REFERENCE, (whole, bare, square, squareFormat, braced, path, bracedFormat) => {
    const name: string = bare ?? square ?? braced
    const value = scope(name, path)
    if (value === undefined) return whole
    const format: string | undefined = squareFormat ?? bracedFormat
    if (
      value.allValue !== undefined &&
      format !== 'text' &&
      format !== 'queryparam' &&
      format !== 'percentencode'
    )
      return value.allValue
    if (format === undefined || format === '') return form(value, name)
    return formatVariable(value.values, format, { name, isMulti: value.isMulti, texts: value.texts })
  })
}

function plainForm(value: VariableValue, name: string): string {
  return formatVariable(value.values, 'glob', { name, isMulti: value.isMulti, texts: value.texts })
}

/** Names that a text refers to, in order of appearance. */
export function referencesOf(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map((match) => (match[1] ?? match[2] ?? match[4])!)
}

/** Several scopes, the first that knows a name wins. */
export function chain(...scopes: readonly Scope[]): Scope {
  return (name, path) => {
    for (const scope of scopes) {
      const found = scope(name, path)
      if (found !== undefined) return found
    }
    return undefined
  }
}
