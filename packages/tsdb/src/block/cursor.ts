/** Reads integers and strings of Prometheus's formats from a buffer. @throws RangeError when the bytes end early */
export class Cursor {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.at = at
  }

  get done(): boolean {
    return this.at >= this.#bytes.length
  }

  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.at)
    this.at += 4
    return value
  }

  /** An unsigned varint below 2^53. */
  uvarint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.at]
      if (byte === undefined) throw new RangeError('the bytes end inside a varint')
      this.at++
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

  string(): string {
    const length = this.uvarint()
    const end = this.at + length
    if (end > this.#bytes.length) throw new RangeError('the bytes end inside a string')
    const text = this.#bytes.toString('utf8', this.at, end)
    this.at = end
    return text
  }

  skipString(): void {
    const length = this.uvarint()
    this.at += length
  }
}
