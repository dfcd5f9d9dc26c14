import {
  compareUtf8,
  type Labels,
  type PickSteps,
  type Querier,
  type SampleColumns,
  type SelectRequest,
  type SeriesSet,
} from '@promontory/model'
import { ChunkDecoder } from './chunk-decoder.ts'
import { type MergedSources, mergeSources } from './merge-sources.ts'
import { type TierChoice } from './tier/choose.ts'
import { TIERS } from './tier/resolution.ts'
import type { TierPlace } from './tier/tier-place.ts'
import { type CapturedSeries, type HeadReader, sortSlots } from './head/head-reader.ts'

/** Series of one place (the head, a block) with the chunks that a request needs, sorted by labels. */
export interface ChunkSource {
  readonly length: number
  /** By labels; otherwise in any order. */
  readonly isSorted: boolean
  labels(index: number): Labels
  /** Adds the chunks of the series that overlap [startMs, endMs] to the decoder, oldest first. */
  decode(index: number, startMs: number, endMs: number, decoder: ChunkDecoder): void
}

/** A place that holds chunks for a time range. */
export interface ChunkPlace {
  /** First and last time that it may hold, in ms, both included. */
  readonly minTimeMs: number
  readonly maxTimeMs: number
  /** Selects for all requests from one snapshot. */
  select(requests: readonly SelectRequest[]): ChunkSource[]
  labelNames(request: SelectRequest): Set<string>
  labelValues(name: string, request: SelectRequest): Set<string>
  close(): void
}

/** The head as a place; holds its epoch until closed. */
export class HeadPlace implements ChunkPlace {
  readonly #reader: HeadReader
  readonly minTimeMs: number = -Infinity
  readonly maxTimeMs: number = Infinity

  constructor(reader: HeadReader) {
    this.#reader = reader
    reader.enter()
  }

  select(requests: readonly SelectRequest[]): ChunkSource[] {
    const reader = this.#reader
    const slotLists = requests.map((request) => reader.select(request.matchers))
    // One capture for all requests, so that both sides of an expression see the same batches.
    const all = new Uint32Array(slotLists.reduce((sum, list) => sum + list.length, 0))
    let offset = 0
    for (const list of slotLists) {
      all.set(list, offset)
      offset += list.length
    }
    const captured = reader.capture(all)
    offset = 0
    return requests.map((request, k) => {
      const source = this.#source(request, slotLists[k]!, captured, offset)
      offset += slotLists[k]!.length
      return source
    })
  }

  #source(request: SelectRequest, slots: Uint32Array, captured: CapturedSeries, offset: number): ChunkSource {
    const reader = this.#reader
    const capturedIndex = new Map<number, number>()
    const withData = slots.filter((slot, i) => {
      const overlaps = captured.overlaps(reader.head, offset + i, request.startMs, request.endMs)
      if (overlaps) capturedIndex.set(slot, offset + i)
      return overlaps
    })
    const sorted = request.hints?.unordered === true ? withData : sortSlots(reader, withData, compareUtf8)
    return {
      length: sorted.length,
      isSorted: request.hints?.unordered !== true,
      labels: (index) => reader.series.labels(sorted[index]!),
      decode: (index, startMs, endMs, decoder) =>
        captured.decode(reader.head, capturedIndex.get(sorted[index]!)!, startMs, endMs, decoder),
    }
  }

  labelNames(request: SelectRequest): Set<string> {
    const { series, symbols, postings } = this.#reader
    if (this.#wantsAll(request))
      return new Set([...postings.namesInUse()].map((symbol) => symbols.text(symbol)))
    const names = new Set<number>()
    for (const slot of this.#overlapping(request)) {
      const record = series.labelSymbols(slot)
      for (let i = 0; i < record.length; i += 2) names.add(record[i]!)
    }
    return new Set([...names].map((symbol) => symbols.text(symbol)))
  }

  labelValues(name: string, request: SelectRequest): Set<string> {
    const { series, symbols, postings } = this.#reader
    const symbol = symbols.find(name)
    if (symbol === 0) return new Set()
    if (this.#wantsAll(request)) {
      const inUse = [...postings.pairsOf(symbol)].filter((pair) => postings.count(pair) > 0)
      return new Set(inUse.map((pair) => symbols.text(postings.valueOf(pair))))
    }
    const values = new Set<number>()
    for (const slot of this.#overlapping(request)) values.add(series.valueSymbol(slot, symbol))
    values.delete(0)
    return new Set([...values].map((value) => symbols.text(value)))
  }

  /** Whether every series that has a sample counts: then the index answers without a look at them. */
  #wantsAll({ matchers, startMs, endMs }: SelectRequest): boolean {
    return matchers.length === 0 && startMs <= this.#reader.minTimeMs && endMs >= this.#reader.maxTimeMs
  }

  #overlapping({ matchers, startMs, endMs }: SelectRequest): Uint32Array {
    const slots = matchers.length === 0 ? this.#reader.all() : this.#reader.select(matchers)
    const captured = this.#reader.capture(slots)
    return slots.filter((_, i) => captured.overlaps(this.#reader.head, i, startMs, endMs))
  }

  close(): void {
    this.#reader.leave()
  }
}

/** Answers from several places: series with equal labels are one, their chunks follow each other. */
export class ChunkQuerier implements Querier {
  readonly heedsHints: boolean
  readonly #places: readonly ChunkPlace[]
  readonly #tiers: TierPlace | undefined
  readonly #decoder: ChunkDecoder
  readonly #onClose: () => void
  #closed = false

  /**
   * @param places  with samples, oldest first
   * @param decoder  of this thread
   * @param tiers  aggregates of what was there before
   */
  constructor(
    places: readonly ChunkPlace[],
    decoder: ChunkDecoder,
    onClose: () => void = () => {},
    tiers?: TierPlace,
  ) {
    this.#places = places
    this.#tiers = tiers
    this.heedsHints = tiers !== undefined
    this.#decoder = decoder
    this.#onClose = onClose
  }

  async select(requests: readonly SelectRequest[]): Promise<readonly SeriesSet[]> {
    const choices = requests.map((request) => this.#tiers?.choice(request) ?? SAMPLES_ONLY)
    const ofSamples = requests.map((request, i) => from(choices[i]!.samplesFromMs, request))
    const answers = this.#places.map((place) => selectInRange(place, ofSamples))
    const aggregates = this.#tiers === undefined ? [] : [selectInRange(this.#tiers, requests)]
    return requests.map((request, i) => {
      const { samplesFromMs } = choices[i]!
      const samples = answers.map((ofPlace) => ofPlace[i]!).filter((source) => source.length > 0)
      const older = aggregates.map((ofPlace) => ofPlace[i]!).filter((source) => source.length > 0)
      const newer = older.length === 0 ? samples : samples.map((source) => cutOff(source, samplesFromMs))
      return this.#seriesSet([...older, ...newer], request, older.length === 0 ? [] : [noteOf(choices[i]!)])
    })
  }

  #seriesSet(sources: readonly ChunkSource[], request: SelectRequest, infos: readonly string[]): SeriesSet {
    return sources.length === 1
      ? new SingleSourceSet(sources[0]!, request, this.#decoder, infos)
      : new MergedSet(mergeSources(sources), request, this.#decoder, infos)
  }

  async labelNames(request: SelectRequest): Promise<readonly string[]> {
    const names = new Set<string>()
    for (const place of this.#inRange(request)) for (const name of place.labelNames(request)) names.add(name)
    return [...names].sort(compareUtf8)
  }

  async labelValues(name: string, request: SelectRequest): Promise<readonly string[]> {
    const values = new Set<string>()
    for (const place of this.#inRange(request))
      for (const value of place.labelValues(name, request)) values.add(value)
    return [...values].sort(compareUtf8)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const place of this.#places) place.close()
    this.#onClose()
  }

  #inRange(request: SelectRequest): ChunkPlace[] {
    const places = this.#tiers === undefined ? this.#places : [this.#tiers, ...this.#places]
    return places.filter((place) => inRange(place, request))
  }
}

const SAMPLES_ONLY: TierChoice = { pieces: [], samplesFromMs: -Infinity }

/** The request for what is not older than a time. */
function from(timeMs: number, request: SelectRequest): SelectRequest {
  return timeMs <= request.startMs ? request : { ...request, startMs: timeMs }
}

/** A source without what is older than a time: its first chunk may begin before. */
function cutOff(source: ChunkSource, fromMs: number): ChunkSource {
  const older = [{ minTimeMs: -Infinity, maxTimeMs: fromMs - 1 }]
  return {
    length: source.length,
    isSorted: source.isSorted,
    labels: (index) => source.labels(index),
    decode: (index, startMs, endMs, decoder) => {
      const before = decoder.length
      source.decode(index, Math.max(startMs, fromMs), endMs, decoder)
      decoder.remove(older, before)
    },
  }
}

/** For the answer's infos. */
function noteOf({ pieces }: TierChoice): string {
  const parts = pieces.map(
    ({ resolutionMs, toMs }) => `${nameOf(resolutionMs)} before ${new Date(toMs).toISOString()}`,
  )
  return `PromQL info: computed from aggregates: ${parts.join(', ')}`
}

function nameOf(resolutionMs: number): string {
  return TIERS.find((tier) => tier.resolutionMs === resolutionMs)?.name ?? `${resolutionMs / 1000}s`
}

const NOTHING: ChunkSource = {
  length: 0,
  isSorted: true,
  labels: () => {
    throw new Error('BUG: no series here')
  },
  decode: () => {},
}

/** Asks a place only what falls into its range: opening postings of a block that cannot have samples costs reads. */
function selectInRange(place: ChunkPlace, requests: readonly SelectRequest[]): ChunkSource[] {
  const asked = requests.filter((request) => inRange(place, request))
  const answers = asked.length === 0 ? [] : place.select(asked)
  return requests.map((request) => answers[asked.indexOf(request)] ?? NOTHING)
}

function inRange(place: ChunkPlace, { startMs, endMs }: SelectRequest): boolean {
  return place.minTimeMs <= endMs && place.maxTimeMs >= startMs
}

const NO_WARNINGS: readonly string[] = []

class SingleSourceSet implements SeriesSet {
  readonly warnings = NO_WARNINGS
  readonly infos: readonly string[]
  readonly #source: ChunkSource
  readonly #request: SelectRequest
  readonly #decoder: ChunkDecoder

  constructor(source: ChunkSource, request: SelectRequest, decoder: ChunkDecoder, infos: readonly string[]) {
    this.#source = source
    this.#request = request
    this.infos = infos
    this.#decoder = decoder
  }
  get length(): number {
    return this.#source.length
  }
  labels(index: number): Labels {
    return this.#source.labels(index)
  }
  read(index: number, into: SampleColumns): void {
    const { startMs, endMs } = this.#request
    this.#decoder.begin()
    this.#source.decode(index, startMs, endMs, this.#decoder)
    this.#decoder.finish(into, startMs, endMs)
  }
  pick(index: number, steps: PickSteps, values: Float64Array, flags: Uint8Array): number {
    const { startMs, endMs } = this.#request
    this.#decoder.beginPick()
    this.#source.decode(index, startMs, endMs, this.#decoder)
    return this.#decoder.pick(steps, values, flags)
  }
}

class MergedSet implements SeriesSet {
  readonly warnings = NO_WARNINGS
  readonly infos: readonly string[]
  readonly #merged: MergedSources
  readonly #request: SelectRequest
  readonly #decoder: ChunkDecoder

  constructor(
    merged: MergedSources,
    request: SelectRequest,
    decoder: ChunkDecoder,
    infos: readonly string[],
  ) {
    this.#merged = merged
    this.#request = request
    this.infos = infos
    this.#decoder = decoder
  }
  get length(): number {
    return this.#merged.labels.length
  }
  labels(index: number): Labels {
    return this.#merged.labels[index]!
  }
  read(index: number, into: SampleColumns): void {
    this.#decoder.begin()
    this.#decode(index)
    this.#decoder.finish(into, this.#request.startMs, this.#request.endMs)
  }
  pick(index: number, steps: PickSteps, values: Float64Array, flags: Uint8Array): number {
    this.#decoder.beginPick()
    this.#decode(index)
    return this.#decoder.pick(steps, values, flags)
  }
  #decode(index: number): void {
    const { startMs, endMs } = this.#request
    const { sources, places } = this.#merged
    for (let i = 0; i < sources.length; i++) {
      const at = places[index * sources.length + i]!
      if (at >= 0) sources[i]!.decode(at, startMs, endMs, this.#decoder)
    }
  }
}
