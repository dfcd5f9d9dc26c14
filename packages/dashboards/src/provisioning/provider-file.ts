import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type ConfigNotice,
  type DecodeContext,
  decodeYaml,
  type Schema,
  type YamlNode,
} from '@promontory/base/yaml'
import { checkApiVersion } from './data-source-file.ts'
import { FieldReader } from './fields.ts'

/** A folder of dashboard files. */
export interface DashboardProvider {
  readonly name: string
  /** Title of the folder; `''` for the root. */
  readonly folder: string
  readonly folderUid: string
  readonly disableDeletion: boolean
  readonly updateIntervalMs: number
  readonly allowUiUpdates: boolean
  /** Absolute. */
  readonly path: string
  readonly foldersFromFilesStructure: boolean
}

const FILE_FIELDS = ['apiVersion', 'providers']
const PROVIDER_FIELDS = [
  'name', 'orgId', 'orgName', 'folder', 'folderUid', 'type', 'disableDeletion', 'editable', 'updateIntervalSeconds', 'allowUiUpdates', 'options',
] // prettier-ignore
const OPTION_FIELDS = ['path', 'folder', 'foldersFromFilesStructure']
const UPDATE_SECONDS_DEFAULT = 10
/** Where Grafana's image has its provisioning files: documents print this path. */
const IMAGE_PROVISIONING = '/etc/grafana/provisioning'

/**
 * Reads a file below `dashboards/`.
 * @param provisioning the folder of all provisioning files: stands for the image's path where that does not exist
 * @throws ConfigErrors with file, line and column
 */
export function readProviderFile(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  provisioning: string,
): { readonly value: readonly DashboardProvider[]; readonly notices: readonly ConfigNotice[] } {
  const schema: Schema<readonly DashboardProvider[]> = {
    type: 'dashboards.configs',
    decode: (node, context) => {
      // The oldest form is a bare list.
      const list = node.kind === 'sequence' ? node.items : undefined
      const fields = list === undefined ? new FieldReader(node, context, environment, FILE_FIELDS) : undefined
      if (fields !== undefined) checkApiVersion(fields, context)
      const items = list ?? fields!.items('providers')
      const read = items.map((item) =>
        context.attempt(() => decodeProvider(item, context, environment, provisioning)),
      )
      const providers = read.flatMap((one) => (one === undefined ? [] : [one.value]))
      checkNames(providers, items, context)
      return providers
    },
    encode: () => null,
  }
  return decodeYaml(text, { file }, schema)
}

function checkNames(
  providers: readonly DashboardProvider[],
  items: readonly YamlNode[],
  context: DecodeContext,
): void {
  providers.forEach(({ name }, index) => {
    if (providers.findIndex((other) => other.name === name) < index)
      context.report(items[index]!, `provider name "${name}" is given twice`)
  })
}

function decodeProvider(
  node: YamlNode,
  context: DecodeContext,
  environment: Readonly<Record<string, string | undefined>>,
  provisioning: string,
): DashboardProvider {
  const fields = new FieldReader(node, context, environment, PROVIDER_FIELDS)
  const type = fields.text('type', 'file')
  if (type !== 'file')
    context.report(fields.at('type'), `provider type "${type}" is not known, expected file`)
  const options = new FieldReader(fields.at('options'), context, environment, OPTION_FIELDS)
  const given = options.text('path') || options.text('folder')
  if (given === '')
    context.fail(fields.at('options'), 'options.path is missing, expected a folder of dashboard files')
  const folder = fields.text('folder')
  const foldersFromFilesStructure = options.bool('foldersFromFilesStructure', false)
  if (foldersFromFilesStructure && folder !== '')
    context.report(fields.at('folder'), 'folder and foldersFromFilesStructure exclude each other')
  const seconds = fields.count('updateIntervalSeconds', UPDATE_SECONDS_DEFAULT)
  return {
    name: fields.text('name', 'default') || 'default',
    folder,
    folderUid: fields.text('folderUid'),
    disableDeletion: fields.bool('disableDeletion', false),
    updateIntervalMs: Math.max(1, seconds || UPDATE_SECONDS_DEFAULT) * 1000,
    allowUiUpdates: fields.bool('allowUiUpdates', false),
    path: resolve(placeOf(given, provisioning)),
    foldersFromFilesStructure,
  }
}

function placeOf(path: string, provisioning: string): string {
  const inImage = path === IMAGE_PROVISIONING || path.startsWith(`${IMAGE_PROVISIONING}/`)
  return inImage && !existsSync(path) ? `${provisioning}${path.slice(IMAGE_PROVISIONING.length)}` : path
}
