import { instantiateKernels, PAGE_BYTES } from './instance.ts'

interface NumberKernels {
  jsonPoints(table: number, times: number, values: number, count: number, out: number): number
  jsonNumber(table: number, value: number, out: number): number
}

const POWER_MIN = -292
const POWER_MAX = 324

/** Points that are written at once. */
const POINTS_MAX = 2048
/** Most bytes of a point: brackets, quotes, commas, a time and a value. */
const POINT_BYTES_MAX = 64

const TABLE_AT: number = 16 * PAGE_BYTES
const TABLE_BYTES = 16_384
const TIMES_AT: number = TABLE_AT + TABLE_BYTES
const VALUES_AT: number = TIMES_AT + 8 * POINTS_MAX
const OUT_AT: number = VALUES_AT + 8 * POINTS_MAX
const ROOM_AT: number = OUT_AT + POINTS_MAX * POINT_BYTES_MAX

/** Writes numbers in the form of Prometheus's JSON: the shortest digits, with an exponent below 1e-6 and from 1e21 on. One per thread. */
export class JsonNumbers {
  /** Bytes that other threads may read: what is written here is not copied. */
  readonly room: Uint8Array<SharedArrayBuffer>
  readonly pointsMax: number = POINTS_MAX
  readonly pointBytesMax: number = POINT_BYTES_MAX
  readonly #kernels: NumberKernels
  readonly #bytes: Uint8Array<SharedArrayBuffer>
  readonly #times: Float64Array
  readonly #values: Float64Array

  /**
   * @param module  the kernels, compiled
   * @param roomBytes  length of {@link room}
   */
  constructor(module: WebAssembly.Module, roomBytes = 0) {
    const pages = Math.ceil((ROOM_AT + roomBytes) / PAGE_BYTES)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    const buffer = memory.buffer as unknown as SharedArrayBuffer
    this.#kernels = instantiateKernels<NumberKernels>(module, memory).kernels
    this.#bytes = new Uint8Array(buffer)
    this.room = new Uint8Array(buffer, ROOM_AT, roomBytes)
    this.#times = new Float64Array(buffer, TIMES_AT, POINTS_MAX)
    this.#values = new Float64Array(buffer, VALUES_AT, POINTS_MAX)
    writeTable(new DataView(buffer, TABLE_AT, TABLE_BYTES))
  }

  /** Writes the digits of a number at `at`, 32 bytes at most. @returns how many */
  value(value: number, into: Uint8Array, at: number): number {
    const address = this.#addressOf(into, at)
    const length = this.#kernels.jsonNumber(TABLE_AT, value, address)
    if (address === OUT_AT) this.#copyOut(length, into, at)
    return length
  }

  /**
   * Writes the points [from, to) as `[<seconds>,"<value>"],…`.
   * @param timesMs  whole milliseconds
   * @param to  at most `from` + {@link pointsMax}
   * @param into  with room for {@link pointBytesMax} bytes per point from `at` on
   * @returns the number of bytes
   */
  points(
    timesMs: Float64Array,
    values: Float64Array,
    from: number,
    to: number,
    into: Uint8Array,
    at: number,
  ): number {
    this.#times.set(timesMs.subarray(from, to))
    this.#values.set(values.subarray(from, to))
    const address = this.#addressOf(into, at)
    const length = this.#kernels.jsonPoints(TABLE_AT, TIMES_AT, VALUES_AT, to - from, address)
    if (address === OUT_AT) this.#copyOut(length, into, at)
    return length
  }

  /** Where to write what shall be in `into`: there, when it is part of the room. */
  #addressOf(into: Uint8Array, at: number): number {
    return into.buffer === this.#bytes.buffer ? into.byteOffset + at : OUT_AT
  }

  #copyOut(length: number, into: Uint8Array, at: number): void {
    if (length > 32) into.set(this.#bytes.subarray(OUT_AT, OUT_AT + length), at)
    else for (let i = 0; i < length; i++) into[at + i] = this.#bytes[OUT_AT + i]!
  }
}

/** The table that `decimal.ts` describes. */
function writeTable(view: DataView): void {
  let at = 0
  for (let power = POWER_MIN; power <= POWER_MAX; power++, at += 16) {
    const bits = upperBits(power)
    view.setBigUint64(at, bits >> 64n, true)
    view.setBigUint64(at + 8, bits & 0xffffffffffffffffn, true)
  }
  for (let pair = 0; pair < 100; pair++, at += 2) {
    view.setUint8(at, 48 + Math.floor(pair / 10))
    view.setUint8(at + 1, 48 + (pair % 10))
  }
}

/** The upper 128 bits of a power of ten, rounded up. */
function upperBits(power: number): bigint {
  const size = 10n ** BigInt(Math.abs(power))
  const length = size.toString(2).length
  if (power >= 0) return length <= 128 ? size << BigInt(128 - length) : -(-size >> BigInt(length - 128))
  // 2^(127 + length) / size has 128 bits, since size is no power of two.
  return (1n << BigInt(127 + length)) / size + 1n
}
