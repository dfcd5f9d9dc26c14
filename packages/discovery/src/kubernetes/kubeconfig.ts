import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { entryOf, parseYaml, Secret } from '@promontory/base/yaml'
import type { YamlNode } from '@promontory/base/yaml'
import { DEFAULT_HTTP_CLIENT } from '@promontory/http-client'
import type { HttpClientConfig, TlsConfig } from '@promontory/http-client'
import { ExecCredentials } from './exec-credentials.ts'
import type { JsonObject } from '../json.ts'

/** How to reach an API server. */
export interface ApiAccess {
  /** Without a `/` at its end. */
  readonly server: string
  readonly http: HttpClientConfig
  /** A helper's credentials, to be added to `http` before each request. */
  readonly exec?: ExecCredentials
}

/**
 * What a kubeconfig's current context says.
 * @throws Error naming what is missing, or what this program does not do (`auth-provider`)
 */
export async function readKubeconfig(file: string): Promise<ApiAccess> {
  const root = parseYaml(await readFile(file, 'utf8'), file)
  const name = textAt(root, 'current-context')
  if (name === '') throw new Error(`${file}: current-context is not set`)
  const context = named(root, 'contexts', name, 'context', file)
  const cluster = named(root, 'clusters', textAt(context, 'cluster'), 'cluster', file)
  const userName = textAt(context, 'user')
  const user = userName === '' ? undefined : named(root, 'users', userName, 'user', file)
  const server = textAt(cluster, 'server')
  if (!/^https?:\/\/[^/]/.test(server))
    throw new Error(`${file}: cluster "${textAt(context, 'cluster')}" has no server, expected https://host:port, got "${server}"`) // prettier-ignore
  const folder = dirname(file)
  return {
    server: server.replace(/\/+$/, ''),
    http: {
      ...DEFAULT_HTTP_CLIENT,
      proxy_url: textAt(cluster, 'proxy-url'),
      tls_config: tlsOf(cluster, user, folder),
      ...(user === undefined ? {} : credentialsOf(user, folder, file)),
    },
    ...(user === undefined ? {} : execOf(user, cluster, folder, file)),
  }
}

function tlsOf(cluster: YamlNode, user: YamlNode | undefined, folder: string): TlsConfig {
  const ofUser = (field: string): string => (user === undefined ? '' : textAt(user, field))
  return {
    ca: decoded(textAt(cluster, 'certificate-authority-data')),
    ca_file: below(folder, textAt(cluster, 'certificate-authority')),
    ca_ref: '',
    cert: decoded(ofUser('client-certificate-data')),
    cert_file: below(folder, ofUser('client-certificate')),
    cert_ref: '',
    key: new Secret(decoded(ofUser('client-key-data'))),
    key_file: below(folder, ofUser('client-key')),
    key_ref: '',
    server_name: textAt(cluster, 'tls-server-name'),
    insecure_skip_verify: textAt(cluster, 'insecure-skip-tls-verify') === 'true',
    min_version: undefined,
    max_version: undefined,
  }
}

function credentialsOf(user: YamlNode, folder: string, file: string): Partial<HttpClientConfig> {
  if (entryOf(user, 'auth-provider') !== undefined)
    throw new Error(
      `${file}: users with auth-provider are not supported (Kubernetes removed it in 1.26), use exec, token, tokenFile or a client certificate`,
    )
  const token = textAt(user, 'token')
  const tokenFile = below(folder, textAt(user, 'tokenFile'))
  if (tokenFile !== '') return { bearer_token_file: tokenFile }
  if (token !== '') return { bearer_token: new Secret(token) }
  const username = textAt(user, 'username')
  if (username === '') return {}
  const password = new Secret(textAt(user, 'password'))
  const refs = { username_file: '', username_ref: '', password_file: '', password_ref: '' }
  return { basic_auth: { username, password, ...refs } }
}

function execOf(user: YamlNode, cluster: YamlNode, folder: string, file: string): { exec?: ExecCredentials } {
  const exec = entryOf(user, 'exec')
  if (exec === undefined) return {}
  const config = {
    apiVersion: textAt(exec, 'apiVersion'),
    command: textAt(exec, 'command'),
    args: itemsAt(exec, 'args').map((item) => (item.kind === 'scalar' ? item.text : '')),
    env: itemsAt(exec, 'env').map((item) => [textAt(item, 'name'), textAt(item, 'value')] as const),
    installHint: textAt(exec, 'installHint'),
    interactiveMode: textAt(exec, 'interactiveMode'),
    cluster: textAt(exec, 'provideClusterInfo') === 'true' ? clusterInfo(cluster) : undefined,
  }
  try {
    return { exec: new ExecCredentials(config, folder) }
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** What `KUBERNETES_EXEC_INFO` says of the cluster. */
function clusterInfo(cluster: YamlNode): JsonObject {
  const own = itemsAt(cluster, 'extensions').find((item) => textAt(item, 'name') === EXEC_EXTENSION)
  const config = own === undefined ? undefined : entryOf(own, 'extension')
  return Object.fromEntries(
    Object.entries({
      server: textAt(cluster, 'server'),
      'tls-server-name': textAt(cluster, 'tls-server-name'),
      'insecure-skip-tls-verify': textAt(cluster, 'insecure-skip-tls-verify') === 'true',
      'certificate-authority-data': textAt(cluster, 'certificate-authority-data'),
      'proxy-url': textAt(cluster, 'proxy-url'),
      config: config === undefined ? '' : jsonOf(config),
    }).filter(([, value]) => value !== '' && value !== false),
  )
}

const EXEC_EXTENSION = 'client.authentication.k8s.io/exec'

function jsonOf(node: YamlNode): unknown {
  if (node.kind === 'sequence') return node.items.map(jsonOf)
  if (node.kind === 'mapping')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, jsonOf(value)]))
  if (node.tag === '!!null') return null
  if (node.tag === '!!bool') return node.text === 'true'
  return node.tag === '!!int' || node.tag === '!!float' ? Number(node.text) : node.text
}

function itemsAt(node: YamlNode, field: string): readonly YamlNode[] {
  const list = entryOf(node, field)
  return list?.kind === 'sequence' ? list.items : []
}

/** The entry of a list of `{name, WHAT}`. */
function named(root: YamlNode, listName: string, name: string, what: string, file: string): YamlNode {
  const list = entryOf(root, listName)
  const items = list?.kind === 'sequence' ? list.items : []
  const found = items.find((item) => textAt(item, 'name') === name)
  const value = found === undefined ? undefined : entryOf(found, what)
  if (value === undefined) throw new Error(`${file}: ${listName} has no "${name}"`)
  return value
}

function textAt(node: YamlNode, field: string): string {
  const value = entryOf(node, field)
  return value?.kind === 'scalar' && value.tag !== '!!null' ? value.text : ''
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}

/** Paths count from the folder of the kubeconfig. */
function below(folder: string, path: string): string {
  return path === '' ? '' : resolve(folder, path)
}
