/** Blocks themselves, for tools and tests that look inside. */
export { Block } from './block.ts'
export { PageCache } from './page-cache.ts'
export { BlockWriter, type ChunkToWrite } from './block-writer.ts'
export { newUlid } from './meta.ts'
