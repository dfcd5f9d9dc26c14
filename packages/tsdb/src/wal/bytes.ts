const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A growing byte buffer: big-endian integers, varints, strings with a uvarint length. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(4096)
  #view: DataView = new DataView(this.#bytes.buffer)
  #length = 0

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** An unsigned integer below 2^53. */
  uint64(value: number): void {
    this.#reserve(8)
    this.#view.setBigUint64(this.#length, BigInt(value))
    this.#length += 8
  }

  int64(value: number): void {
    this.#reserve(8)
    this.#view.setBigInt64(this.#length, BigInt(Math.trunc(value)))
    this.#length += 8
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value)
    this.#length += 8
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value)
    this.#length += 4
  }

  uvarint(value: number): void {
    this.#reserve(10)
    while (value >= 128) {
      this.#bytes[this.#length++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.#bytes[this.#length++] = value
  }

  varint(value: number): void {
    this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  string(text: string): void {
    const bytes = encoder.encode(text)
    this.uvarint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** UTF-8 bytes with their length before them, as {@link string}. */
  text(bytes: Uint8Array, from: number, length: number): void {
    this.uvarint(length)
    this.#reserve(length)
    // Most are too short for a view to be worth it.
    for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = bytes[from + i]!
    this.#length += length
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Reads what {@link ByteWriter} writes. @throws RangeError when the bytes end early */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.at >= this.#bytes.length
  }

  /** A uvarint that counts things which take at least `bytesEach` bytes each: a larger one is damage. */
  count(bytesEach: number): number {
    const count = this.uvarint()
    if (count * bytesEach > this.#bytes.length - this.at)
      throw new RangeError(`${count} entries in ${this.#bytes.length - this.at} bytes`)
    return count
  }

  uint32(): number {
    const value = this.#view.getUint32(this.at)
    this.at += 4
    return value
  }

  byte(): number {
    if (this.at >= this.#bytes.length) throw new RangeError('the record ends early')
    return this.#bytes[this.at++]!
  }

  uint64(): number {
    const value = this.#view.getBigUint64(this.at)
    this.at += 8
    return Number(value)
  }

  int64(): number {
    const value = this.#view.getBigInt64(this.at)
    this.at += 8
    return Number(value)
  }

  float64(): number {
    const value = this.#view.getFloat64(this.at)
    this.at += 8
    return value
  }

  uvarint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
    throw new RangeError('a varint is too long')
  }

  varint(): number {
    const raw = this.uvarint()
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
  }

  /** Goes over so many bytes. @returns where they begin @throws RangeError when there are fewer */
  skip(length: number): number {
    const start = this.at
    if (start + length > this.#bytes.length) throw new RangeError('the record ends early')
    this.at += length
    return start
  }

  string(): string {
    const length = this.uvarint()
    if (this.at + length > this.#bytes.length) throw new RangeError('a string ends early')
    const text = decoder.decode(this.#bytes.subarray(this.at, this.at + length))
    this.at += length
    return text
  }
}
