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
const END: number = OUT_AT + POINTS_MAX * POINT_BYTES_MAX

/** Writes numbers in the form of Prometheus's JSON: the shortest digits, with an exponent below 1e-6 and from 1e21 on. One per thread. */
export class JsonNumbers {
  readonly #kernels: NumberKernels
  readonly #bytes: Uint8Array
  readonly #times: Float64Array
  readonly #values: Float64Array

  /** @param module  the kernels, compiled */
  constructor(module: WebAssembly.Module) {
    const pages = Math.ceil(END / PAGE_BYTES)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    this.#kernels = instantiateKernels<NumberKernels>(module, memory).kernels
    this.#bytes = new Uint8Array(memory.buffer)
    this.#times = new Float64Array(memory.buffer, TIMES_AT, POINTS_MAX)
    this.#values = new Float64Array(memory.buffer, VALUES_AT, POINTS_MAX)
    writeTable(new DataView(memory.buffer, TABLE_AT, TABLE_BYTES))
  }

  /** The digits of a number: valid until the next call. */
  value(value: number): Uint8Array {
    const length = this.#kernels.jsonNumber(TABLE_AT, value, OUT_AT)
    return this.#bytes.subarray(OUT_AT, OUT_AT + length)
  }

  /**
   * Writes the first `count` points as `[<seconds>,"<value>"],…`, in pieces.
   * @param timesMs  whole milliseconds
   * @param take  gets each piece: bytes that stay valid until it returns
   */
  points(
    timesMs: Float64Array,
    values: Float64Array,
    count: number,
    take: (bytes: Uint8Array, isFirst: boolean) => void,
  ): void {
    for (let from = 0; from < count; from += POINTS_MAX) {
      const to = Math.min(count, from + POINTS_MAX)
      this.#times.set(timesMs.subarray(from, to))
      this.#values.set(values.subarray(from, to))
      const length = this.#kernels.jsonPoints(TABLE_AT, TIMES_AT, VALUES_AT, to - from, OUT_AT)
      take(this.#bytes.subarray(OUT_AT, OUT_AT + length), from === 0)
    }
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
