/** Samples that come from other servers and go to them. */
export { type LogPosition, type LogSink, type SampleLog, type SampleLogs } from './send/sample-log.ts'
export { RemoteWriteManager, type RemoteWriteManagerOptions } from './send/write-manager.ts'
export type { FamilyMetadata, RemoteWriteSettings, WriteQueueState } from './send/write-queue-options.ts'
export { type ReceivedFamily, ReceivedMetadata } from './received-metadata.ts'
export {
  RemoteWriteReceiver,
  type RemoteWriteAnswer,
  type RemoteWriteReceiverOptions,
  REMOTE_WRITE_BYTES_MAX,
} from './write-receiver.ts'
export {
  MergedQueryable,
  type MergedOptions,
  type ReadRemote,
  type ReadSource,
} from './read/merged-queryable.ts'
export { type EngineApi, EngineClient } from './read/engine-client.ts'
export { LabelsClient } from './read/labels-client.ts'
export { ReadClient, READ_BYTES_MAX, type ReadTarget } from './read/read-client.ts'
export type { OtlpSettings } from './otlp/names.ts'
export {
  OTLP_BYTES_MAX,
  otlpAnswer,
  type OtlpOutcome,
  OtlpReceiver,
  type OtlpReceiverOptions,
} from './otlp/otlp-receiver.ts'
export { ReplicaQueryable } from './read/replica-queryable.ts'
export { histogramFault, isStaleSum, toHistogram } from './histogram.ts'
