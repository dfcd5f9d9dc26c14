/** Blocks themselves, for tools and tests that look inside. */
export { Block } from './block.ts'
export { PageCache } from './page-cache.ts'
export { BlockWriter, type ChunkToWrite } from './block-writer.ts'
export { newUlid } from './meta.ts'
export { type SeriesSamples, writeSeriesBlock } from './series-block.ts'
export { blockRanges } from '../compact/plan.ts'
export { readMeta } from './meta.ts'
