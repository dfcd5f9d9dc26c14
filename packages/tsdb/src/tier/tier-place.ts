import type { Labels, SelectRequest } from '@promontory/model'
import type { Block } from '../block/block.ts'
import { type CachedSeries, chunksIn, hasChunksIn, NUMBERS } from '../block/series-cache.ts'
import { ChunkEncoding } from '../block/format.ts'
import { resolutionOf } from '../block/meta.ts'
import type { ChunkDecoder } from '../chunk-decoder.ts'
import { CorruptionError } from '../errors.ts'
import type { ChunkPlace, ChunkSource } from '../querier.ts'
import { AggregateReader } from './aggregate-chunk.ts'
import {
  type AggregateKind,
  chooseTiers,
  kindOf,
  type TierChoice,
  type TierExtent,
  type TierPiece,
} from './choose.ts'
import { emitSamples, type Grid, gridOf, type RowsPiece } from './emit.ts'
import { withoutDeleted } from './deleted-windows.ts'

/** The aggregates of a storage as a place beside its blocks and its head. */
export class TierPlace implements ChunkPlace {
  readonly #blocks: readonly Block[]
  readonly #extents: readonly TierExtent[]
  readonly #samplesFromMs: number
  readonly #scratch: ChunkDecoder

  /**
   * @param blocks  of all tiers, oldest first
   * @param samplesFromMs  from when on there are samples as they were taken
   * @param scratch  a decoder for the chunks inside of aggregate chunks
   */
  constructor(blocks: readonly Block[], samplesFromMs: number, scratch: ChunkDecoder) {
    this.#blocks = blocks
    this.#extents = extentsOf(blocks)
    this.#samplesFromMs = samplesFromMs
    this.#scratch = scratch
  }

  get minTimeMs(): number {
    return Math.min(...this.#extents.map(({ startMs }) => startMs))
  }
  get maxTimeMs(): number {
    return Math.max(...this.#extents.map(({ endMs }) => endMs))
  }

  choice(request: SelectRequest): TierChoice {
    return chooseTiers(request, this.#extents, this.#samplesFromMs)
  }

  select(requests: readonly SelectRequest[]): ChunkSource[] {
    return requests.map((request) => this.#source(request))
  }

  labelNames(request: SelectRequest): Set<string> {
    const names = new Set<string>()
    for (const block of this.#alone(request)) for (const name of block.labelNames(request)) names.add(name)
    return names
  }

  labelValues(name: string, request: SelectRequest): Set<string> {
    const values = new Set<string>()
    for (const block of this.#alone(request))
      for (const value of block.labelValues(name, request)) values.add(value)
    return values
  }

  close(): void {
    // The reader closes the blocks when they leave its list.
  }

  /** Blocks with what is nowhere else. */
  #alone({ startMs, endMs }: SelectRequest): Block[] {
    const lastMs = Math.min(endMs, this.#samplesFromMs - 1)
    return this.#blocks.filter((block) => block.minTimeMs <= lastMs && block.maxTimeMs >= startMs)
  }

  #source(request: SelectRequest): ChunkSource {
    const pieces = this.choice(request).pieces.map((piece) => withReach(piece, request))
    const series = this.#series(request, pieces)
    const reading: Reading = {
      kind: kindOf(request.hints),
      grid: gridOf(request.hints, request.endMs),
      pieces,
      scratch: this.#scratch,
    }
    return {
      length: series.length,
      isSorted: request.hints?.unordered !== true,
      labels: (index): Labels => series[index]!.labels,
      decode: (index, _startMs, _endMs, decoder) => decodeSeries(series[index]!, reading, decoder),
    }
  }

  #series(request: SelectRequest, pieces: readonly ReadPiece[]): TierSeries[] {
    const found = new Map<string, TierSeries>()
    pieces.forEach((piece, i) => {
      for (const block of this.#blocks) {
        if (resolutionOf(block.meta) !== piece.resolutionMs) continue
        if (block.minTimeMs >= piece.toMs || block.maxTimeMs < piece.fromMs) continue
        for (const ref of block.postingsFor(request.matchers)) {
          const series = block.index.cachedSeries(ref)
          if (!hasChunksIn(series, piece.fromMs, piece.readToMs)) continue
          const key = series.labels.key()
          let known = found.get(key)
          if (known === undefined) found.set(key, (known = { labels: series.labels, parts: [] }))
          known.parts.push({ piece: i, block, ref, series })
        }
      }
    })
    const list = [...found.values()]
    return request.hints?.unordered === true ? list : list.sort((a, b) => a.labels.compare(b.labels))
  }
}

/** A piece and to which time its chunks are read. */
interface ReadPiece extends TierPiece {
  readonly readToMs: number
}

/** Where the request ends, the window counts that it ends in; where something else goes on, what the counter reads there must be the last that is read. */
function withReach(piece: TierPiece, { endMs }: SelectRequest): ReadPiece {
  return { ...piece, readToMs: piece.toMs - 1 + (piece.toMs > endMs ? piece.resolutionMs : 0) }
}

function extentsOf(blocks: readonly Block[]): TierExtent[] {
  const extents = new Map<number, TierExtent>()
  for (const block of blocks) {
    const resolutionMs = resolutionOf(block.meta)
    const known = extents.get(resolutionMs)
    extents.set(resolutionMs, {
      resolutionMs,
      startMs: Math.min(known?.startMs ?? Infinity, block.minTimeMs),
      endMs: Math.max(known?.endMs ?? -Infinity, block.maxTimeMs),
    })
  }
  return [...extents.values()].sort((a, b) => a.resolutionMs - b.resolutionMs)
}

/** A series with where it is in the blocks, by pieces of time, oldest first. */
interface TierSeries {
  readonly labels: Labels
  readonly parts: {
    readonly piece: number
    readonly block: Block
    readonly ref: number
    readonly series: CachedSeries
  }[]
}

interface Reading {
  readonly kind: AggregateKind
  readonly grid: Grid | undefined
  readonly pieces: readonly ReadPiece[]
  readonly scratch: ChunkDecoder
}

function decodeSeries(
  series: TierSeries,
  { kind, grid, pieces, scratch }: Reading,
  decoder: ChunkDecoder,
): void {
  const rowsOfPieces: RowsPiece[] = pieces.map((piece, i) => {
    const reader = new AggregateReader(scratch)
    for (const part of series.parts) if (part.piece === i) readChunks(part, piece, reader, decoder)
    const deleted = series.parts.flatMap(({ block, ref }) => block.tombstones.get(ref) ?? [])
    return { ...piece, rows: withoutDeleted(reader.rows, piece.resolutionMs, deleted) }
  })
  emitSamples(rowsOfPieces, kind, grid, decoder)
}

type Part = TierSeries['parts'][number]

/** Aggregates go to the reader, histograms as they are to the decoder. */
function readChunks(
  { block, ref, series }: Part,
  { fromMs, toMs, readToMs }: ReadPiece,
  reader: AggregateReader,
  decoder: ChunkDecoder,
): void {
  const before = decoder.length
  const { numbers, from, to } = chunksIn(series, fromMs, readToMs)
  for (let i = from; i < to; i += NUMBERS) {
    const chunkRef = numbers[i]!
    const { encoding, data, samples } = block.chunks.read(chunkRef)
    try {
      if (encoding === ChunkEncoding.aggregates) reader.add(data)
      else decoder.add(encoding, data, samples)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new CorruptionError(block.directory, chunkRef, `a chunk does not decode: ${error.message}`)
    }
  }
  if (decoder.length === before) return
  const outside = [{ minTimeMs: -Infinity, maxTimeMs: fromMs - 1 }, { minTimeMs: toMs, maxTimeMs: Infinity }] // prettier-ignore
  decoder.remove([...outside, ...(block.tombstones.get(ref) ?? [])], before)
}
