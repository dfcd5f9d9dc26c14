import { quote } from '@promontory/model'

/** Bytes of a faulty line that an error text shows. A target may send a line of a gigabyte. */
const SHOWN_BYTES_MAX = 256

/** Go's `%q` of bytes: what is no UTF-8 shows as `\xff`. Long text is cut, which upstream does not do. */
export function quoteBytes(bytes: Uint8Array, start: number, end: number): string {
  const cut = end - start > SHOWN_BYTES_MAX
  const shownEnd = cut ? start + SHOWN_BYTES_MAX : end
  let out = ''
  let at = start
  while (at < shownEnd) {
    const length = utf8Length(bytes, at, shownEnd)
    if (length === 0) {
      out += `\\x${bytes[at]!.toString(16).padStart(2, '0')}`
      at++
    } else {
      out += quote(decodeUtf8(bytes, at, at + length)).slice(1, -1)
      at += length
    }
  }
  return `"${out}${cut ? '…' : ''}"`
}

export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

/** Whether `[start, end)` is UTF-8 as Go's `utf8.Valid` sees it: no overlong forms, no surrogates. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end) {
    if (bytes[at]! < 0x80) {
      at++
      continue
    }
    const length = utf8Length(bytes, at, end)
    if (length === 0) return false
    at += length
  }
  return true
}

/** Bytes of the character at `at`, 0 when it is not well-formed. */
function utf8Length(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (at + length > end) return 0
  const second = bytes[at + 1]!
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let i = 2; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0
  return length
}
