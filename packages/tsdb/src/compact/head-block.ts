import { compareUtf8 } from '@promontory/model'
import { BlockWriter, type ChunkToWrite, type WrittenBlock } from '../block/block-writer.ts'
import { type HeadReader, sortSlots } from '../head/head-reader.ts'

export interface HeadBlockOptions {
  /** The data directory. */
  readonly parent: string
  readonly ulid: string
  readonly minTimeMs: number
  /** Exclusive. */
  readonly maxTimeMs: number
}

/**
 * Writes the chunks of the head that lie in a range as one block. Runs in the compactor's thread: the head goes on taking
 * samples, but nothing in this range, which the caller must have made sure of. Chunks never cross a block range, so they
 * are copied as they are.
 * @returns undefined when the head has nothing there
 */
export function writeHeadBlock(reader: HeadReader, options: HeadBlockOptions): WrittenBlock | undefined {
  const endMs = options.maxTimeMs - 1
  reader.enter()
  try {
    const all = reader.all()
    const overlapping = reader.capture(all)
    const slots = sortSlots(
      reader,
      all.filter((_, i) => overlapping.overlaps(reader.head, i, options.minTimeMs, endMs)),
      compareUtf8,
    )
    if (slots.length === 0) return undefined
    const captured = reader.capture(slots)
    const writer = new BlockWriter({
      ...options,
      symbols: symbolsOf(reader, slots),
      compaction: { level: 1, sources: [options.ulid] },
    })
    try {
      slots.forEach((slot, i) => {
        const chunks: ChunkToWrite[] = []
        captured.forEachChunk(reader.head, i, options.minTimeMs, endMs, ({ data, ...chunk }) =>
          chunks.push({ ...chunk, data: withCount(data, chunk.samples) }),
        )
        if (chunks.length > 0) writer.addSeries(reader.series.labels(slot), chunks)
      })
      if (writer.seriesCount === 0) {
        writer.abort()
        return undefined
      }
      return writer.finish()
    } catch (error) {
      writer.abort()
      throw error
    }
  } finally {
    reader.leave()
  }
}

/** A private copy with the count that was captured: the open chunk's own may be ahead of it. */
function withCount(view: Uint8Array, samples: number): Uint8Array {
  const data = view.slice()
  data[0] = samples >>> 8
  data[1] = samples & 255
  return data
}

/** Every string of the labels of some series. */
export function symbolsOf(reader: HeadReader, slots: Uint32Array): Iterable<string> {
  const symbols = new Set<number>()
  for (const slot of slots) for (const symbol of reader.series.labelSymbols(slot)) symbols.add(symbol)
  return [...symbols].map((symbol) => reader.symbols.text(symbol))
}
