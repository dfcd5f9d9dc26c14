import { H_RETIRED, RETIRE_BUFFER, type Kernels } from '@promontory/kernels'
import { type HeadMemory, I_EPOCH, I_READERS, READERS_MAX } from './memory.ts'

/**
 * Reclaiming memory under readers. A block that the writer unlinks is tagged with the current epoch; the epoch then moves
 * on. A reader notes the epoch it starts in and clears the note when it is done. A block is freed once every noted epoch
 * is newer than its tag.
 */
export class EpochWriter {
  readonly #head: HeadMemory
  readonly #kernels: Kernels
  /** Triples: epoch, address, size class; oldest first from `#first`. */
  #waiting: number[] = []
  #first = 0
  #deferred: { readonly epoch: number; readonly run: () => void }[] = []

  constructor(head: HeadMemory, kernels: Kernels) {
    this.#head = head
    this.#kernels = kernels
  }

  /** Tags what was retired since the last call and frees what nobody can read any more. Cheap when there is nothing. */
  collect(): void {
    const { u32, i32 } = this.#head
    const retired = u32[H_RETIRED]!
    if (retired > 0) {
      const epoch = u32[I_EPOCH]!
      for (let i = 0; i < retired; i++) {
        const word = (RETIRE_BUFFER >>> 2) + 2 * i
        this.#waiting.push(epoch, u32[word]!, u32[word + 1]!)
      }
      u32[H_RETIRED] = 0
      Atomics.store(i32, I_EPOCH, epoch + 1)
    }
    this.#free()
  }

  /** Runs `run` at a later collection, once no reader of today is left. */
  defer(run: () => void): void {
    const epoch = this.#head.u32[I_EPOCH]!
    this.#deferred.push({ epoch, run })
    Atomics.store(this.#head.i32, I_EPOCH, epoch + 1)
  }

  #free(): void {
    const oldest = this.#oldestReader()
    while (this.#deferred.length > 0 && this.#deferred[0]!.epoch < oldest) this.#deferred.shift()!.run()
    while (this.#first < this.#waiting.length && this.#waiting[this.#first]! < oldest) {
      this.#kernels.release(this.#waiting[this.#first + 1]!, this.#waiting[this.#first + 2]!)
      this.#first += 3
    }
    if (this.#first > 30_000 || this.#first === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first)
      this.#first = 0
    }
  }

  #oldestReader(): number {
    const { i32 } = this.#head
    let oldest = Infinity
    for (let i = 0; i < READERS_MAX; i++) {
      const epoch = Atomics.load(i32, I_READERS + i)
      if (epoch !== 0 && epoch < oldest) oldest = epoch
    }
    return oldest
  }

  /** For when a reader's thread was terminated. */
  clearReader(reader: number): void {
    Atomics.store(this.#head.i32, I_READERS + reader, 0)
  }
}

/** One per reader thread; nested use counts. */
export class EpochReader {
  readonly #head: HeadMemory
  readonly #word: number
  #depth = 0

  /** @param reader  number of the thread, below {@link READERS_MAX}, used by no other thread */
  constructor(head: HeadMemory, reader: number) {
    if (reader < 0 || reader >= READERS_MAX) throw new Error(`BUG: reader ${reader} of ${READERS_MAX}`)
    this.#head = head
    this.#word = I_READERS + reader
  }

  enter(): void {
    if (this.#depth++ > 0) return
    const { i32 } = this.#head
    for (;;) {
      const epoch = Atomics.load(i32, I_EPOCH)
      Atomics.store(i32, this.#word, epoch)
      // The writer may have moved on, and freed, before it could see the note.
      if (Atomics.load(i32, I_EPOCH) === epoch) return
    }
  }

  leave(): void {
    if (--this.#depth === 0) Atomics.store(this.#head.i32, this.#word, 0)
  }
}
