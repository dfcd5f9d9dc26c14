export * from './alerting-config.ts'
export * from './prepare-config.ts'
export type { PrometheusConfig } from './prometheus-config.ts'
export type { RemoteReadConfig, RemoteWriteConfig } from './remote-config.ts'
export {
  LOCAL_RETENTION_MS,
  readStorageRemoteClient,
  type StorageRemote,
  storageRemote,
} from './storage-remote.ts'
export type { RetentionConfig, StorageConfig, TsdbConfig } from './storage-config.ts'
export type { OtlpConfig, TracingConfig } from './telemetry-config.ts'
export * from './grafana-config.ts'
export { readWebConfig } from '../http/web-config.ts'
