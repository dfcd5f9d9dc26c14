import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { entryOf, parseYaml, Secret } from '@promontory/base/yaml'
import type { YamlNode } from '@promontory/base/yaml'
import { DEFAULT_HTTP_CLIENT } from '@promontory/http-client'
import type { HttpClientConfig, TlsConfig } from '@promontory/http-client'

/** How to reach an API server. */
export interface ApiAccess {
  /** Without a `/` at its end. */
  readonly server: string
  readonly http: HttpClientConfig
}

/**
 * What a kubeconfig's current context says.
 * @throws Error naming what is missing, or what this program does not do (`exec`, `auth-provider`)
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
  for (const helper of ['exec', 'auth-provider'])
    if (entryOf(user, helper) !== undefined)
      throw new Error(
        `${file}: users with ${helper} are not supported, use token, tokenFile or a client certificate`,
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
