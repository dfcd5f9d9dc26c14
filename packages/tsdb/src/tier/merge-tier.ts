import { Block } from '../block/block.ts'
import type { ChunkToWrite } from '../block/block-writer.ts'
import { ChunkEncoding } from '../block/format.ts'
import { PageCache } from '../block/page-cache.ts'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { inOrder, type Part, symbolsOf } from '../compact/merge.ts'
import { AggregateReader, encodeAggregates } from './aggregate-chunk.ts'
import { isDeleted, withoutDeleted } from './deleted-windows.ts'
import { BUILD_MS } from './resolution.ts'
import { addSeries, finishOrAbort, type TierOutput, tierWriter } from './build-tiers.ts'

/**
 * Writes blocks of one tier that follow each other as one, without the windows that are deleted. Chunks are copied: where one ends, it tells what a counter
 * really read. Chunks of whole days are too short for that, they are encoded anew.
 */
export function mergeTier(directories: readonly string[], output: TierOutput): void {
  const cache = new PageCache()
  const blocks = directories.map((directory) => new Block(directory, cache))
  const metas = blocks.map(({ meta }) => meta)
  const writer = tierWriter(
    output,
    Math.min(...metas.map(({ minTime }) => minTime)),
    Math.max(...metas.map(({ maxTime }) => maxTime)),
    symbolsOf(blocks),
    metas.map(({ ulid, minTime, maxTime }) => ({ ulid, minTime, maxTime })),
  )
  const decoder = new ChunkDecoder()
  const encoder = new ChunkEncoder()
  try {
    for (const { labels, parts } of inOrder(blocks))
      addSeries(writer, labels, mergeChunks(parts, output.resolutionMs, decoder, encoder))
    finishOrAbort(writer)
  } catch (error) {
    writer.abort()
    throw error
  } finally {
    for (const block of blocks) block.dispose()
  }
}

function mergeChunks(
  parts: readonly Part[],
  resolutionMs: number,
  decoder: ChunkDecoder,
  encoder: ChunkEncoder,
): ChunkToWrite[] {
  const out: ChunkToWrite[] = []
  let reader = new AggregateReader(decoder)
  const deleted = parts.flatMap(({ block, entry }) => block.tombstones.get(entry.ref) ?? [])
  const asTheyAre = resolutionMs < BUILD_MS && deleted.length === 0
  const flush = (): void => {
    out.push(...encodeAggregates(withoutDeleted(reader.rows, resolutionMs, deleted), encoder))
    reader = new AggregateReader(decoder)
  }
  const chunks = parts.flatMap(({ block, entry }) => entry.chunks.map((chunk) => ({ block, chunk })))
  for (const { block, chunk } of chunks.sort((a, b) => a.chunk.minTimeMs - b.chunk.minTimeMs)) {
    const { encoding, data, samples } = block.chunks.read(chunk.ref)
    if (encoding === ChunkEncoding.aggregates && !asTheyAre) {
      reader.add(data)
      continue
    }
    flush()
    if (isDeleted(chunk.minTimeMs, chunk.maxTimeMs, deleted)) continue
    out.push({ encoding, data: Uint8Array.from(data), samples: encoding === ChunkEncoding.aggregates ? rowsOf(data) : samples, minTimeMs: chunk.minTimeMs, maxTimeMs: chunk.maxTimeMs }) // prettier-ignore
  }
  flush()
  return out
}

/** Samples of the first chunk inside of an aggregate chunk, whose length takes one or two bytes. */
function rowsOf(data: Uint8Array): number {
  const at = (data[0]! < 128 ? 1 : 2) + 1
  return data[at]! * 256 + data[at + 1]!
}
