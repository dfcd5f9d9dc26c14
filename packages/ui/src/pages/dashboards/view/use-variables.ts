import {
  ALL_VALUE,
  chain,
  dependenciesOf,
  loadOrder,
  settle,
  variableScope,
  type Choices,
  type Options,
  type Scope,
  type TimeRange,
  type Variable,
} from '@promontory/panels'
import { useEffect, useRef, useState } from 'react'
import type { DataSource } from '../data/data-sources.ts'
import { loadOptions } from '../data/variable-options.ts'

/** Variables with their options; `isReady` once those that need no reload are known. */
export interface LoadedVariables {
  readonly choices: Choices
  readonly options: Options
  readonly errors: Readonly<Record<string, string>>
  readonly isReady: boolean
}

const NOTHING: LoadedVariables = { choices: {}, options: {}, errors: {}, isReady: false }

/** Loads the options of all variables, those that others need first, and settles what is chosen. */
export function useVariables(
  variables: readonly Variable[],
  wished: Choices,
  base: Scope,
  range: TimeRange | undefined,
  sources: readonly DataSource[] | undefined,
  tick: number,
): LoadedVariables {
  const [state, setState] = useState<LoadedVariables>(NOTHING)
  const inputs = useRef({ base, range })
  inputs.current = { base, range }
  const wishedKey = JSON.stringify(wished)
  const needsTime = variables.some((variable) => variable.refresh === 2)
  // Options that follow the time are asked again when it moves; a refresh within a minute asks the same.
  const timeKey = needsTime && range !== undefined ? Math.floor(range.toMs / 60_000) : tick === 0 ? 0 : 1
  const span = range === undefined ? 0 : range.toMs - range.fromMs
  useEffect(() => {
    const { range: now } = inputs.current
    if (now === undefined || sources === undefined) return
    const abort = new AbortController()
    void loadAll(variables, wished, inputs.current.base, now, sources, abort.signal).then(
      (loaded) => !abort.signal.aborted && setState(loaded),
      () => undefined,
    )
    return () => abort.abort()
    // The range is read when needed: a moved time alone asks nothing again.
  }, [variables, wishedKey, sources, needsTime ? timeKey : 0, needsTime ? span : 0, range === undefined])
  return state
}

async function loadAll(
  variables: readonly Variable[],
  wished: Choices,
  base: Scope,
  range: TimeRange,
  sources: readonly DataSource[],
  signal: AbortSignal,
): Promise<LoadedVariables> {
  const choices: Record<string, readonly string[]> = {}
  const options: Record<string, Options[string]> = {}
  const errors: Record<string, string> = {}
  let left = loadOrder(variables)
  while (left.length > 0) {
    const names = new Set(left.map(({ name }) => name))
    const free = left.filter((one) => !dependenciesOf(one, variables).some((name) => names.has(name)))
    const batch = free.length > 0 ? free : left.slice(0, 1)
    left = left.filter((one) => !batch.includes(one))
    const scope = chain(variableScope(variables, choices, options, range), base)
    await Promise.all(
      batch.map(async (variable) => {
        let known: Options[string] | undefined
        try {
          known = await loadOptions({ variable, scope, range, sources, signal })
          options[variable.name] = known
        } catch (error) {
          if (signal.aborted) throw error
          errors[variable.name] = (error as Error).message
        }
        const isUnsure =
          errors[variable.name] !== undefined || (known?.length === 0 && variable.type === 'query')
        choices[variable.name] = settle(variable, wished[variable.name], isUnsure ? undefined : known)
      }),
    )
  }
  for (const [name, values] of Object.entries(choices))
    if (values.length > 1 && values.includes(ALL_VALUE)) choices[name] = [ALL_VALUE]
  return { choices, options, errors, isReady: true }
}
