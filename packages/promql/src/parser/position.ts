/** A stretch of the query text in UTF-8 bytes: `start` included, `end` excluded. */
export interface Position {
  readonly start: number
  readonly end: number
}

export function joinPositions(first: Position, last: Position): Position {
  return { start: first.start, end: last.end }
}

/** Translates between UTF-16 indices of a JavaScript string and UTF-8 byte offsets. */
export class ByteOffsets {
  /** Undefined for pure ASCII, where both are the same. */
  readonly #bytes: Uint32Array | undefined
  readonly byteLength: number

  constructor(text: string) {
    // oxlint-disable-next-line no-control-regex
    if (/^[\x00-\x7f]*$/.test(text)) {
      this.byteLength = text.length
      return
    }
    const bytes = new Uint32Array(text.length + 1)
    let at = 0
    for (let i = 0; i < text.length; i++) {
      bytes[i] = at
      const code = text.codePointAt(i)!
      if (code > 0xffff) {
        // The low surrogate belongs to the same character.
        bytes[++i] = at
        at += 4
      } else at += code < 0x80 ? 1 : code < 0x800 ? 2 : 3
    }
    bytes[text.length] = at
    this.#bytes = bytes
    this.byteLength = at
  }

  /** Byte offset of the UTF-16 index `index`. */
  byteAt(index: number): number {
    return this.#bytes === undefined ? index : this.#bytes[index]!
  }

  /** UTF-16 index of the byte offset `byte`; the end of the text when it lies beyond. */
  indexAt(byte: number): number {
    const bytes = this.#bytes
    if (bytes === undefined) return Math.min(byte, this.byteLength)
    let low = 0
    let high = bytes.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (bytes[middle]! < byte) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The text that a position covers. */
export function sliceBytes(text: string, position: Position): string {
  const offsets = new ByteOffsets(text)
  return text.slice(offsets.indexAt(position.start), offsets.indexAt(position.end))
}

/** `line:column` as Prometheus prints positions: both from 1, the column in bytes. */
export function lineColumn(text: string, byte: number): string {
  if (text === '') return 'unknown position'
  const offsets = new ByteOffsets(text)
  if (byte < 0 || byte > offsets.byteLength) return 'invalid position'
  const before = text.slice(0, offsets.indexAt(byte))
  const lastBreak = before.lastIndexOf('\n')
  const line = before.split('\n').length
  return `${line}:${byte - (lastBreak < 0 ? -1 : offsets.byteAt(lastBreak))}`
}
