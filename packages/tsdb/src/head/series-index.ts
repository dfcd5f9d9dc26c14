import type { Logger } from '@promontory/base'
import type { Kernels } from '@promontory/kernels'
import type { Labels, SeriesRef } from '@promontory/model'
import { ByteReader } from '../wal/bytes.ts'
import type { EpochWriter } from './epochs.ts'
import type { HeadMetrics } from './head-metrics.ts'
import type { HeadMemory } from './memory.ts'
import { PostingsWriter } from './postings.ts'
import { SeriesWriter } from './series.ts'
import { SymbolWriter } from './symbols.ts'
import { UnloggedSeries } from './unlogged-series.ts'

/** Which series the head has: finds them by their labels, creates them, and takes them out of everything when they have ended. The writer's side. */
export class SeriesIndex {
  readonly symbols: SymbolWriter
  readonly postings: PostingsWriter
  readonly series: SeriesWriter
  /** Created since the last write to the log. */
  readonly unlogged: UnloggedSeries
  readonly #epochs: EpochWriter
  readonly #metrics: HeadMetrics
  readonly #logger: Logger
  /** The labels at hand as symbols: name, value, … */
  #labels: Uint32Array = new Uint32Array(256)
  /** Slots of series that a full memory did not let into the index. */
  readonly #withdrawn: number[] = []
  #refusalLogged = false

  constructor(
    memory: HeadMemory,
    kernels: Kernels,
    epochs: EpochWriter,
    metrics: HeadMetrics,
    logger: Logger,
  ) {
    this.symbols = new SymbolWriter(memory, kernels)
    this.postings = new PostingsWriter(memory, this.symbols, kernels)
    this.series = new SeriesWriter(memory, this.symbols, kernels)
    this.unlogged = new UnloggedSeries(memory, this.symbols)
    this.#epochs = epochs
    this.#metrics = metrics
    this.#logger = logger
  }

  /** @returns the ref of the series with these labels, created if there was none; −1 when it is refused */
  refOf(labels: Labels): SeriesRef {
    return this.#create(this.#intern(labels), 0)
  }

  /**
   * Replay of a record of series: names and values go from the log into the symbols without becoming texts.
   * @param found  gets each ref in the log with the one that the series has here, -1 when it was refused
   * @throws RangeError when the record ends early
   */
  replay(record: Uint8Array, found: (logged: number, ref: number) => void): void {
    const input = new ByteReader(record)
    input.byte()
    while (!input.done) {
      const logged = input.uint64()
      const parts = 2 * input.count(2)
      if (parts > this.#labels.length) this.#labels = new Uint32Array(2 * parts)
      const symbols = this.#labels
      let isFull = false
      for (let i = 0; i < parts; i++) {
        const length = input.uvarint()
        const symbol = this.symbols.internBytes(record, input.skip(length), length, symbols[i]!)
        if (symbol < 0) isFull = true
        symbols[i] = Math.max(0, symbol)
      }
      found(logged, this.#create(isFull ? -1 : parts, logged))
    }
  }

  /** Once no reader of today is left, the slots, and what was dropped from the index, are used again. */
  reclaim(removed: readonly number[]): void {
    const slots = [...this.#withdrawn.splice(0), ...removed]
    const pairs = this.postings.takeDropped()
    const symbols = this.symbols.takeDropped()
    this.#epochs.defer(() => {
      for (const slot of slots) this.series.freeSlot(slot)
      this.postings.reuse(pairs)
      this.symbols.reuse(symbols)
    })
  }

  /** @returns the length of what is at hand now; below 0 when the memory is full */
  #intern({ pairs }: Labels): number {
    if (pairs.length > this.#labels.length) this.#labels = new Uint32Array(2 * pairs.length)
    for (let i = 0; i < pairs.length; i++) {
      const symbol = this.symbols.intern(pairs[i]!)
      if (symbol < 0) {
        for (const unused of this.#labels.subarray(0, i)) this.symbols.dropUnused(unused)
        return -1
      }
      this.#labels[i] = symbol
    }
    return pairs.length
  }

  /**
   * @param length  of the labels at hand
   * @param wantedRef  a ref that the series should get (replay), or 0
   */
  #create(length: number, wantedRef: number): SeriesRef {
    if (length < 0) return this.#refuse()
    const found = this.series.find(this.#labels, length)
    if (found !== 0) {
      const known = this.series.refOfSlot(found)
      if (wantedRef !== 0 && wantedRef !== known) this.series.noteLogged(wantedRef)
      return known
    }
    const slot = this.series.create(this.#labels, length, wantedRef)
    if (slot === 0) return this.#refuse()
    for (let i = 0; i < length; i += 2) {
      if (!this.postings.add(this.#labels[i]!, this.#labels[i + 1]!, slot)) {
        this.#withdraw(slot, i)
        return this.#refuse()
      }
    }
    const ref = this.series.refOfSlot(slot)
    if (ref !== wantedRef) this.unlogged.add(ref, this.#labels, length)
    this.#metrics.seriesCreated.inc()
    return ref
  }

  /** Takes a new series out again of which only the first `indexed` words of the labels got into the index. */
  #withdraw(slot: number, indexed: number): void {
    const symbols = this.series.labelSymbols(slot)
    for (let i = indexed - 2; i >= 0; i -= 2) this.postings.undo(symbols[i]!, symbols[i + 1]!)
    for (const symbol of symbols.subarray(indexed)) this.symbols.dropUnused(symbol)
    this.series.remove(slot)
    this.#withdrawn.push(slot)
  }

  #refuse(): SeriesRef {
    this.#metrics.seriesRefused.inc()
    if (!this.#refusalLogged) {
      this.#refusalLogged = true
      this.#logger.error('the head is full: new series are refused', { series: this.series.count })
    }
    return -1
  }
}
