import {
  filePath,
  optional,
  Secret,
  secret,
  withDefault,
  type DecodeContext,
  type Field,
  type YamlNode,
} from '@promontory/base/yaml'
import { fieldNode } from '@promontory/base/yaml'
import { httpClientConfig, type HttpClientConfig } from '@promontory/http-client'

/** Building blocks of the receivers' schemas. */
export const NO_SECRET: Secret = new Secret('')
export const maybeSecret: Field<Secret> = withDefault(secret, NO_SECRET)
export const maybePath: Field<string> = withDefault(filePath, '')
export const httpConfig: Field<HttpClientConfig | undefined> = optional(httpClientConfig)

/** `{{ template "name" . }}` */
export const defaultTemplate = (name: string): string => `{{ template "${name}" . }}`

/** Reports at a field and knows the receiver's node. */
export type Report = (fault: string, field?: string) => void

export function reporter(node: YamlNode, context: DecodeContext): Report {
  return (fault, field) => context.report(field === undefined ? node : fieldNode(node, field), fault)
}

type Given = string | number | Secret | undefined

const isGiven = (value: Given): boolean =>
  value instanceof Secret ? !value.isEmpty : value !== undefined && value !== '' && value !== 0

/** `at most one of a & a_file must be configured`. */
export function atMostOne(config: object, names: readonly string[], report: Report): void {
  if (names.filter((name) => isGiven(valueOf(config, name))).length > 1)
    report(`at most one of ${names.join(' & ')} must be configured`, names[1])
}

export function noneGiven(config: object, ...names: string[]): boolean {
  return names.every((name) => !isGiven(valueOf(config, name)))
}

function valueOf(config: object, name: string): Given {
  return (config as Readonly<Record<string, Given>>)[name]
}
