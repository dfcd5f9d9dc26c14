import { compareUtf8, SampleColumns } from '@promontory/model'
import { BlockWriter, type WrittenBlock } from '../block/block-writer.ts'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { type HeadReader, sortSlots } from '../head/head-reader.ts'
import { type HeadBlockOptions, symbolsOf } from './head-block.ts'

/** What Prometheus writes into `meta.json` of blocks made of late samples. */
export const FROM_LATE = 'from-out-of-order'

/**
 * Writes the late samples of the head that lie in a range and are in chunks as one block. It may overlap others:
 * queries merge, and so does the next compaction.
 * @returns undefined when there are none
 */
export function writeLateBlock(reader: HeadReader, options: HeadBlockOptions): WrittenBlock | undefined {
  const { minTimeMs } = options
  const endMs = options.maxTimeMs - 1
  reader.enter()
  try {
    const all = reader.all()
    const overlapping = reader.capture(all)
    const slots = sortSlots(
      reader,
      all.filter((_, i) => overlapping.overlapsLate(reader.head, i, minTimeMs, endMs)),
      compareUtf8,
    )
    if (slots.length === 0) return undefined
    const captured = reader.capture(slots)
    const compaction = { level: 1, sources: [options.ulid], hints: [FROM_LATE] }
    const writer = new BlockWriter({ ...options, symbols: symbolsOf(reader, slots), compaction })
    const [decoder, encoder, columns] = [new ChunkDecoder(), new ChunkEncoder(), new SampleColumns()]
    try {
      slots.forEach((slot, i) => {
        decoder.begin()
        captured.forEachLateChunk(reader.head, i, minTimeMs, endMs, ({ encoding, data, samples }) =>
          decoder.add(encoding, data, samples),
        )
        // Late chunks do not cross block ranges: all of each belongs here.
        decoder.finish(columns, -Infinity, Infinity)
        const chunks = encoder.encode(columns, (k) => decoder.encodingOf(k))
        if (chunks.length > 0) writer.addSeries(reader.series.labels(slot), chunks)
      })
      if (writer.seriesCount > 0) return writer.finish()
      writer.abort()
      return undefined
    } catch (error) {
      writer.abort()
      throw error
    }
  } finally {
    reader.leave()
  }
}
