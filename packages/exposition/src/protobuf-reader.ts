/** Wire types; the rest are varint (0) and 32 bits (5). */
const FIXED64 = 1
const LENGTH = 2

/**
 * Reads protobuf fields in place. Every method throws `Error` when the bytes end too early, so that a truncated or
 * hostile message ends the parse; nothing is allocated by claimed lengths.
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  at: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = start
    this.#end = end
  }

  get done(): boolean {
    return this.at >= this.#end
  }

  /** An unsigned varint as a float: exact below 2^53. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.#end) throw new Error('unexpected EOF')
      const byte = this.#bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new Error('proto: integer overflow')
  }

  /** An int64 varint, negative ones included. */
  int64(): number {
    const value = this.#bigVarint()
    return Number(BigInt.asIntN(64, value))
  }

  /** A zigzag varint (`sint32`, `sint64`). */
  sint(): number {
    const value = this.#bigVarint()
    return Number((value >> 1n) ^ -(value & 1n))
  }

  #bigVarint(): bigint {
    const from = this.at
    const small = this.varint()
    if (small <= Number.MAX_SAFE_INTEGER) return BigInt(small)
    let value = 0n
    for (let i = from, shift = 0n; i < this.at; i++, shift += 7n)
      value |= BigInt(this.#bytes[i]! & 0x7f) << shift
    return BigInt.asUintN(64, value)
  }

  double(): number {
    if (this.at + 8 > this.#end) throw new Error('unexpected EOF')
    const value = this.#view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  /** The bytes of a length-delimited field, as a reader of their own. */
  message(): ProtobufReader {
    const length = this.varint()
    const start = this.at
    if (length > this.#end - start) throw new Error('unexpected EOF')
    this.at += length
    return new ProtobufReader(this.#bytes, start, this.at)
  }

  /** @throws Error for bytes that are no UTF-8 */
  string(): string {
    const { at, end } = this.#span()
    return UTF8.decode(this.#bytes.subarray(at, end))
  }

  #span(): { at: number; end: number } {
    const reader = this.message()
    return { at: reader.at, end: reader.#end }
  }

  /** Repeated numbers, packed or single, as the wire type says. */
  numbers(wireType: number, packedElement: (reader: ProtobufReader) => number, into: number[]): void {
    if (wireType !== LENGTH) {
      into.push(packedElement(this))
      return
    }
    const packed = this.message()
    while (!packed.done) into.push(packedElement(packed))
  }

  /** Calls `field` for each field; it must read the value or call {@link skip}. */
  fields(field: (number: number, wireType: number) => void): void {
    while (!this.done) {
      const tag = this.varint()
      if (tag > 0xffffffff || tag < 8) throw new Error(`proto: illegal tag ${tag}`)
      field(Math.floor(tag / 8), tag & 7)
    }
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === FIXED64) this.#advance(8)
    else if (wireType === LENGTH) this.message()
    else if (wireType === 5) this.#advance(4)
    else throw new Error(`proto: illegal wireType ${wireType}`)
  }

  #advance(count: number): void {
    if (this.at + count > this.#end) throw new Error('unexpected EOF')
    this.at += count
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
