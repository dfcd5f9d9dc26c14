// The door: every kernel that TypeScript calls. No managed objects, no statics that change: callers own all memory.
export { layoutSeriesBytes, layoutSealedBytes, layoutFixedEnd, layoutHeader } from './layout'
export { allocate, release, retire, allocationClass, allocationBytes } from './allocator'
export { xorDecode, xorEncode } from './xor'
export { headCheck, headApply, headSeal } from './head-append'
export { walEncodeSamples, walDecodeSamples } from './wal-records'
export { xorDecodeRun } from './chunk-run'
export { crc32cInit, crc32c } from './crc32c'
export { jsonPoints, jsonNumber } from './json-points'
