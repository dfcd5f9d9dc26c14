/** Bytes of other programs' protocols: protobuf, snappy, remote write. */
export { decodeWriteRequest, type WriteRequestSink } from './write-request.ts'
export { uncompressSnappy, WireError } from './snappy.ts'
export { ProtoReader, WireType } from './proto-reader.ts'
export type { HistogramMessage, SpanMessage } from './histogram-message.ts'
