import { formatValue } from './format-value.ts'

const QUOTE = 34
const MINUS = 45
const POINT = 46

const encoder = new TextEncoder()

/** Most bytes that a written number takes: `-1.7976931348623157e+308` and its like. */
const NUMBER_BYTES_MAX = 32

const FIRST_BYTES: number = 64 * 1024
/** A buffer that has grown larger is not kept for the next. */
const KEPT_BYTES_MAX: number = 1024 * 1024
/** More than this is not copied to be given away. */
const COPIED_BYTES_MAX: number = 256 * 1024

/** Writes numbers faster than this package can by itself; the bytes that it gives are valid until its next call. */
export interface NumberFormatter {
  /** The digits of a number, as `formatValue` has them. */
  value(value: number): Uint8Array
  /** The first `count` points as `[<seconds>,"<value>"],…`, in pieces that belong together with commas between them. */
  points(
    timesMs: Float64Array,
    values: Float64Array,
    count: number,
    take: (bytes: Uint8Array, isFirst: boolean) => void,
  ): void
}

/** A growing buffer of UTF-8 bytes. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0
  /** Undefined where there is none: numbers are then written here. */
  readonly numbers: NumberFormatter | undefined

  constructor(capacity: number = FIRST_BYTES, numbers?: NumberFormatter) {
    this.#bytes = new Uint8Array(capacity)
    this.numbers = numbers
  }

  get length(): number {
    return this.#length
  }

  /** Begins anew, in the same buffer unless that has become big. */
  clear(): void {
    this.#length = 0
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = new Uint8Array(FIRST_BYTES)
  }

  /** What was written, without a copy: valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** What was written, for the caller to keep; begins anew. Much is given away with its buffer, little is copied. */
  take(): Uint8Array<ArrayBuffer> {
    const length = this.#length
    const bytes = this.#bytes
    this.#length = 0
    if (length <= COPIED_BYTES_MAX) return bytes.slice(0, length)
    this.#bytes = new Uint8Array(FIRST_BYTES)
    return bytes.subarray(0, length)
  }

  /** Takes the last byte back. */
  dropLast(): void {
    if (this.#length > 0) this.#length--
  }

  /** Makes room for so many bytes at once: less copying where it is known how much comes. */
  expect(bytes: number): void {
    this.#reserve(bytes)
  }

  byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  /** ASCII only. */
  ascii(text: string): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    let at = this.#length
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.#length = at
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A whole number below 2^53, without a copy through a string where it is small. */
  integer(value: number): void {
    if (value < 0 || value > 0xffffffff) {
      this.ascii(String(value))
      return
    }
    this.#reserve(NUMBER_BYTES_MAX)
    let digits = 1
    for (let limit = 10; value >= limit && digits < 10; limit *= 10) digits++
    let rest = value >>> 0
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const quotient = (rest / 10) >>> 0
      this.#bytes[at] = 48 + (rest - quotient * 10)
      rest = quotient
    }
    this.#length += digits
  }

  /** A sample value in quotes, as Prometheus's JSON has it. */
  value(value: number): void {
    this.#reserve(2 + NUMBER_BYTES_MAX)
    this.#bytes[this.#length++] = QUOTE
    if (value >= 0 && value <= 0xffffffff && Number.isInteger(value) && !Object.is(value, -0))
      this.integer(value)
    else if (this.numbers !== undefined) this.#short(this.numbers.value(value))
    else if (!this.#decimal(value)) this.ascii(formatValue(value))
    this.#bytes[this.#length++] = QUOTE
  }

  /**
   * Writes a number with up to six digits behind the point. Such a decimal of at most 15 digits that reads back as the number is its shortest one:
   * no two decimals of so few digits are the same double.
   * @returns false, having written nothing, for other numbers
   */
  #decimal(value: number): boolean {
    const size = Math.abs(value)
    if (!(size >= 1e-3 && size < 1e9) || Number.isInteger(size)) return false
    for (let digits = 1, power = 10; digits <= 6; digits++, power *= 10) {
      const scaled = Math.round(size * power)
      if (scaled / power !== size) continue
      if (value < 0) this.#bytes[this.#length++] = MINUS
      const whole = Math.floor(scaled / power)
      this.integer(whole)
      this.#bytes[this.#length++] = POINT
      this.#padded(scaled - whole * power, digits)
      return true
    }
    return false
  }

  /** Whole milliseconds as seconds, with three digits behind the point or none. */
  time(timeMs: number): void {
    this.#reserve(2 + NUMBER_BYTES_MAX)
    if (timeMs < 0) this.#bytes[this.#length++] = MINUS
    const size = Math.abs(timeMs)
    const seconds = Math.floor(size / 1000)
    this.integer(seconds)
    const fraction = size - seconds * 1000
    if (fraction === 0) return
    this.#bytes[this.#length++] = POINT
    this.#padded(fraction, 3)
  }

  /** So many digits, with zeros in front; room is there. */
  #padded(value: number, digits: number): void {
    let rest = value
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const quotient = (rest / 10) >>> 0
      this.#bytes[at] = 48 + (rest - quotient * 10)
      rest = quotient
    }
    this.#length += digits
  }

  /** Few bytes; room is there. */
  #short(bytes: Uint8Array): void {
    const own = this.#bytes
    let at = this.#length
    for (let i = 0; i < bytes.length; i++) own[at++] = bytes[i]!
    this.#length = at
  }

  /** The bytes `[from, to)` of `bytes`: few of them. */
  part(bytes: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from)
    const own = this.#bytes
    let at = this.#length
    for (let i = from; i < to; i++) own[at++] = bytes[i]!
    this.#length = at
  }

  /** A JSON string, quotes included, as Go writes it without HTML escapes. */
  string(text: string): void {
    if (/^[ !#-[\]-~]*$/.test(text)) {
      this.byte(34)
      this.ascii(text)
      this.byte(34)
    } else this.raw(encoder.encode(JSON.stringify(text)))
  }

  #reserve(count: number): void {
    const wanted = this.#length + count
    if (wanted <= this.#bytes.length) return
    const next = new Uint8Array(Math.max(wanted, 2 * this.#bytes.length))
    next.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = next
  }
}
