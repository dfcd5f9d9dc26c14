import { isCounterReset, type Labels, SampleColumns } from '@promontory/model'
import { Block } from '../block/block.ts'
import { BlockWriter, type ChunkToWrite } from '../block/block-writer.ts'
import { ChunkEncoding } from '../block/format.ts'
import { newUlid, resolutionOf } from '../block/meta.ts'
import { PageCache } from '../block/page-cache.ts'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { inOrder, type Part, symbolsOf } from '../compact/merge.ts'
import { Aggregator, windowEnd } from './aggregates.ts'
import { encodeAggregates } from './aggregate-chunk.ts'

export interface TierOutput {
  /** Where the block goes. */
  readonly parent: string
  readonly resolutionMs: number
}

export interface BuildTiersOptions {
  /** Directories of blocks with samples; together they hold all of the time. */
  readonly blocks: readonly string[]
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
  readonly outputs: readonly TierOutput[]
}

/**
 * Aggregates the samples of some time at several resolutions at once, each into a block of its own. Native histograms are not aggregated: of
 * each window the last one is kept, and those around a counter reset.
 */
export function buildTiers({ blocks, fromMs, toMs, outputs }: BuildTiersOptions): void {
  const cache = new PageCache()
  const opened = blocks.map((directory) => new Block(directory, cache))
  const symbols = symbolsOf(opened)
  const tiers = outputs.map((output) => ({ ...output, writer: tierWriter(output, fromMs, toMs, symbols) }))
  const decoder = new ChunkDecoder()
  const encoder = new ChunkEncoder()
  const columns = new SampleColumns()
  try {
    for (const { labels, parts } of inOrder(opened)) {
      decodeParts(parts, decoder, fromMs, toMs - 1)
      decoder.finish(columns, fromMs, toMs - 1)
      if (columns.length === 0) continue
      const encodingOf = histogramEncodings(columns, decoder, fromMs)
      for (const { writer, resolutionMs } of tiers)
        addSeries(writer, labels, windowsOf(columns, resolutionMs, encoder, encodingOf))
    }
    for (const { writer } of tiers) finishOrAbort(writer)
  } catch (error) {
    for (const { writer } of tiers) writer.abort()
    throw error
  } finally {
    for (const block of opened) block.dispose()
  }
}

export function tierWriter(
  { parent, resolutionMs }: TierOutput,
  minTimeMs: number,
  maxTimeMs: number,
  symbols: Iterable<string>,
  parents: readonly { readonly ulid: string; readonly minTime: number; readonly maxTime: number }[] = [],
): BlockWriter {
  const ulid = newUlid(Date.now())
  return new BlockWriter({
    parent,
    ulid,
    minTimeMs,
    maxTimeMs,
    symbols,
    compaction: {
      level: parents.length > 0 ? 2 : 1,
      sources: [ulid],
      ...(parents.length > 0 ? { parents } : {}),
    },
    thanos: { labels: {}, downsample: { resolution: resolutionMs }, source: 'promontory' },
  })
}

export function finishOrAbort(writer: BlockWriter): void {
  if (writer.seriesCount > 0) writer.finish()
  else writer.abort()
}

export function addSeries(writer: BlockWriter, labels: Labels, chunks: readonly ChunkToWrite[]): void {
  if (chunks.length > 0) writer.addSeries(labels, chunks)
}

function decodeParts(parts: readonly Part[], decoder: ChunkDecoder, startMs: number, endMs: number): void {
  decoder.begin()
  for (const { block, entry } of parts) {
    if (resolutionOf(block.meta) > 0) continue
    const before = decoder.length
    for (const chunk of entry.chunks) {
      if (chunk.maxTimeMs < startMs || chunk.minTimeMs > endMs) continue
      const { encoding, data, samples } = block.chunks.read(chunk.ref)
      decoder.add(encoding, data, samples)
    }
    const deleted = block.tombstones.get(entry.ref)
    if (deleted !== undefined) decoder.remove(deleted, before)
  }
}

/** Encoding of the sample at an index of columns that begin at `fromMs`; floats where there are no histograms. */
function histogramEncodings(
  columns: SampleColumns,
  decoder: ChunkDecoder,
  fromMs: number,
): ((index: number) => number) | undefined {
  if (columns.histograms === undefined) return undefined
  const skipped = decoder.countBefore(fromMs)
  return (index) => decoder.encodingOf(skipped + index)
}

/** The chunks of one series. A window in which floats and histograms meet counts as what its first sample is. */
function windowsOf(
  columns: SampleColumns,
  resolutionMs: number,
  encoder: ChunkEncoder,
  encodingOf: ((index: number) => number) | undefined,
): ChunkToWrite[] {
  if (encodingOf === undefined) {
    const aggregator = new Aggregator(resolutionMs)
    aggregator.add(columns)
    return encodeAggregates(aggregator.rows, encoder)
  }
  const chunks: ChunkToWrite[] = []
  for (const run of runsOfKind(columns, resolutionMs)) {
    if (run.histograms) chunks.push(...keptHistograms(columns, run, resolutionMs, encoder, encodingOf))
    else {
      const aggregator = new Aggregator(resolutionMs)
      aggregator.add(slice(columns, rangeOf(run)))
      chunks.push(...encodeAggregates(aggregator.rows, encoder))
    }
  }
  return chunks
}

interface Run {
  readonly histograms: boolean
  readonly from: number
  to: number
}

/** Runs of windows that are all floats or all histograms. */
function runsOfKind({ timesMs, histograms, length }: SampleColumns, resolutionMs: number): Run[] {
  const runs: Run[] = []
  let endMs = -Infinity
  for (let i = 0; i < length; i++) {
    const isHistogram = histograms?.[i] !== undefined
    const run = runs.at(-1)
    if (run === undefined || (run.histograms !== isHistogram && timesMs[i]! > endMs))
      runs.push({ histograms: isHistogram, from: i, to: i + 1 })
    else run.to = i + 1
    endMs = windowEnd(timesMs[i]!, resolutionMs)
  }
  return runs
}

function rangeOf({ from, to }: Run): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function slice(columns: SampleColumns, indices: readonly number[]): SampleColumns {
  const part = new SampleColumns()
  part.setArrays(
    Float64Array.from(indices, (i) => columns.timesMs[i]!),
    Float64Array.from(indices, (i) => columns.values[i]!),
  )
  part.length = indices.length
  if (columns.histograms !== undefined) part.histograms = indices.map((i) => columns.histograms![i])
  return part
}

/** Of each window the last histogram; and the last before and the first behind each counter reset, so that nothing counted is lost. */
function keptHistograms(
  columns: SampleColumns,
  run: Run,
  resolutionMs: number,
  encoder: ChunkEncoder,
  encodingOf: (index: number) => number,
): ChunkToWrite[] {
  const indices = rangeOf(run).filter((i) => columns.histograms![i] !== undefined)
  const kept = new Set<number>()
  indices.forEach((i, k) => {
    const next = indices[k + 1]
    if (next === undefined || windowEnd(columns.timesMs[next]!, resolutionMs) > windowEnd(columns.timesMs[i]!, resolutionMs)) kept.add(i) // prettier-ignore
    if (next === undefined || columns.histograms![i]!.counterResetHint === 'gauge') return
    if (isCounterReset(columns.histograms![i]!, columns.histograms![next]!)) kept.add(i).add(next)
  })
  const chosen = [...kept].sort((a, b) => a - b)
  return encoder.encode(slice(columns, chosen), (i) =>
    Math.max(encodingOf(chosen[i]!), ChunkEncoding.histogram),
  )
}
