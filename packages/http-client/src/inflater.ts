import { constants, createGunzip } from 'node:zlib'
import type { Body } from './body.ts'
import { BODY_PADDING, BodyPool } from './body-pool.ts'

/** What is opened between two turns of the event loop: some 4 ms. Larger bodies are for zlib's threads. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024
/** Deflate cannot do better than one to so many, whatever the trailer of a body says. */
const RATIO_MAX = 1032

/** Node's binding below `createGunzip`, which writes into a buffer of the caller's. */
interface GunzipHandle {
  onerror: (message: string, errno: number, code: string) => void
  reset(): void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputBytes: number,
    output: Uint8Array,
    outputAt: number,
    outputBytes: number,
  ): void
}

/**
 * Opens gzip bodies of ordinary size without leaving anything behind for the collector: one decompressor and pooled buffers for all
 * of them. `zlib.gunzip` makes a decompressor and a buffer outside of the heap per call, and these make the engine collect everything
 * long before memory is short: with 50 scrapes of 160 kB a second that cost ten times as much as the decompression.
 *
 * The public interface of `node:zlib` cannot write into a given buffer, so this uses what lies below it, where that is as in Node 24.
 */
export class Inflater {
  readonly #pool: BodyPool = new BodyPool()
  readonly #handle: GunzipHandle | undefined
  /** Written by the binding: bytes of the output and of the input that are left. */
  readonly #left: Uint32Array
  #fault: string | undefined

  constructor() {
    const gunzip = createGunzip() as unknown as { _handle?: GunzipHandle; _writeState?: unknown }
    const { _handle: handle, _writeState: state } = gunzip
    this.#left = state instanceof Uint32Array && state.length >= 2 ? state : new Uint32Array(2)
    if (this.#left !== state || typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function')
      return
    // The binding's own callback, no event target's.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    handle.onerror = (message) => {
      this.#fault = message
    }
    this.#handle = handle
  }

  /** Whether this Node has what it takes. */
  get isAvailable(): boolean {
    return this.#handle !== undefined
  }

  /** @returns undefined for what is broken, larger than `limitBytes`, or too large for one turn: the slow way says which. */
  gunzip(input: Uint8Array, limitBytes: number): Body | undefined {
    if (this.#handle === undefined || input.length < GZIP_BYTES_MIN) return undefined
    const most = Math.min(limitBytes, OUTPUT_BYTES_MAX)
    const expected = Math.min(trailerLength(input), input.length * RATIO_MAX)
    if (expected > most) return undefined
    let bytes = this.#pool.take(expected + BODY_PADDING)
    const length = this.#inflate(this.#handle, input, bytes)
    if (length === undefined || length > most) {
      this.#pool.give(bytes)
      return undefined
    }
    const release = (): void => {
      this.#pool.give(bytes)
      bytes = new Uint8Array(0)
    }
    return { bytes, length, release }
  }

  /** @returns the length, undefined when the input is broken or does not fit */
  #inflate(handle: GunzipHandle, input: Uint8Array, output: Uint8Array): number | undefined {
    const room = output.length - BODY_PADDING + 1
    this.#fault = undefined
    handle.reset()
    handle.writeSync(constants.Z_FINISH, input, 0, input.length, output, 0, room)
    const [outputLeft, inputLeft] = this.#left
    if (this.#fault !== undefined || outputLeft === 0 || inputLeft !== 0) return undefined
    return room - outputLeft!
  }
}

/** Header and trailer without anything between. */
const GZIP_BYTES_MIN = 18

/** What the last four bytes say of the (last member's) length, RFC 1952: a hint. */
function trailerLength(input: Uint8Array): number {
  return new DataView(input.buffer, input.byteOffset + input.length - 4, 4).getUint32(0, true)
}
