/**
 * Prometheus's block: a directory named by a ULID with `meta.json`, `index`, `chunks/000001…`, `tombstones`.
 * See docs/format/block.md.
 */
export const INDEX_MAGIC = 0xbaaad700
export const INDEX_VERSION = 2
/** Of blocks from before Prometheus 2.2: references are offsets, of series and of symbols, and the table of postings is in no order. */
export const INDEX_VERSION_1 = 1
export const TOC_BYTES = 52
/** Series records start at multiples of this; a series' reference is its offset divided by it. */
export const SERIES_ALIGNMENT = 16

export const CHUNKS_MAGIC = 0x85bd40dd
export const CHUNKS_VERSION = 1
export const CHUNKS_HEADER_BYTES = 8
export const CHUNK_SEGMENT_BYTES: number = 512 * 1024 * 1024

export const TOMBSTONES_MAGIC = 0x0130ba30
export const TOMBSTONES_VERSION = 1

/** Encoding byte of a chunk. The last one is Thanos's, in blocks that it has downsampled. */
export const ChunkEncoding = { xor: 1, histogram: 2, floatHistogram: 3, aggregates: 255 } as const

/**
 * Samples of a chunk of floats in a block that was merged: an hour at 15 s, two chunks of the head, and the most that Prometheus itself makes. What a chunk costs
 * besides its samples (some 30 bytes with its record in the index) is halved. With 480 it is a fourth, but questions of a moment then take three times as long.
 */
export const JOINED_SAMPLES_MAX = 240
