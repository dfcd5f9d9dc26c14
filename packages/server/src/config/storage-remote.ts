import { decodeYaml } from '@promontory/base/yaml'
import type { EngineApi } from '@promontory/remote'
import {
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
}

interface Engine {
  readonly writePath: string
  readonly readPath: string
  readonly readBy?: EngineApi
}

const ENGINES: Readonly<Record<string, Engine>> = {
  prometheus: { writePath: '/api/v1/write', readPath: '/api/v1/read' },
  mimir: { writePath: '/api/v1/push', readPath: '/prometheus/api/v1/read' },
  victoriametrics: { writePath: '/api/v1/write', readPath: '/api/v1/export', readBy: 'export' },
  // Its receivers and its queriers are different servers: the second URL is the querier's.
  thanos: { writePath: '/api/v1/receive', readPath: '/api/v1/query', readBy: 'query' },
}

/** How long samples stay here when an engine keeps them and nothing else is said. */
export const LOCAL_RETENTION_MS: number = 6 * 3600_000

/**
 * Reads `ENGINE URL [URL]`, the value of `--storage.remote`; the second URL is where older samples are read, when that is another server.
 * @throws Error naming what was expected
 */
export function storageRemote(text: string): StorageRemote {
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
    write: decodeYaml(write, { file }, remoteWriteConfig).value,
    read: decodeYaml(read, { file }, remoteReadConfig).value,
    readBy: engine.readBy,
  }
}
