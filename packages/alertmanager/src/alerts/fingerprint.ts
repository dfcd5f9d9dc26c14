import type { Labels } from '@promontory/model'

const encoder = new TextEncoder()

/** FNV-1a, 64 bits, over names and values with 0xff between them: Alertmanager's fingerprint, 16 hex digits. */
export function fingerprintOf(labels: Labels): string {
  // The 64-bit state in four 16-bit limbs: numbers keep it exact and, unlike BigInt, allocate nothing.
  let [a, b, c, d] = [0x2325, 0x8422, 0x9ce4, 0xcbf2]
  const mix = (byte: number): void => {
    a ^= byte
    // × 0x100000001b3 = 2^40 + 0x1b3
    const [a0, b0, c0, d0] = [a * 0x1b3, b * 0x1b3, c * 0x1b3 + (a << 8), d * 0x1b3 + (b << 8)]
    a = a0 & 0xffff
    const b1 = b0 + (a0 >>> 16)
    b = b1 & 0xffff
    const c1 = c0 + (b1 >>> 16)
    c = c1 & 0xffff
    d = (d0 + Math.floor(c1 / 65_536)) & 0xffff
  }
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) {
        for (const byte of encoder.encode(text.slice(i))) mix(byte)
        break
      }
      mix(unit)
    }
    mix(0xff)
  }
  for (const [name, value] of labels) {
    add(name)
    add(value)
  }
  return [d, c, b, a].map((limb) => limb.toString(16).padStart(4, '0')).join('')
}
