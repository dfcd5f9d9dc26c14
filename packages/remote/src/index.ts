export {
  RemoteWriteReceiver,
  type RemoteWriteAnswer,
  type RemoteWriteReceiverOptions,
  REMOTE_WRITE_BYTES_MAX,
} from './write-receiver.ts'
