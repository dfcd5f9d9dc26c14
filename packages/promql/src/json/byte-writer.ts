import { formatValue } from './format-value.ts'

const QUOTE = 34
const MINUS = 45
const BACKSLASH = 92
const POINT = 46

const encoder = new TextEncoder()

/** Most bytes that a written number takes: `-1.7976931348623157e+308` and its like. */
const NUMBER_BYTES_MAX = 32

const FIRST_BYTES: number = 64 * 1024
/** A buffer that has room for fewer points is taken for full. */
const POINTS_AT_LEAST = 64
/** Texts longer than this are encoded apart: a buffer of a sink must have room for one. */
const SHORT_TEXT = 4096

/** Writes numbers faster than this package can by itself. */
export interface NumberWriter {
  /** Points that can be written at once, and bytes that each may take. */
  readonly pointsMax: number
  readonly pointBytesMax: number
  /** Writes the digits of a number, as `formatValue` has them, at `at`. @returns the number of bytes */
  value(value: number, into: Uint8Array, at: number): number
  /** Writes the points [from, to) as `[<seconds>,"<value>"],…` at `at`. @returns the number of bytes */
  points(
    timesMs: Float64Array,
    values: Float64Array,
    from: number,
    to: number,
    into: Uint8Array,
    at: number,
  ): number
}

/** Where bytes go while more are being written. */
export interface ByteSink {
  /**
   * Takes the first `length` bytes of the buffer.
   * @returns the buffer to go on in, of the same length
   */
  full(length: number): Uint8Array
}

export interface ByteWriterOptions {
  /** To begin in. */
  readonly buffer?: Uint8Array
  /** Absent where there is none: the writer then writes numbers by itself. */
  readonly numbers?: NumberWriter
  /** Gets what is written buffer by buffer; without one the buffer grows. */
  readonly sink?: ByteSink
}

/** Writes UTF-8 bytes. */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0
  readonly numbers: NumberWriter | undefined
  readonly #sink: ByteSink | undefined

  constructor({ buffer, numbers, sink }: ByteWriterOptions = {}) {
    this.#bytes = buffer ?? new Uint8Array(FIRST_BYTES)
    this.numbers = numbers
    this.#sink = sink
  }

  /** Bytes in the buffer. */
  get length(): number {
    return this.#length
  }

  /** What was written and not given to the sink, without a copy: valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Begins anew in another buffer. */
  restart(buffer: Uint8Array): void {
    this.#bytes = buffer
    this.#length = 0
  }

  /** Takes the byte back that was written last. */
  dropLast(): void {
    if (this.#length > 0) this.#length--
  }

  /** Tells how many bytes come: a buffer that grows is copied less often then. */
  expect(bytes: number): void {
    if (this.#sink === undefined) this.#reserve(bytes)
  }

  byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  /** ASCII only. */
  ascii(text: string): void {
    if (text.length > SHORT_TEXT) return this.raw(encoder.encode(text))
    this.#reserve(text.length)
    const bytes = this.#bytes
    let at = this.#length
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.#length = at
  }

  raw(bytes: Uint8Array): void {
    if (this.#sink === undefined) this.#reserve(bytes.length)
    for (let done = 0; done < bytes.length;) {
      if (this.#length === this.#bytes.length) this.#reserve(1)
      const part = bytes.subarray(done, done + this.#bytes.length - this.#length)
      this.#bytes.set(part, this.#length)
      this.#length += part.length
      done += part.length
    }
  }

  /** Writes points from `from` on by way of {@link numbers}, which must be there. @returns up to which: as many as there was room for */
  points(timesMs: Float64Array, values: Float64Array, from: number, count: number): number {
    const { pointsMax, pointBytesMax } = this.numbers!
    const wanted = Math.min(count - from, pointsMax)
    this.#reserve(Math.min(wanted, POINTS_AT_LEAST) * pointBytesMax)
    const to = from + Math.min(wanted, Math.floor((this.#bytes.length - this.#length) / pointBytesMax))
    this.#length += this.numbers!.points(timesMs, values, from, to, this.#bytes, this.#length)
    return to
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
    else if (this.numbers !== undefined) this.#length += this.numbers.value(value, this.#bytes, this.#length)
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
    if (text.length > SHORT_TEXT || !this.#plainString(text)) this.raw(encoder.encode(JSON.stringify(text)))
  }

  /** @returns false, having written nothing, where a character needs more than its own byte */
  #plainString(text: string): boolean {
    this.#reserve(text.length + 2)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = QUOTE
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < 32 || code > 126 || code === QUOTE || code === BACKSLASH) return false
      bytes[at++] = code
    }
    bytes[at++] = QUOTE
    this.#length = at
    return true
  }

  #reserve(count: number): void {
    const wanted = this.#length + count
    if (wanted <= this.#bytes.length) return
    if (this.#sink !== undefined) {
      this.#bytes = this.#sink.full(this.#length)
      this.#length = 0
      return
    }
    const next = new Uint8Array(Math.max(wanted, 2 * this.#bytes.length))
    next.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = next
  }
}
