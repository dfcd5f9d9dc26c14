import { instantiateKernels, type Kernels } from '@promontory/kernels'
import { loadKernelModule } from '@promontory/kernels/node'

const TABLE = 128 * 1024
const BYTES = 192 * 1024
/** Bytes checked per kernel call. */
const PIECE = 1 << 20

/** CRC-32C (Castagnoli), the checksum of every Prometheus file, on a small memory of its own. */
class Crc32c {
  readonly #kernels: Kernels
  readonly #u8: Uint8Array

  constructor() {
    const memory = new WebAssembly.Memory({ initial: 20, maximum: 20, shared: true })
    this.#kernels = instantiateKernels(loadKernelModule(), memory).kernels
    this.#u8 = new Uint8Array(memory.buffer)
    this.#kernels.crc32cInit(TABLE)
  }

  of(bytes: Uint8Array, seed = 0): number {
    let crc = seed
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE)
      this.#u8.set(piece, BYTES)
      crc = this.#kernels.crc32c(TABLE, BYTES, piece.length, crc)
    }
    return crc >>> 0
  }
}

let shared: Crc32c | undefined

/** CRC-32C of `bytes`, continuing from `seed`. @returns unsigned 32-bit number */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  shared ??= new Crc32c()
  return shared.of(bytes, seed)
}
