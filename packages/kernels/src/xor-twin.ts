/**
 * Prometheus's XOR chunk in plain TypeScript: the oracle of the kernel in tests and the decoder where WebAssembly is
 * not at hand. Written for reading, not for speed (BigInt throughout).
 * Layout: two count bytes, varint first time, 64-bit first value, uvarint first delta, then per sample the double delta
 * of the time and the XOR of the value. Method: Pelkonen et al. 2015 (Gorilla), section 4.1.
 */

/** Prefix, its length, and payload bits of the double-delta ranges. */
const TIME_RANGES = [
  { prefix: 0b10n, prefixBits: 2, bits: 14 },
  { prefix: 0b110n, prefixBits: 3, bits: 17 },
  { prefix: 0b1110n, prefixBits: 4, bits: 20 },
] as const

class BitWriter {
  readonly bytes: number[] = []
  #free = 0
  write(bits: bigint, count: number): void {
    for (let i = count - 1; i >= 0; i--) {
      if (this.#free === 0) {
        this.bytes.push(0)
        this.#free = 8
      }
      this.#free--
      if ((bits >> BigInt(i)) & 1n) this.bytes[this.bytes.length - 1]! |= 1 << this.#free
    }
  }
  uvarint(value: bigint): void {
    while (value >= 128n) {
      this.write((value & 127n) | 128n, 8)
      value >>= 7n
    }
    this.write(value, 8)
  }
}

/**
 * @param timesMs  strictly increasing integers  @param values  raw bits of the floats
 * @returns the chunk's data, count bytes included, without encoding byte and checksum
 */
export function encodeXorChunk(timesMs: readonly number[], values: readonly bigint[]): Uint8Array {
  const out = new BitWriter()
  out.write(BigInt(timesMs.length), 16)
  let delta = 0n
  let window: { lead: number; trail: number } | undefined
  timesMs.forEach((timeMs, i) => {
    const time = BigInt(timeMs)
    if (i === 0) {
      out.uvarint(BigInt.asUintN(64, (time << 1n) ^ (time >> 63n)))
      out.write(values[0]!, 64)
      return
    }
    const newDelta = time - BigInt(timesMs[i - 1]!)
    if (i === 1) out.uvarint(newDelta)
    else writeDoubleDelta(out, newDelta - delta)
    delta = newDelta
    window = writeValue(out, values[i]! ^ values[i - 1]!, window)
  })
  return Uint8Array.from(out.bytes)
}

function writeDoubleDelta(out: BitWriter, value: bigint): void {
  if (value === 0n) return out.write(0n, 1)
  for (const { prefix, prefixBits, bits } of TIME_RANGES) {
    const half = 1n << BigInt(bits - 1)
    if (value > -half && value <= half) {
      out.write(prefix, prefixBits)
      return out.write(BigInt.asUintN(bits, value), bits)
    }
  }
  out.write(0b1111n, 4)
  out.write(BigInt.asUintN(64, value), 64)
}

function writeValue(
  out: BitWriter,
  difference: bigint,
  window: { lead: number; trail: number } | undefined,
): { lead: number; trail: number } | undefined {
  if (difference === 0n) {
    out.write(0n, 1)
    return window
  }
  const text = difference.toString(2).padStart(64, '0')
  const lead = Math.min(31, text.indexOf('1'))
  const trail = 63 - text.lastIndexOf('1')
  if (window !== undefined && lead >= window.lead && trail >= window.trail) out.write(0b10n, 2)
  else {
    window = { lead, trail }
    out.write(0b11n, 2)
    out.write(BigInt(lead), 5)
    out.write(BigInt((64 - lead - trail) & 63), 6)
  }
  out.write(difference >> BigInt(window.trail), 64 - window.lead - window.trail)
  return window
}

class BitReader {
  readonly #bytes: Uint8Array
  #bit = 0
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }
  read(count: number): bigint {
    let value = 0n
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#bit >> 3]
      if (byte === undefined) throw new RangeError(`chunk of ${this.#bytes.length} bytes ends early`)
      value = (value << 1n) | BigInt((byte >> (7 - (this.#bit & 7))) & 1)
      this.#bit++
    }
    return value
  }
  uvarint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.read(8)
      value |= (byte & 127n) << shift
      if (byte < 128n) break
    }
    return BigInt.asUintN(64, value)
  }
}

/** @throws RangeError when the bit stream ends early */
export function decodeXorChunk(chunk: Uint8Array): { times: number[]; values: bigint[] } {
  const input = new BitReader(chunk)
  const count = Number(input.read(16))
  const times: number[] = []
  const values: bigint[] = []
  let delta = 0n
  let window = { lead: 0, meaning: 0 }
  for (let i = 0; i < count; i++) {
    if (i === 0) {
      const raw = input.uvarint()
      times.push(Number(BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n))))
      values.push(input.read(64))
      continue
    }
    delta = i === 1 ? input.uvarint() : delta + readDoubleDelta(input)
    times.push(Number(BigInt(times[i - 1]!) + delta))
    if (input.read(1) === 0n) {
      values.push(values[i - 1]!)
      continue
    }
    if (input.read(1) === 1n) window = { lead: Number(input.read(5)), meaning: Number(input.read(6)) || 64 }
    const trail = 64 - window.lead - window.meaning
    values.push(values[i - 1]! ^ (input.read(window.meaning) << BigInt(trail)))
  }
  return { times, values }
}

function readDoubleDelta(input: BitReader): bigint {
  let ones = 0
  while (ones < 4 && input.read(1) === 1n) ones++
  if (ones === 0) return 0n
  if (ones === 4) return BigInt.asIntN(64, input.read(64))
  const { bits } = TIME_RANGES[ones - 1]!
  const value = input.read(bits)
  return value > 1n << BigInt(bits - 1) ? value - (1n << BigInt(bits)) : value
}
