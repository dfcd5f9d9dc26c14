import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { checked, decodeYaml, mapOf, type Schema, str, struct, withDefault } from '@promontory/base/yaml'
import { checkHttpClient, type HttpClientConfig, httpClientFields } from '@promontory/http-client'
import type { EngineApi } from '@promontory/remote'
import {
  checkHeaders,
  type RemoteReadConfig,
  remoteReadConfig,
  type RemoteWriteConfig,
  remoteWriteConfig,
} from './remote-config.ts'

/** Where samples go beside local storage, and where older ones are asked for. */
export interface StorageRemote {
  readonly write: RemoteWriteConfig
  readonly read: RemoteReadConfig
  /** Undefined: remote read. */
  readonly readBy: EngineApi | undefined
  /** Where `/labels` and its like of Prometheus's API are. */
  readonly labelsUrl: string
}

interface Engine {
  readonly writePath: string
  readonly readPath: string
  readonly readBy?: EngineApi
  /** Prometheus's API; `/api/v1` when not given. */
  readonly apiPath?: string
}

const ENGINES: Readonly<Record<string, Engine>> = {
  prometheus: { writePath: '/api/v1/write', readPath: '/api/v1/read' },
  mimir: { writePath: '/api/v1/push', readPath: '/prometheus/api/v1/read', apiPath: '/prometheus/api/v1' },
  victoriametrics: { writePath: '/api/v1/write', readPath: '/api/v1/export', readBy: 'export' },
  // Its receivers and its queriers are different servers: the second URL is the querier's.
  thanos: { writePath: '/api/v1/receive', readPath: '/api/v1/query', readBy: 'query' },
}

/** How long samples stay here when an engine keeps them and nothing else is said. */
export const LOCAL_RETENTION_MS: number = 6 * 3600_000

/** How an engine is talked to, for writing and reading alike. */
export type StorageRemoteClient = HttpClientConfig & { readonly headers: Readonly<Record<string, string>> }

const client: Schema<StorageRemoteClient> = checked(
  struct('config.plain', { headers: withDefault(mapOf(str), {}), ...httpClientFields }),
  (config, node, context) => {
    checkHeaders(config.headers, node, context, 'expected basic_auth, authorization or oauth2 for it')
    checkHttpClient(config, node, context)
  },
)

/**
 * Reads the file of `--storage.remote.client`: Prometheus's HTTP client block, and `headers`.
 * @throws ConfigErrors naming file, line, column and field; what the file system says
 */
export function readStorageRemoteClient(file: string): StorageRemoteClient {
  return decodeYaml(readFileSync(file, 'utf8'), { file: resolve(file) }, client).value
}

/**
 * Reads `ENGINE URL [URL]`, the value of `--storage.remote`; the second URL is where older samples are read, when that is another server.
 * @param client  undefined: no credentials, no headers
 * @throws Error naming what was expected
 */
export function storageRemote(text: string, client?: StorageRemoteClient): StorageRemote {
  const [name = '', writeUrl = '', readUrl = writeUrl, ...more] = text.trim().split(/\s+/)
  const engine = ENGINES[name]
  const expected = `expected "ENGINE URL", the engine one of ${Object.keys(ENGINES).join(', ')}`
  if (engine === undefined) throw new Error(`${expected}, got "${text}"`)
  const wrong = [writeUrl, readUrl].find((url) => !/^https?:\/\/[^/]/.test(url) || !URL.canParse(url))
  if (wrong !== undefined || more.length > 0)
    throw new Error(`${expected} and the URL with http or https, got "${text}"`)
  const base = (url: string, path: string): string => JSON.stringify(url.replace(/\/+$/, '') + path)
  const file = '--storage.remote'
  const write = `{url: ${base(writeUrl, engine.writePath)}, name: storage.remote, send_exemplars: true, send_native_histograms: ${engine.readBy === undefined}}`
  const read = `{url: ${base(readUrl, engine.readPath)}, name: storage.remote}`
  return {
    // Over HTTP/1.1, as `remote_write` unless told otherwise.
    write: { ...decodeYaml(write, { file }, remoteWriteConfig).value, ...client, enable_http2: false },
    read: { ...decodeYaml(read, { file }, remoteReadConfig).value, ...client },
    readBy: engine.readBy,
    labelsUrl: readUrl.replace(/\/+$/, '') + (engine.apiPath ?? '/api/v1'),
  }
}
