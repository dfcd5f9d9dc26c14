import { crc32c } from '../checksum.ts'
import { Cursor } from '../block/cursor.ts'
import { Section } from '../block/file-writer.ts'
import { INDEX_VERSION_1, SERIES_ALIGNMENT, TOC_BYTES } from '../block/format.ts'

/**
 * An index of version 2 as Prometheus before 2.2 would have written it: references are offsets, series lie without gaps, the table of postings
 * is in no order. There is no such program any more to test with; Prometheus 3 reads what comes out.
 */
export function asVersion1(index: Buffer): Buffer {
  const toc = new Cursor(index, index.length - TOC_BYTES)
  const [symbolsAt, , , , , tableAt] = Array.from({ length: 6 }, () => toc.uint32() * 2 ** 32 + toc.uint32())
  const out: Buffer[] = [Buffer.from([0xba, 0xaa, 0xd7, 0x00, INDEX_VERSION_1])]
  let length = 5
  const push = (bytes: Buffer): number => {
    out.push(bytes)
    return (length += bytes.length) - bytes.length
  }
  // Symbols lie where they did: behind the first five bytes.
  const symbolsEnd = symbolsAt! + 8 + index.readUInt32BE(symbolsAt!)
  push(index.subarray(symbolsAt, symbolsEnd))
  const symbols = new Cursor(index, symbolsAt! + 4)
  const offsets = Array.from({ length: symbols.uint32() }, () => {
    const { at } = symbols
    symbols.skipString()
    return at
  })
  const table = readTable(index, tableAt!)
  const all = readPostings(index, table.find(({ name }) => name === '')!.postingsAt)
  const seriesAt = length
  const moved = new Map(all.map((ref) => [ref, push(seriesRecord(index, ref * SERIES_ALIGNMENT, offsets))]))
  const postingsAt = length
  const places = table.map(({ postingsAt: from }) =>
    push(framed(readPostings(index, from).map((ref) => moved.get(ref)!))),
  )
  const labelTableAt = push(framed([]))
  const section = new Section()
  section.uint32(table.length)
  // Backwards: any order will do.
  for (const [i, { name, value }] of [...table.entries()].reverse()) {
    section.uvarint(2)
    section.string(name)
    section.string(value)
    section.uvarint(places[i]!)
  }
  const newTableAt = push(checked(Buffer.from(section.data)))
  const end = new Section()
  for (const offset of [symbolsAt!, seriesAt, postingsAt, labelTableAt, postingsAt, newTableAt])
    end.uint64(offset)
  push(Buffer.concat([Buffer.from(end.data), checksum(end.data)]))
  return Buffer.concat(out)
}

function readTable(index: Buffer, at: number): { name: string; value: string; postingsAt: number }[] {
  const cursor = new Cursor(index, at + 4)
  return Array.from({ length: cursor.uint32() }, () => {
    cursor.uvarint()
    return { name: cursor.string(), value: cursor.string(), postingsAt: cursor.uvarint() }
  })
}

function readPostings(index: Buffer, at: number): number[] {
  return Array.from({ length: index.readUInt32BE(at + 4) }, (_, i) => index.readUInt32BE(at + 8 + 4 * i))
}

function seriesRecord(index: Buffer, at: number, offsets: readonly number[]): Buffer {
  const cursor = new Cursor(index, at)
  const end = cursor.uvarint() + cursor.at
  const section = new Section()
  const labels = cursor.uvarint()
  section.uvarint(labels)
  for (let i = 0; i < 2 * labels; i++) section.uvarint(offsets[cursor.uvarint()]!)
  section.bytes(index.subarray(cursor.at, end))
  const head = new Section()
  head.uvarint(section.length)
  return Buffer.concat([head.data, section.data, checksum(section.data)])
}

/** A list of numbers with its length and checksum. */
function framed(numbers: readonly number[]): Buffer {
  const section = new Section()
  section.uint32(numbers.length)
  for (const number of numbers) section.uint32(number)
  return checked(Buffer.from(section.data))
}

function checked(content: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(content.length)
  return Buffer.concat([head, content, checksum(content)])
}

function checksum(content: Uint8Array): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(crc32c(content))
  return out
}
