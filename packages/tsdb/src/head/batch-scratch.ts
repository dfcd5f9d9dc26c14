import type { Kernels } from '@promontory/kernels'
import type { HeadMemory } from './memory.ts'

/** The columns of a batch, in the head's memory. */
export class BatchScratch {
  readonly capacity: number
  readonly refs: number
  readonly times: number
  readonly values: number
  readonly statuses: number
  /** Room for the samples record, 17 + 28 bytes per sample. */
  readonly record: number
  readonly #bytes: number
  readonly #kernels: Kernels

  constructor(memory: HeadMemory, kernels: Kernels, capacity: number) {
    this.#bytes = capacity * (8 + 8 + 8 + 8 + 28) + 64
    const address = kernels.allocate(this.#bytes) >>> 0
    if (address === 0)
      throw new RangeError(`no room for a batch of ${capacity} samples in ${memory.u8.length} bytes`)
    this.#kernels = kernels
    this.capacity = capacity
    this.refs = address
    this.times = address + 8 * capacity
    this.values = address + 16 * capacity
    this.statuses = address + 24 * capacity
    this.record = address + 32 * capacity
  }

  release(): void {
    this.#kernels.release(this.refs, this.#kernels.allocationClass(this.#bytes))
  }
}
