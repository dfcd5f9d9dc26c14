import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { C_ADDRESS, C_FILE, C_LENGTH, IN_FILE } from '@promontory/kernels'
import { CorruptionError } from '../errors.ts'

/** Files kept open by a thread. */
const OPEN_FILES_MAX = 32

/** Views on the memory of the head, and where its header says where the files are. */
export interface ChunkMemory {
  readonly u8: Uint8Array
  readonly u32: Uint32Array
  readonly i32: Int32Array
}

/** `000001` */
export function chunkFileName(number: number): string {
  return String(number).padStart(6, '0')
}

/** Reads chunks of the head wherever they are: in memory or, when they were moved, in files. One per thread. */
export class ChunkFileReader {
  readonly #memory: ChunkMemory
  readonly #pathWord: number
  readonly #firstWord: number
  /** Descriptors by number of the file, in order of use. */
  readonly #open = new Map<number, number>()
  #scratch = new Uint8Array(0)

  /**
   * @param pathWord  index of the word with the address of the directory's path (its length in bytes, then UTF-8)
   * @param firstWord  index of the word with the number of the oldest file
   */
  constructor(memory: ChunkMemory, pathWord: number, firstWord: number) {
    this.#memory = memory
    this.#pathWord = pathWord
    this.#firstWord = firstWord
  }

  /**
   * @param entry  address of a record of a sealed chunk
   * @returns a view, good until the next call
   * @throws CorruptionError when a file is not what it was
   */
  data(entry: number): Uint8Array {
    const { i32, u32, u8 } = this.#memory
    const length = u32[(entry + C_LENGTH) >>> 2]!
    // The address is stored last when a chunk is moved: what is read behind it belongs to it.
    const address = Atomics.load(i32, (entry + C_ADDRESS) >>> 2) >>> 0
    if (address < IN_FILE) return u8.subarray(address, address + length)
    const first = u32[this.#firstWord]!
    const file = first + ((u8[entry + C_FILE]! - first) & 0xff)
    return this.#read(file, address - IN_FILE, length)
  }

  #read(number: number, offset: number, length: number): Uint8Array {
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(Math.max(4096, 2 * length))
    const path = join(this.#directory, chunkFileName(number))
    let done = 0
    try {
      const descriptor = this.#descriptor(number, path)
      while (done < length) {
        const got = readSync(descriptor, this.#scratch, done, length - done, offset + done)
        if (got === 0) break
        done += got
      }
    } catch (error) {
      throw new CorruptionError(path, offset, (error as Error).message)
    }
    if (done < length) throw new CorruptionError(path, offset, `${length} bytes wanted, ${done} are there`)
    return this.#scratch.subarray(0, length)
  }

  #descriptor(number: number, path: string): number {
    let descriptor = this.#open.get(number)
    if (descriptor !== undefined) return descriptor
    descriptor = openSync(path, 'r')
    this.#open.set(number, descriptor)
    // Files that are gone are the lowest.
    if (this.#open.size > OPEN_FILES_MAX) this.#close(Math.min(...this.#open.keys()))
    return descriptor
  }

  #close(number: number): void {
    closeSync(this.#open.get(number)!)
    this.#open.delete(number)
  }

  get #directory(): string {
    const { u8, u32 } = this.#memory
    const at = u32[this.#pathWord]!
    return Buffer.from(u8.slice(at + 4, at + 4 + u32[at >>> 2]!)).toString()
  }
}
