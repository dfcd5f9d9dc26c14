import type { Value } from './value.ts'

/** What a parameter takes; named Go types (`time.Time`) take exactly values of that type. */
export type ParameterType = 'any' | 'string' | 'int' | 'float64' | 'bool' | (string & {})

/** A function or method that templates may call. It throws FunctionError for what it cannot do. */
export interface TemplateFunction {
  readonly parameters: readonly ParameterType[]
  /** Type of any number of further arguments. */
  readonly variadic?: ParameterType
  readonly call: (...args: any[]) => Value
}

export type FunctionTable = Readonly<Record<string, TemplateFunction>>

/** Shorthand: `fn(['string'], (text: string) => …)`. */
export function fn(
  parameters: readonly ParameterType[],
  call: (...args: any[]) => Value,
  variadic?: ParameterType,
): TemplateFunction {
  return variadic === undefined ? { parameters, call } : { parameters, call, variadic }
}
