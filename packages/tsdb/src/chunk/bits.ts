/** Splits and joins float64 and 64-bit integers as two 32-bit words; one scratch per thread. */
const float: Float64Array<ArrayBuffer> = new Float64Array(1)
const words: Uint32Array<ArrayBuffer> = new Uint32Array(float.buffer)

const TWO32 = 4294967296
/** Widths of the variable-length integers: as many one bits, then a zero, come before. The last one has no zero. */
const WIDTHS: readonly number[] = [0, 3, 6, 9, 12, 18, 25, 56, 64]
/** Go's NaN: JavaScript has no say in the payload of its own. */
const NAN_HIGH = 0x7ff80000
const NAN_LOW = 1

/** High and low word of a float64; any NaN becomes the one of Go's `math.NaN()`. */
export function wordsOf(value: number): readonly [high: number, low: number] {
  if (Number.isNaN(value)) return [NAN_HIGH, NAN_LOW]
  float[0] = value
  return [words[1]!, words[0]!]
}

export function floatOf(high: number, low: number): number {
  words[1] = high
  words[0] = low
  return float[0]!
}

/** Writes bits, most significant first, into a growing buffer. */
export class BitWriter {
  #bytes: Uint8Array
  /** Bits written. */
  length: number

  /** @param zeroBytes  bytes that come first and are zero */
  constructor(zeroBytes: number) {
    this.#bytes = new Uint8Array(128)
    this.length = 8 * zeroBytes
  }

  /** What was written; the last byte is filled up with zeros. A view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, (this.length + 7) >>> 3)
  }

  /** The lowest `count` ≤ 32 bits of `value`. */
  bits(value: number, count: number): void {
    if (((this.length + count + 7) >>> 3) + 1 > this.#bytes.length) this.#grow()
    for (let left = count; left > 0;) {
      const room = 8 - (this.length & 7)
      const taken = Math.min(room, left)
      const piece = (value >>> (left - taken)) & ((1 << taken) - 1)
      this.#bytes[this.length >>> 3]! |= piece << (room - taken)
      this.length += taken
      left -= taken
    }
  }

  /** The lowest `count` ≤ 64 bits of two words. */
  bits64(high: number, low: number, count: number): void {
    if (count > 32) this.bits(high, count - 32)
    this.bits(low, Math.min(32, count))
  }

  float64(value: number): void {
    const [high, low] = wordsOf(value)
    this.bits64(high, low, 64)
  }

  /** A signed integer, exact within ±2^53. */
  varint(value: number): void {
    let step = 0
    // Asymmetric on purpose: n bits hold −(2^(n−1) − 1) … 2^(n−1).
    while (step < 8 && !(value === 0 || (step > 0 && fits(value, WIDTHS[step]!)))) step++
    this.#prefixed(step, value)
  }

  /** An unsigned integer, exact below 2^53. */
  uvarint(value: number): void {
    let step = 0
    while (step < 8 && value >= 2 ** WIDTHS[step]!) step++
    this.#prefixed(step, value)
  }

  set(at: number, byte: number): void {
    this.#bytes[at] = byte
  }

  #prefixed(step: number, value: number): void {
    if (step === 8) this.bits(0xff, 8)
    else this.bits((2 ** step - 1) * 2, step + 1)
    if (step > 0) this.bits64(Math.floor(value / TWO32), value >>> 0, WIDTHS[step]!)
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

function fits(value: number, width: number): boolean {
  const half = 2 ** (width - 1)
  return value > -half && value <= half
}

/** Reads what {@link BitWriter} writes. @throws RangeError behind the end */
export class BitReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number
  /** High word of the last `bits64`. */
  high = 0
  low = 0

  constructor(bytes: Uint8Array, firstByte: number) {
    this.#bytes = bytes
    this.#end = 8 * bytes.length
    this.#at = 8 * firstByte
  }

  /** Bits that are left. */
  get left(): number {
    return this.#end - this.#at
  }

  bits(count: number): number {
    if (this.#at + count > this.#end) throw new RangeError('the chunk ends early')
    let value = 0
    for (let left = count; left > 0;) {
      const room = 8 - (this.#at & 7)
      const taken = Math.min(room, left)
      const piece = (this.#bytes[this.#at >>> 3]! >>> (room - taken)) & ((1 << taken) - 1)
      value = (value << taken) | piece
      this.#at += taken
      left -= taken
    }
    return value >>> 0
  }

  /** Reads into `high` and `low`. */
  bits64(count: number): void {
    this.high = count > 32 ? this.bits(count - 32) : 0
    this.low = this.bits(Math.min(32, count))
  }

  float64(): number {
    this.bits64(64)
    return floatOf(this.high, this.low)
  }

  varint(): number {
    const width = this.#width()
    if (width === 0) return 0
    this.bits64(width)
    if (width === 64) return (this.high | 0) * TWO32 + this.low
    if (width <= 32) return this.low > 2 ** (width - 1) ? this.low - 2 ** width : this.low
    const half = 2 ** (width - 33)
    const negative = this.high > half || (this.high === half && this.low > 0)
    return (negative ? this.high - 2 * half : this.high) * TWO32 + this.low
  }

  uvarint(): number {
    const width = this.#width()
    if (width === 0) return 0
    this.bits64(width)
    return this.high * TWO32 + this.low
  }

  #width(): number {
    let ones = 0
    while (ones < 8 && this.bits(1) === 1) ones++
    return WIDTHS[ones]!
  }
}
