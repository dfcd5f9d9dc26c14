import { ByteWriter } from '../wal/bytes.ts'
import { RecordType } from '../wal/format.ts'
import type { HeadMemory } from './memory.ts'
import type { SymbolReader } from './symbols.ts'

/** Series that the log has yet to hear of, as the bytes of its record: their labels need not wait as texts, of which the first scrapes bring tens of megabytes. */
export class UnloggedSeries {
  readonly #memory: HeadMemory
  readonly #symbols: SymbolReader
  #record: ByteWriter | undefined

  constructor(memory: HeadMemory, symbols: SymbolReader) {
    this.#memory = memory
    this.#symbols = symbols
  }

  get isEmpty(): boolean {
    return this.#record === undefined
  }

  /** @param labels  symbols, `length` words of them: name, value, … */
  add(ref: number, labels: Uint32Array, length: number): void {
    if (this.#record === undefined) {
      this.#record = new ByteWriter()
      this.#record.byte(RecordType.series)
    }
    const record = this.#record
    record.uint64(ref)
    record.uvarint(length / 2)
    const { u8, u32 } = this.#memory
    for (let i = 0; i < length; i++) {
      const address = this.#symbols.address(labels[i]!)
      if (address === 0) record.uvarint(0)
      else record.text(u8, address + 4, u32[address >>> 2]!)
    }
  }

  /** The record of all of them; they stay until {@link clear}, as a log may refuse it. */
  record(): Uint8Array {
    return this.#record!.take()
  }

  clear(): void {
    this.#record = undefined
  }
}
