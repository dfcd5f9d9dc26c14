import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DEFAULT_HTTP_CLIENT } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import { hostPort } from '../label-name.ts'
import type { KubernetesSdConfig } from './config.ts'
import { readKubeconfig } from './kubeconfig.ts'
import type { ApiAccess } from './kubeconfig.ts'

/** Where a pod finds its service account. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

/** What tells a process that it runs in a cluster. */
export interface ClusterSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly serviceAccountFolder: string
}

export const OWN_SURROUNDINGS: ClusterSurroundings = {
  environment: process.env,
  serviceAccountFolder: SERVICE_ACCOUNT_FOLDER,
}

/**
 * The API server of a configuration: named, from a kubeconfig, or that of the cluster we run in.
 * @throws Error naming the file or variable that is missing
 */
export async function apiAccess(
  config: KubernetesSdConfig,
  surroundings: ClusterSurroundings,
): Promise<ApiAccess> {
  if (config.kubeconfig_file !== '') return readKubeconfig(config.kubeconfig_file)
  if (config.api_server === '') return inClusterAccess(surroundings)
  return { server: config.api_server.replace(/\/+$/, ''), http: config }
}

/** The token is read at each request: the kubelet renews it in place. */
async function inClusterAccess({
  environment,
  serviceAccountFolder: folder,
}: ClusterSurroundings): Promise<ApiAccess> {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? ''
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? ''
  if (host === '' || port === '')
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    )
  const tokenFile = join(folder, 'token')
  await readFile(tokenFile, 'utf8')
  const tls: NonNullable<HttpClientConfig['tls_config']> = {
    ca: '', ca_file: join(folder, 'ca.crt'), ca_ref: '', cert: '', cert_file: '', cert_ref: '', key: DEFAULT_HTTP_CLIENT.bearer_token,
    key_file: '', key_ref: '', server_name: '', insecure_skip_verify: false, min_version: undefined, max_version: undefined,
  } // prettier-ignore
  return {
    server: `https://${hostPort(host, port)}`,
    http: { ...DEFAULT_HTTP_CLIENT, bearer_token_file: tokenFile, tls_config: tls },
  }
}

/**
 * The namespaces to look into; `['']` is all of them.
 * @throws Error when our own namespace is wanted and not to be found
 */
export async function namespacesOf(
  { namespaces }: KubernetesSdConfig,
  { serviceAccountFolder }: ClusterSurroundings,
): Promise<readonly string[]> {
  const names = namespaces?.names ?? []
  if (namespaces?.own_namespace !== true) return names.length === 0 ? [''] : [...new Set(names)]
  const own = (await readFile(join(serviceAccountFolder, 'namespace'), 'utf8')).trim()
  if (own === '') throw new Error('could not read own namespace name (empty file)')
  return [...new Set([...names, own])]
}
