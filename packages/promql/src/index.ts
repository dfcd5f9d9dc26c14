/** PromQL: parser, printer and a columnar engine over any `Queryable`. No Node API. */
export * from './engine/engine.ts'
export * from './errors.ts'
export { ByteWriter } from './json/byte-writer.ts'
export { formatValue, writeResult } from './json/write-result.ts'
export * from './parser/index.ts'
export * from './result.ts'
