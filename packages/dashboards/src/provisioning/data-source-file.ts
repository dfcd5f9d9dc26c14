import { createHash } from 'node:crypto'
import {
  type ConfigNotice,
  type DecodeContext,
  decodeYaml,
  type Schema,
  type YamlNode,
} from '@promontory/base/yaml'
import type { DataSourceInput } from '../data-source-store.ts'
import { FieldReader } from './fields.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What one file below `datasources/` says. */
export interface DataSourceFile {
  readonly dataSources: readonly DataSourceInput[]
  /** Names. */
  readonly deleted: readonly string[]
  /** Whether sources that were provided before and are in no file any more go. */
  readonly prune: boolean
}

const FILE_FIELDS = ['apiVersion', 'prune', 'datasources', 'deleteDatasources']
const SOURCE_FIELDS = [
  'name', 'type', 'uid', 'url', 'access', 'orgId', 'user', 'database', 'basicAuth', 'basicAuthUser', 'withCredentials',
  'isDefault', 'editable', 'version', 'jsonData', 'secureJsonData', 'correlations',
] // prettier-ignore

/** @throws ConfigErrors with file, line and column */
export function readDataSourceFile(
  text: string,
  file: string,
  environment: Environment,
): { readonly value: DataSourceFile; readonly notices: readonly ConfigNotice[] } {
  const schema: Schema<DataSourceFile> = {
    type: 'datasource.configs',
    decode: (node, context) => decodeFile(node, context, environment),
    encode: () => null,
  }
  return decodeYaml(text, { file }, schema)
}

function decodeFile(node: YamlNode, context: DecodeContext, environment: Environment): DataSourceFile {
  const fields = new FieldReader(node, context, environment, FILE_FIELDS)
  checkApiVersion(fields, context)
  const read = fields
    .items('datasources')
    .map((item) => context.attempt(() => decodeSource(item, context, environment)))
  const defaults = read.filter((one) => one?.value.isDefault === true)
  if (defaults.length > 1)
    context.report(
      fields.at('datasources'),
      'only one data source can be the default, found several with isDefault',
    )
  return {
    dataSources: read.flatMap((one) => (one === undefined ? [] : [one.value])),
    deleted: fields
      .items('deleteDatasources')
      .map((item) => new FieldReader(item, context, environment, ['name', 'orgId']).text('name')),
    prune: fields.bool('prune', false),
  }
}

function decodeSource(node: YamlNode, context: DecodeContext, environment: Environment): DataSourceInput {
  const fields = new FieldReader(node, context, environment, SOURCE_FIELDS)
  const name = fields.text('name')
  const type = fields.text('type')
  if (name === '') context.report(fields.at('name'), 'name is missing, expected the name of the data source')
  if (type === '') context.report(fields.at('type'), 'type is missing, expected e.g. prometheus')
  const access = fields.text('access', 'proxy')
  if (access === 'direct')
    context.warn(
      fields.at('access'),
      'access direct is gone from browsers too: the server asks the data source',
    )
  const url = fields.text('url')
  if (url !== '' && !URL.canParse(/^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`))
    context.report(fields.at('url'), `"${url}" is no URL, expected e.g. http://prometheus:9090`)
  const secrets = Object.entries(fields.object('secureJsonData'))
  return {
    uid: fields.text('uid') || uidOfName(name),
    name,
    type,
    access: 'proxy',
    url,
    user: fields.text('user'),
    database: fields.text('database'),
    basicAuth: fields.bool('basicAuth', false),
    basicAuthUser: fields.text('basicAuthUser'),
    withCredentials: fields.bool('withCredentials', false),
    isDefault: fields.bool('isDefault', false),
    jsonData: fields.object('jsonData'),
    secureJsonData: Object.fromEntries(secrets.map(([key, value]) => [key, String(value ?? '')])),
    readOnly: !fields.bool('editable', false),
  }
}

/** The uid that Grafana gives a provided source without one, so that dashboards made there find it here. */
export function uidOfName(name: string): string {
  return `P${createHash('sha256').update(name).digest('hex').slice(0, 16).toUpperCase()}`
}

/** Versions 0 (absent) and 1 are read. */
export function checkApiVersion(fields: FieldReader, context: DecodeContext): void {
  const version = fields.count('apiVersion', 0)
  if (version > 1) context.report(fields.at('apiVersion'), `apiVersion ${version} is not known, expected 1`)
}
