import { WireError } from './errors.ts'

export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const SHORT_TEXT_BYTES = 24
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Walks over a protobuf message in place. Set `at` and `end` to enter a nested message.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtoReader {
  readonly bytes: Buffer
  at = 0
  end: number
  /** Of the last tag. */
  field = 0
  wireType = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.end = bytes.length
  }

  /** Reads the next tag. @returns false at the end of the message */
  next(): boolean {
    if (this.at >= this.end) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.wireType = tag % 8
    if (this.field === 0) throw new WireError('protobuf: a field has the number 0')
    return true
  }

  /** An unsigned varint; exact below 2^53. */
  varint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw new WireError('protobuf: the message ends inside a number')
      const byte = this.bytes[this.at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
    throw new WireError('protobuf: a number is longer than 64 bits')
  }

  /** An int64 varint; exact within ±2^53. */
  int64(): number {
    let low = 0
    let high = 0
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw new WireError('protobuf: the message ends inside a number')
      const byte = this.bytes[this.at++]!
      const bits = byte & 127
      if (i < 4) low |= bits << (7 * i)
      else if (i === 4) {
        low |= bits << 28
        high |= bits >> 4
      } else high |= bits << (7 * i - 32)
      if (byte < 128) return (high | 0) * 4294967296 + (low >>> 0)
    }
    throw new WireError('protobuf: a number is longer than 64 bits')
  }

  /** A zigzag varint (`sint32`, `sint64`); exact within ±2^53. */
  zigzag(): number {
    const coded = this.varint()
    if (coded <= 0xffffffff) return (coded >>> 1) ^ -(coded & 1)
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
  }

  double(): number {
    const at = this.fixed64()
    return this.bytes.readDoubleLE(at)
  }

  /** A string. @throws WireError for bytes that are no UTF-8 */
  text(): string {
    const end = this.length() + this.at
    const from = this.at
    this.at = end
    // Short names, as nearly all are: a call into the decoder costs more than they do.
    let text = ''
    if (end - from <= SHORT_TEXT_BYTES) {
      let at = from
      while (at < end && this.bytes[at]! < 128) text += String.fromCharCode(this.bytes[at++]!)
      if (at === end) return text
    }
    try {
      return UTF8.decode(this.bytes.subarray(from, end))
    } catch (error) {
      throw new WireError('protobuf: a string is not UTF-8', { cause: error })
    }
  }

  /** Offset of a field of eight bytes, which is skipped. */
  fixed64(): number {
    const at = this.at
    this.#skipBytes(8)
    return at
  }

  /** Length of a nested message, string or bytes, checked against the end. */
  length(): number {
    const length = this.varint()
    if (this.at + length > this.end) throw new WireError('protobuf: a field is longer than its message')
    return length
  }

  /** Skips the value of the last tag. */
  skip(): void {
    switch (this.wireType) {
      case WireType.varint:
        this.varint()
        return
      case WireType.fixed64:
        return this.#skipBytes(8)
      case WireType.bytes:
        return this.#skipBytes(this.length())
      case WireType.fixed32:
        return this.#skipBytes(4)
      default:
        throw new WireError(`protobuf: wire type ${this.wireType} is not known`)
    }
  }

  /** Calls back for each occurrence of a nested message: `end` is its end meanwhile. */
  nested(read: () => void): void {
    const length = this.length()
    const outer = this.end
    this.end = this.at + length
    const inner = this.end
    read()
    this.at = inner
    this.end = outer
  }

  /** {@link nested}, with a result. */
  message<T>(read: (reader: ProtoReader) => T): T {
    const length = this.length()
    const outer = this.end
    const inner = this.at + length
    this.end = inner
    const result = read(this)
    this.at = inner
    this.end = outer
    return result
  }

  /** Adds a repeated number, or many that are packed. */
  numbers(element: () => number, into: number[]): void {
    if (this.wireType !== WireType.bytes) into.push(element())
    else
      this.nested(() => {
        while (this.at < this.end) into.push(element())
      })
  }

  #skipBytes(count: number): void {
    if (this.at + count > this.end) throw new WireError('protobuf: a field is longer than its message')
    this.at += count
  }
}
