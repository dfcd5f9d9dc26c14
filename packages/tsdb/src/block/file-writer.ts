import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { crc32c } from '../checksum.ts'

const BUFFER_BYTES = 1 << 20
const encoder = new TextEncoder()

/** A file written front to back through a buffer; integers are big-endian, as everywhere in Prometheus's files. */
export class FileWriter {
  readonly #file: number
  #buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #used = 0
  #flushed = 0

  constructor(path: string) {
    this.#file = openSync(path, 'wx')
  }

  /** Bytes written so far. */
  get position(): number {
    return this.#flushed + this.#used
  }

  bytes(data: Uint8Array): void {
    if (data.length > BUFFER_BYTES) {
      this.#flush()
      this.#write(data)
      return
    }
    this.#reserve(data.length)
    this.#buffer.set(data, this.#used)
    this.#used += data.length
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#used = this.#buffer.writeUInt32BE(value, this.#used)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#used++] = value
  }

  padTo(alignment: number): void {
    const rest = (alignment - (this.position % alignment)) % alignment
    for (let i = 0; i < rest; i++) this.byte(0)
  }

  /** Brings the file to the disk and closes it. */
  close(): void {
    this.#flush()
    fsyncSync(this.#file)
    closeSync(this.#file)
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > BUFFER_BYTES) this.#flush()
  }

  #flush(): void {
    this.#write(this.#buffer.subarray(0, this.#used))
    this.#used = 0
  }

  #write(data: Uint8Array): void {
    let done = 0
    while (done < data.length) done += writeSync(this.#file, data, done, data.length - done)
    this.#flushed += data.length
  }
}

/** A section that is written with its length before and its checksum behind it. */
export class Section {
  #bytes: Buffer = Buffer.allocUnsafe(1 << 16)
  length = 0

  uvarint(value: number): void {
    this.#reserve(10)
    while (value >= 128) {
      this.#bytes[this.length++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.#bytes[this.length++] = value
  }

  varint(value: number): void {
    this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.length = this.#bytes.writeUInt32BE(value, this.length)
  }

  uint64(value: number): void {
    this.#reserve(8)
    this.length = this.#bytes.writeBigUInt64BE(BigInt(value), this.length)
  }

  string(text: string): void {
    const bytes = encoder.encode(text)
    this.uvarint(bytes.length)
    this.bytes(bytes)
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  clear(): void {
    this.length = 0
  }

  get data(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  /** Length (32 bit), bytes, checksum. */
  writeTo(out: FileWriter): void {
    out.uint32(this.length)
    out.bytes(this.data)
    out.uint32(crc32c(this.data))
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.length + more))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}
