import { join } from 'node:path'
import type { Labels, Matcher, SelectRequest } from '@promontory/model'
import type { ChunkDecoder } from '../chunk-decoder.ts'
import { CorruptionError } from '../errors.ts'
import type { ChunkPlace, ChunkSource } from '../querier.ts'
import { ChunkReader } from './chunk-reader.ts'
import { IndexReader, type SeriesEntry } from './index-reader.ts'
import { type BlockMeta, readMeta } from './meta.ts'
import type { PageCache } from './page-cache.ts'
import { type CachedSeries, chunksIn, hasChunksIn, NUMBERS } from './series-cache.ts'
import { intersect, overlap, subtract, union } from './sorted-refs.ts'
import { readTombstones, type Tombstones } from './tombstones.ts'

/** A block opened for reading, of any Prometheus 2.x or 3.x. One per thread. */
export class Block implements ChunkPlace {
  readonly directory: string
  readonly meta: BlockMeta
  readonly index: IndexReader
  readonly chunks: ChunkReader
  tombstones: Tombstones

  /** @throws CorruptionError */
  constructor(directory: string, cache: PageCache) {
    this.directory = directory
    this.meta = readMeta(directory)
    this.index = new IndexReader(join(directory, 'index'), cache)
    this.chunks = new ChunkReader(join(directory, 'chunks'), cache)
    this.tombstones = readTombstones(join(directory, 'tombstones'))
  }

  get minTimeMs(): number {
    return this.meta.minTime
  }
  /** Inclusive. */
  get maxTimeMs(): number {
    return this.meta.maxTime - 1
  }

  select(requests: readonly SelectRequest[]): ChunkSource[] {
    return requests.map((request) => this.#source(request))
  }

  labelNames(request: SelectRequest): Set<string> {
    if (request.matchers.length === 0) return new Set(this.index.labelNames())
    const names = new Set<string>()
    for (const { labels } of this.#overlapping(request).series) for (const [name] of labels) names.add(name)
    return names
  }

  labelValues(name: string, request: SelectRequest): Set<string> {
    const values = new Set<string>()
    if (request.matchers.length === 0) for (const { value } of this.index.values(name)) values.add(value)
    else this.#matchingValues(name, request, values)
    return values
  }

  /** Values of a name that matching series have: by their postings, where that reads less than the series would. */
  #matchingValues(name: string, request: SelectRequest, into: Set<string>): void {
    // That a series has the name goes without saying where its postings are looked at, but it is all that some requests say.
    const others = request.matchers.filter(
      (each) => each.matchesEmpty() || each.name !== name || each.value !== '',
    )
    const saysMore = others.some((each) => !each.matchesEmpty())
    const refs = this.postingsFor(saysMore ? others : request.matchers)
    const places = [...this.index.values(name)]
    if (places.length > refs.length) {
      for (const { labels } of this.#overlapping(request).series)
        if (labels.has(name)) into.add(labels.get(name))
      return
    }
    for (const { value, postingsAt } of places)
      if (overlap(refs, this.index.postings(postingsAt))) into.add(value)
  }

  /** Series references that all matchers accept, ascending, which is the order of their labels. */
  postingsFor(matchers: readonly Matcher[]): Uint32Array {
    let refs: Uint32Array | undefined
    for (const matcher of matchers.filter((each) => !each.matchesEmpty())) {
      const accepted = this.#postingsOfValues(matcher.name, matcher, true)
      refs = refs === undefined ? accepted : intersect(refs, accepted)
      if (refs.length === 0) return refs
    }
    refs ??= this.index.allPostings()
    for (const matcher of matchers.filter((each) => each.matchesEmpty()))
      refs = subtract(refs, this.#postingsOfValues(matcher.name, matcher, false))
    return refs
  }

  /** All series with their chunks, ascending. */
  *everySeries(): IterableIterator<SeriesEntry & { readonly ref: number }> {
    for (const ref of this.index.allPostings()) yield { ref, ...this.index.series(ref) }
  }

  /** Reads the tombstones anew: the only file of a block that changes. @throws CorruptionError */
  reloadTombstones(): void {
    this.tombstones = readTombstones(join(this.directory, 'tombstones'))
  }

  close(): void {
    // Stays open: the reader that owns it closes it when the block leaves its list.
  }

  dispose(): void {
    this.index.close()
    this.chunks.close()
  }

  #postingsOfValues(name: string, matcher: Matcher, accepted: boolean): Uint32Array {
    const places: number[] = []
    if (accepted && matcher.setMatches !== undefined) {
      for (const value of matcher.setMatches) {
        const at = this.index.find(name, value)
        if (at !== undefined) places.push(at)
      }
    } else {
      for (const { value, postingsAt } of this.index.values(name))
        if (matcher.matches(value) === accepted) places.push(postingsAt)
    }
    return union(places.map((at) => this.index.postings(at)))
  }

  #overlapping({ matchers, startMs, endMs }: SelectRequest): Selected {
    const refs = this.postingsFor(matchers)
    const series: CachedSeries[] = []
    let count = 0
    for (const ref of refs) {
      const record = this.index.cachedSeries(ref)
      if (!hasChunksIn(record, startMs, endMs)) continue
      refs[count++] = ref
      series.push(record)
    }
    return { refs: refs.subarray(0, count), series }
  }

  #source(request: SelectRequest): ChunkSource {
    const { refs, series } = this.#overlapping(request)
    return {
      length: series.length,
      isSorted: true,
      labels: (index): Labels => series[index]!.labels,
      decode: (index, startMs, endMs, decoder) =>
        this.#decode(refs[index]!, series[index]!, startMs, endMs, decoder),
    }
  }

  #decode(ref: number, series: CachedSeries, startMs: number, endMs: number, decoder: ChunkDecoder): void {
    const deleted = this.tombstones.get(ref)
    const isDeleted = (minTimeMs: number, maxTimeMs: number): boolean =>
      deleted!.some((range) => range.minTimeMs <= minTimeMs && range.maxTimeMs >= maxTimeMs)
    const chunks = chunksIn(series, startMs, endMs, deleted === undefined ? undefined : isDeleted)
    const { numbers, from, to } = chunks
    if (from === to) return
    const before = decoder.length
    const done = this.chunks.decodeRun(chunks, decoder)
    for (let i = from + NUMBERS * done; i < to; i += NUMBERS) this.#decodeOne(numbers[i]!, decoder)
    if (deleted !== undefined) decoder.remove(deleted, before)
  }

  #decodeOne(ref: number, decoder: ChunkDecoder): void {
    const { encoding, data, samples } = this.chunks.read(ref)
    let done: number
    try {
      done = decoder.add(encoding, data, samples)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new CorruptionError(this.directory, ref, `a chunk does not decode: ${error.message}`)
    }
    if (done !== samples) throw new CorruptionError(this.directory, ref, 'a chunk ends early')
  }
}

/** The series of a block that a request selects, in order of their labels. */
interface Selected {
  readonly refs: Uint32Array
  readonly series: readonly CachedSeries[]
}
