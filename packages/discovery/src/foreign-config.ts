import { checked, entryOf, int, list, optional, secret, struct, withDefault } from '@promontory/base/yaml'
import type { DecodeContext, Field, Fields, Schema, YamlNode, YamlValue } from '@promontory/base/yaml'
import { checkHttpClient, httpClientFields, tlsConfig } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import { duration } from '@promontory/model/yaml'
import { FOREIGN_SPECS } from './foreign-specs.ts'
import type { ForeignMechanism, ForeignSpec } from './foreign-specs.ts'

/** The checked configuration of a mechanism that is not run, kept to be printed. */
export type ForeignSdConfig = Readonly<Record<string, unknown>>

/** Anything, kept as it is written. */
const anything: Schema<YamlValue> = {
  type: 'any',
  decode: (node) => plainValue(node),
  encode: (value) => value,
}

function plainValue(node: YamlNode): YamlValue {
  if (node.kind === 'scalar') return node.text
  if (node.kind === 'sequence') return node.items.map(plainValue)
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, plainValue(value)]))
}

function fieldSchema(name: string): Schema<unknown> {
  if (name.endsWith('!')) return secret as Schema<unknown>
  if (name === 'refresh_interval') return duration as Schema<unknown>
  if (name === 'port') return int as Schema<unknown>
  return (name === 'tls_config' ? tlsConfig : anything) as Schema<unknown>
}

function foreignSchema(mechanism: ForeignMechanism, spec: ForeignSpec): Schema<ForeignSdConfig> {
  const own: Record<string, Field<unknown>> = {}
  for (const name of spec.fields.split(' ')) own[name.replace('!', '')] = optional(fieldSchema(name))
  const fields: Fields = { ...own, ...(spec.http ? httpClientFields : {}) }
  return checked(struct(`${spec.package}.plain`, fields), (config, node, context) => {
    const fault = spec.check?.(
      (field) => scalarText(node, field),
      (field) => isSet(node, field),
    )
    if (fault !== undefined) context.report(node, fault)
    else if (spec.http) checkHttpClient(config as unknown as HttpClientConfig, node, context)
    notSupported(mechanism, node, context)
  })
}

function notSupported(mechanism: string, node: YamlNode, context: DecodeContext): void {
  context.unsupported(
    node,
    `${mechanism} service discovery is not supported, use http_sd_configs with an endpoint that lists these targets, or file_sd_configs with a file that a job writes`,
  )
}

function scalarText(node: YamlNode, field: string): string {
  const value = entryOf(node, field)
  return value?.kind === 'scalar' && value.tag !== '!!null' ? value.text : ''
}

function isSet(node: YamlNode, field: string): boolean {
  const value = entryOf(node, field)
  if (value === undefined || (value.kind === 'scalar' && value.tag === '!!null')) return false
  return value.kind !== 'sequence' || value.items.length > 0
}

export type ForeignSdField = `${ForeignMechanism}_sd_configs`

/** One field per mechanism that is checked but not run. */
export const foreignSdFields: Readonly<Record<ForeignSdField, Field<readonly ForeignSdConfig[]>>> =
  Object.fromEntries(
    Object.entries(FOREIGN_SPECS).map(([mechanism, spec]) => [
      `${mechanism}_sd_configs`,
      sdField(`${mechanism}_sd_configs`, foreignSchema(mechanism as ForeignMechanism, spec)),
    ]),
  ) as Record<ForeignSdField, Field<readonly ForeignSdConfig[]>>

function sdField<T>(name: string, schema: Schema<T>): Field<readonly T[]> {
  return withDefault(list(schema, `empty or null section in ${name}`), [])
}
