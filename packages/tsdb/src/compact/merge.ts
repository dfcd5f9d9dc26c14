import type { Labels } from '@promontory/model'
import { SampleColumns } from '@promontory/model'
import { Block } from '../block/block.ts'
import { BlockWriter, type ChunkToWrite, type WrittenBlock } from '../block/block-writer.ts'
import type { SeriesEntry } from '../block/index-reader.ts'
import type { BlockOnDisk } from '../block/meta.ts'
import { PageCache } from '../block/page-cache.ts'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { ChunkJoiner } from '../chunk/chunk-joiner.ts'
import { FROM_LATE } from './late-block.ts'

export interface MergeOptions {
  readonly parent: string
  readonly ulid: string
  /** Of the block that comes out; one above the highest when absent. */
  readonly level?: number
}

interface Cursor {
  readonly block: Block
  readonly series: IterableIterator<SeriesEntry & { readonly ref: number }>
  current: (SeriesEntry & { readonly ref: number }) | undefined
}

/**
 * Merges blocks into one: series by series in the order of their labels. Chunks are copied as they are; where they
 * overlap, or samples were deleted, the samples are decoded, merged and encoded again. In a block that is longer than each of
 * its parts, short chunks become longer ones: they are of a time that is seldom asked for moment by moment.
 * @returns undefined when no sample is left
 */
export function mergeBlocks(blocks: readonly BlockOnDisk[], options: MergeOptions): WrittenBlock | undefined {
  const cache = new PageCache()
  const opened = blocks.map(({ directory }) => new Block(directory, cache))
  const encoder = new ChunkEncoder()
  const decoder = new ChunkDecoder()
  const joiner = isLonger(blocks) ? new ChunkJoiner() : undefined
  const writer = new BlockWriter({
    ...options,
    minTimeMs: Math.min(...blocks.map(({ meta }) => meta.minTime)),
    maxTimeMs: Math.max(...blocks.map(({ meta }) => meta.maxTime)),
    symbols: symbolsOf(opened),
    compaction: {
      level: options.level ?? Math.max(...blocks.map(({ meta }) => meta.compaction.level)) + 1,
      sources: [...new Set(blocks.flatMap(({ meta }) => meta.compaction.sources ?? [meta.ulid]))].sort(),
      ...(blocks.every(({ meta }) => meta.compaction.hints?.includes(FROM_LATE))
        ? { hints: [FROM_LATE] }
        : {}),
      parents: blocks.map(({ meta }) => ({ ulid: meta.ulid, minTime: meta.minTime, maxTime: meta.maxTime })),
    },
  })
  try {
    for (const { labels, parts } of inOrder(opened)) {
      const chunks = mergeChunks(parts, decoder, encoder)
      if (chunks.length > 0) writer.addSeries(labels, joiner?.join(chunks) ?? chunks)
    }
    if (writer.seriesCount > 0) return writer.finish()
    writer.abort()
    return undefined
  } catch (error) {
    writer.abort()
    throw error
  } finally {
    for (const block of opened) block.dispose()
  }
}

/** Whether a block of all of them reaches further than any. */
function isLonger(blocks: readonly BlockOnDisk[]): boolean {
  const lengths = blocks.map(({ meta }) => meta.maxTime - meta.minTime)
  const minTimeMs = Math.min(...blocks.map(({ meta }) => meta.minTime))
  return Math.max(...blocks.map(({ meta }) => meta.maxTime)) - minTimeMs > Math.max(...lengths)
}

export type Part = { readonly block: Block; readonly entry: SeriesEntry & { readonly ref: number } }

/** The series of several blocks in the order of their labels, each with its entries in the order of the blocks. */
export function* inOrder(blocks: readonly Block[]): IterableIterator<{ labels: Labels; parts: Part[] }> {
  const cursors: Cursor[] = blocks.map((block) => {
    const series = block.everySeries()
    return { block, series, current: series.next().value as Cursor['current'] }
  })
  for (;;) {
    let least: Labels | undefined
    for (const { current } of cursors)
      if (current !== undefined && (least === undefined || current.labels.compare(least) < 0))
        least = current.labels
    if (least === undefined) return
    const parts: Part[] = []
    for (const cursor of cursors) {
      if (cursor.current === undefined || !cursor.current.labels.equals(least)) continue
      parts.push({ block: cursor.block, entry: cursor.current })
      cursor.current = cursor.series.next().value as Cursor['current']
    }
    yield { labels: least, parts }
  }
}

function mergeChunks(parts: readonly Part[], decoder: ChunkDecoder, encoder: ChunkEncoder): ChunkToWrite[] {
  const untouched = parts.every(({ block, entry }) => !block.tombstones.has(entry.ref))
  const chunks = parts
    .flatMap(({ block, entry }) => entry.chunks.map((chunk) => ({ block, chunk })))
    .sort((a, b) => a.chunk.minTimeMs - b.chunk.minTimeMs)
  const apart = chunks.every(({ chunk }, i) => i === 0 || chunk.minTimeMs > chunks[i - 1]!.chunk.maxTimeMs)
  if (untouched && apart)
    return chunks.map(({ block, chunk }) => {
      const { encoding, data, samples } = block.chunks.read(chunk.ref)
      return {
        encoding,
        data: Uint8Array.from(data),
        samples,
        minTimeMs: chunk.minTimeMs,
        maxTimeMs: chunk.maxTimeMs,
      }
    })
  decoder.begin()
  const columns = new SampleColumns()
  const deleted = parts.flatMap(({ block, entry }) => block.tombstones.get(entry.ref) ?? [])
  for (const { block, chunk } of chunks) {
    const { encoding, data, samples } = block.chunks.read(chunk.ref)
    decoder.add(encoding, data, samples)
  }
  if (deleted.length > 0) decoder.remove(deleted)
  decoder.finish(columns, -Infinity, Infinity)
  return encoder.encode(columns, (i) => decoder.encodingOf(i))
}

/** Every string of the labels of all their series. */
export function symbolsOf(blocks: readonly Block[]): Set<string> {
  const symbols = new Set<string>()
  for (const { index } of blocks)
    for (const name of index.labelNames()) {
      symbols.add(name)
      for (const { value } of index.values(name)) symbols.add(value)
    }
  return symbols
}
