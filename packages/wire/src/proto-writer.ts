/** A length of one byte. */
const SHORT_TEXT = 64

/** Writes protobuf messages into a growing buffer. Numbers are exact below 2^53. */
export class ProtoWriter {
  #bytes: Buffer
  #at = 0

  constructor(capacity = 4096) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#at
  }

  /** What was written, as a view that the next write may change. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  clear(): void {
    this.#at = 0
  }

  /** An unsigned varint, or an int64 when negative. */
  varint(value: number): void {
    this.#reserve(10)
    if (value < 0) return this.#negative(value)
    while (value >= 128) {
      this.#bytes[this.#at++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.#bytes[this.#at++] = value
  }

  /** Field of a varint; nothing for 0, as proto3 has it. */
  integer(field: number, value: number): void {
    if (value === 0) return
    this.varint(field * 8)
    this.varint(value)
  }

  zigzag(value: number): void {
    this.varint(value >= 0 ? 2 * value : -2 * value - 1)
  }

  /** Field of a sint32 or sint64; nothing for 0. */
  signed(field: number, value: number): void {
    if (value === 0) return
    this.varint(field * 8)
    this.zigzag(value)
  }

  /** Field of a double; nothing for +0. */
  double(field: number, value: number): void {
    if (Object.is(value, 0)) return
    this.varint(field * 8 + 1)
    this.rawDouble(value)
  }

  rawDouble(value: number): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** Field of a double given as bits, so that the payload of a NaN survives. */
  doubleBits(field: number, low: number, high: number): void {
    this.varint(field * 8 + 1)
    this.#reserve(8)
    this.#bytes.writeUInt32LE(low >>> 0, this.#at)
    this.#bytes.writeUInt32LE(high >>> 0, this.#at + 4)
    this.#at += 8
  }

  /** Field of a string, also an empty one. */
  string(field: number, text: string): void {
    this.varint(field * 8 + 2)
    if (text.length <= SHORT_TEXT && this.#shortString(text)) return
    const length = Buffer.byteLength(text)
    this.varint(length)
    this.#reserve(length)
    this.#at += this.#bytes.write(text, this.#at)
  }

  /** Names and values of labels, as nearly all are: two calls into Node cost more than they do. @returns false for what is not ASCII */
  #shortString(text: string): boolean {
    this.#reserve(1 + SHORT_TEXT)
    const bytes = this.#bytes
    let at = this.#at
    bytes[at++] = text.length
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return false
      bytes[at++] = code
    }
    this.#at = at
    return true
  }

  bytes(field: number, content: Uint8Array): void {
    this.varint(field * 8 + 2)
    this.varint(content.length)
    this.#reserve(content.length)
    this.#bytes.set(content, this.#at)
    this.#at += content.length
  }

  /** Field of a message, or of packed numbers: what `write` writes, with its length before it. */
  nested(field: number, write: () => void): void {
    this.varint(field * 8 + 2)
    // Room for a length of one byte, which most have; what is longer moves up.
    this.#reserve(1)
    const start = ++this.#at
    write()
    const length = this.#at - start
    if (length < 128) {
      this.#bytes[start - 1] = length
      return
    }
    let more = 0
    for (let rest = Math.floor(length / 128); rest > 0; rest = Math.floor(rest / 128)) more++
    this.#reserve(more)
    this.#bytes.copyWithin(start + more, start, this.#at)
    this.#at = start - 1
    this.varint(length)
    this.#at += length
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest >= 128n; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 127n) | 128
    this.#bytes[this.#at++] = Number(rest)
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#at + more))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
