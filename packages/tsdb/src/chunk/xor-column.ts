import { type BitReader, type BitWriter, floatOf, wordsOf } from './bits.ts'

const NONE_YET = 255

/** Floats that are written again and again, each as the XOR with its last value, in the manner of Gorilla. */
export class XorColumn {
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #leading: Uint8Array
  readonly #trailing: Uint8Array

  constructor(count: number) {
    this.#high = new Uint32Array(count)
    this.#low = new Uint32Array(count)
    this.#leading = new Uint8Array(count).fill(NONE_YET)
    this.#trailing = new Uint8Array(count)
  }

  high(i: number): number {
    return this.#high[i]!
  }
  low(i: number): number {
    return this.#low[i]!
  }
  value(i: number): number {
    return floatOf(this.#high[i]!, this.#low[i]!)
  }

  /** The first value in full. */
  writeFirst(out: BitWriter, i: number, high: number, low: number): void {
    out.bits64(high, low, 64)
    this.#high[i] = high
    this.#low[i] = low
  }

  readFirst(input: BitReader, i: number): void {
    input.bits64(64)
    this.#high[i] = input.high
    this.#low[i] = input.low
  }

  write(out: BitWriter, i: number, high: number, low: number): void {
    const changedHigh = (high ^ this.#high[i]!) >>> 0
    const changedLow = (low ^ this.#low[i]!) >>> 0
    if (changedHigh === 0 && changedLow === 0) return out.bits(0, 1)
    this.#high[i] = high
    this.#low[i] = low
    const zeros = changedHigh === 0 ? 32 + Math.clz32(changedLow) : Math.clz32(changedHigh)
    const leading = Math.min(31, zeros)
    const trailing = changedLow === 0 ? 32 + trailingZeros(changedHigh) : trailingZeros(changedLow)
    const known = this.#leading[i]!
    if (known !== NONE_YET && leading >= known && trailing >= this.#trailing[i]!) out.bits(0b10, 2)
    else {
      this.#leading[i] = leading
      this.#trailing[i] = trailing
      out.bits((0b11 << 11) | (leading << 6) | ((64 - leading - trailing) & 63), 13)
    }
    this.#writeShifted(out, i, changedHigh, changedLow)
  }

  writeNumber(out: BitWriter, i: number, value: number): void {
    const [high, low] = wordsOf(value)
    this.write(out, i, high, low)
  }

  read(input: BitReader, i: number): void {
    if (input.bits(1) === 0) return
    if (input.bits(1) === 1) {
      const leading = input.bits(5)
      const meaning = input.bits(6) || 64
      if (leading + meaning > 64) throw new RangeError('a value has more than 64 bits')
      this.#leading[i] = leading
      this.#trailing[i] = 64 - leading - meaning
    } else if (this.#leading[i] === NONE_YET)
      throw new RangeError('a value refers to a window that is not there')
    const shift = this.#trailing[i]!
    input.bits64(64 - this.#leading[i]! - shift)
    if (shift >= 32) this.#high[i]! ^= input.low << (shift - 32)
    else {
      this.#high[i]! ^= shift === 0 ? input.high : (input.high << shift) | (input.low >>> (32 - shift))
      this.#low[i]! ^= input.low << shift
    }
  }

  #writeShifted(out: BitWriter, i: number, high: number, low: number): void {
    const shift = this.#trailing[i]!
    const count = 64 - this.#leading[i]! - shift
    if (shift === 0) out.bits64(high, low, count)
    else if (shift >= 32) out.bits64(0, high >>> (shift - 32), count)
    else out.bits64(high >>> shift, (low >>> shift) | (high << (32 - shift)), count)
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}
