/** PromQL: parser, printer and a columnar engine over any `Queryable`. No Node API. */
export { isCacheable } from './cache/cacheable.ts'
export { type Extent, joinExtents } from './cache/extent.ts'
export {
  type CachedResult,
  type CacheUse,
  ResultCache,
  type ResultCacheOptions,
} from './cache/result-cache.ts'
export * from './engine/engine.ts'
export { QueryBatch } from './engine/query-batch.ts'
export * from './errors.ts'
export { type ByteSink, ByteWriter, type ByteWriterOptions, type NumberWriter } from './json/byte-writer.ts'
export { formatValue } from './json/format-value.ts'
export { writeResult } from './json/write-result.ts'
export * from './parser/index.ts'
export * from './result.ts'
