import { type Labels, SampleColumns } from '@promontory/model'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { BlockWriter, type WrittenBlock } from './block-writer.ts'
import { newUlid } from './meta.ts'

/** Floats of one series, in any order. */
export interface SeriesSamples {
  readonly labels: Labels
  readonly timesMs: number[]
  readonly values: number[]
}

/** Go's NaN, as everybody else writes it. */
const NAN_BITS = 0x7ff8000000000001n

/**
 * Writes series as one block of [minTimeMs, maxTimeMs): what an import has collected. Of samples at one time the first counts.
 * @returns undefined when no sample lies in the range
 */
export function writeSeriesBlock(
  parent: string,
  minTimeMs: number,
  maxTimeMs: number,
  series: Iterable<SeriesSamples>,
): WrittenBlock | undefined {
  const chosen = [...series]
    .map((each) => ({ labels: each.labels, columns: inRange(each, minTimeMs, maxTimeMs) }))
    .filter(({ columns }) => columns.length > 0)
    .sort((a, b) => a.labels.compare(b.labels))
  if (chosen.length === 0) return undefined
  const ulid = newUlid(Date.now())
  const symbols = new Set(chosen.flatMap(({ labels }) => labels.pairs))
  const writer = new BlockWriter({ parent, ulid, minTimeMs, maxTimeMs, symbols, compaction: { level: 1, sources: [ulid] } }) // prettier-ignore
  try {
    const encoder = new ChunkEncoder()
    for (const { labels, columns } of chosen) writer.addSeries(labels, encoder.encode(columns))
    return writer.finish()
  } catch (error) {
    writer.abort()
    throw error
  }
}

function inRange({ timesMs, values }: SeriesSamples, minTimeMs: number, maxTimeMs: number): SampleColumns {
  const order = [...timesMs.keys()].filter((i) => timesMs[i]! >= minTimeMs && timesMs[i]! < maxTimeMs)
  order.sort((a, b) => timesMs[a]! - timesMs[b]! || a - b)
  const columns = new SampleColumns()
  columns.reserve(order.length)
  const bits = new BigUint64Array(
    columns.values.buffer as ArrayBuffer,
    columns.values.byteOffset,
    columns.values.length,
  )
  for (const i of order) {
    if (columns.length > 0 && columns.timesMs[columns.length - 1] === timesMs[i]) continue
    columns.timesMs[columns.length] = timesMs[i]!
    columns.values[columns.length] = values[i]!
    if (Number.isNaN(values[i]!)) bits[columns.length] = NAN_BITS
    columns.length++
  }
  return columns
}
