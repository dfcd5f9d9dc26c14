/** Bytes of other programs' protocols: protobuf, snappy, remote write. */
export { decodeWriteRequest, type WriteRequestSink } from './write-request.ts'
export { decodeWriteRequest2, type WriteRequest2Sink } from './write-request-2.ts'
export {
  encodeWriteRequest,
  encodeWriteRequest2,
  METRIC_TYPE_NUMBERS,
  type OutgoingExemplar,
  type OutgoingHistogram,
  type OutgoingMetadata,
  type OutgoingSample,
  type OutgoingSeries,
} from './write-message.ts'
export { ProtoWriter } from './proto-writer.ts'
export { WireError } from './errors.ts'
export { compressSnappy, compressSnappyAside, uncompressSnappy } from './snappy.ts'
export { ProtoReader, WireType } from './proto-reader.ts'
export type { HistogramMessage, SpanMessage } from './histogram-message.ts'
export {
  decodeReadRequest,
  decodeReadResponse,
  encodeChunkedSeries,
  encodeFrame,
  encodeReadRequest,
  encodeReadResponse,
  READ_OPERATORS,
  type ReadChunk,
  type ReadMatcher,
  type ReadQuery,
  type ReadRequest,
  type ReadSeriesSink,
} from './read-message.ts'
export { decodeChunkedSeries, FrameReader } from './read-stream.ts'
export { decodeOtlpJson } from './otlp-json.ts'
export type {
  Attributes,
  AttributeValue,
  OtlpBuckets,
  OtlpExemplar,
  OtlpMetric,
  OtlpPoint,
  OtlpResource,
  OtlpScope,
} from './otlp-metrics.ts'
export { decodeOtlpMetrics } from './otlp-protobuf.ts'
