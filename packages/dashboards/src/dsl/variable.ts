import type { JsonObject } from '../json.ts'

/** A variable of a dashboard. */
export interface Variable {
  readonly name: string
  readonly json: JsonObject
}

export interface VariableOptions {
  readonly label?: string
  readonly multi?: boolean
  readonly includeAll?: boolean
  /** What "All" stands for in queries, `.*`. */
  readonly allValue?: string
  /** Only what fits; a group takes a part out. */
  readonly regex?: string
  /** Uid of the data source, or `$datasource`. */
  readonly source?: string
  readonly hidden?: boolean
  /** Read again when the time range changes, not only at the start. */
  readonly refreshOnTime?: boolean
}

/** Values of a label: `labelValues('instance', 'up{job="$job"}')`. */
export function labelValues(label: string, metric?: string): string {
  return metric === undefined ? `label_values(${label})` : `label_values(${metric}, ${label})`
}

/** Values that a query gives; see {@link labelValues}. */
export function queryVariable(name: string, query: string, options: VariableOptions = {}): Variable {
  return variable(name, 'query', options, {
    query: { query, refId: `variable-${name}` },
    definition: query,
    refresh: options.refreshOnTime === true ? 2 : 1,
    regex: options.regex ?? '',
    sort: 1,
    ...(options.source === undefined ? {} : { datasource: { type: 'prometheus', uid: options.source } }),
  })
}

/** A choice of data sources of one type. */
export function dataSourceVariable(
  name = 'datasource',
  type = 'prometheus',
  options: VariableOptions = {},
): Variable {
  return variable(name, 'datasource', options, { query: type, regex: options.regex ?? '', refresh: 1 })
}

/** Values that are written down. */
export function customVariable(
  name: string,
  values: readonly string[],
  options: VariableOptions = {},
): Variable {
  const first = values[0] ?? ''
  return variable(name, 'custom', options, {
    query: values.map((value) => value.replaceAll(',', '\\,')).join(','),
    current: { text: first, value: first },
    options: values.map((value, index) => ({ text: value, value, selected: index === 0 })),
  })
}

/** Durations to choose from. */
export function intervalVariable(
  name: string,
  values: readonly string[],
  options: VariableOptions = {},
): Variable {
  const first = values[0] ?? '1m'
  return variable(name, 'interval', options, {
    query: values.join(','),
    current: { text: first, value: first },
    auto: false,
    refresh: 2,
  })
}

/** A text that the viewer types. */
export function textVariable(name: string, value = '', options: VariableOptions = {}): Variable {
  return variable(name, 'textbox', options, { query: value, current: { text: value, value } })
}

/** A text that is the same for all viewers. */
export function constantVariable(name: string, value: string): Variable {
  return variable(name, 'constant', { hidden: true }, { query: value, current: { text: value, value } })
}

function variable(name: string, type: string, options: VariableOptions, json: JsonObject): Variable {
  const all =
    options.includeAll === true ? { text: 'All', value: options.multi === true ? ['$__all'] : '$__all' } : {}
  return {
    name,
    json: {
      name,
      type,
      ...(options.label === undefined ? {} : { label: options.label }),
      hide: options.hidden === true ? 2 : 0,
      multi: options.multi ?? false,
      includeAll: options.includeAll ?? false,
      ...(options.allValue === undefined ? {} : { allValue: options.allValue }),
      skipUrlSync: false,
      current: all,
      options: [],
      ...json,
    },
  }
}
