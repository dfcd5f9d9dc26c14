import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c } from '../checksum.ts'
import { CorruptionError } from '../errors.ts'
import { type ChunkDecoder, RUN_CHUNKS_MAX } from '../chunk-decoder.ts'
import { Cursor } from './cursor.ts'
import { CHUNKS_HEADER_BYTES, CHUNKS_MAGIC, CHUNKS_VERSION, JOINED_SAMPLES_MAX } from './format.ts'
import { type PageCache, PagedFile } from './page-cache.ts'
import { type CachedSeries, NUMBERS } from './series-cache.ts'

/** Chunks of one series, three numbers each, as {@link CachedSeries} has them. */
export type ChunkNumbers = Pick<CachedSeries, 'numbers' | 'from' | 'to'>

export interface ChunkBytes {
  readonly encoding: number
  /** Data with its count bytes: a view that later reads may reuse. */
  readonly data: Buffer
  readonly samples: number
}

/** Most bytes of a length prefix. */
const LENGTH_BYTES = 5
/** Read ahead with the length: most float chunks are shorter, joined ones too. */
const GUESS_BYTES = 2048

/** Chunks further apart are not read as a run. */
const RUN_BYTES_MAX = 256 * 1024
/** Most chunks hold as many at most: 120 in blocks of two hours, {@link JOINED_SAMPLES_MAX} in longer ones. */
const SAMPLES_EXPECTED: number = JOINED_SAMPLES_MAX

/** Reads the chunk files of a block. @throws CorruptionError when they contradict themselves */
export class ChunkReader {
  readonly #files: readonly PagedFile[]

  constructor(directory: string, cache: PageCache) {
    let names: string[]
    try {
      names = readdirSync(directory)
        .filter((name) => /^\d{6}$/.test(name))
        .sort()
    } catch (error) {
      throw new CorruptionError(directory, 0, (error as Error).message)
    }
    this.#files = names.map((name) => new PagedFile(join(directory, name), cache))
    for (const file of this.#files) checkHeader(file)
  }

  read(ref: number): ChunkBytes {
    const offset = ref % 2 ** 32
    const file = this.#files[Math.floor(ref / 2 ** 32)]
    if (file === undefined || offset < CHUNKS_HEADER_BYTES)
      throw new CorruptionError(
        file?.path ?? `chunk file ${Math.floor(ref / 2 ** 32) + 1}`,
        offset,
        'no chunk can be here',
      )
    let bytes = file.readUpTo(offset, GUESS_BYTES)
    const cursor = new Cursor(bytes.subarray(0, LENGTH_BYTES))
    let length: number
    try {
      length = cursor.uvarint()
    } catch (error) {
      throw new CorruptionError(file.path, offset, (error as Error).message)
    }
    const total = cursor.at + 1 + length + 4
    if (total > bytes.length) bytes = file.read(offset, total)
    const checked = bytes.subarray(cursor.at, cursor.at + 1 + length)
    if (crc32c(checked) !== bytes.readUInt32BE(cursor.at + 1 + length))
      throw new CorruptionError(file.path, offset, 'checksum of a chunk does not match')
    const data = checked.subarray(1)
    if (data.length < 2) throw new CorruptionError(file.path, offset, `a chunk of ${data.length} bytes`)
    return { encoding: checked[0]!, data, samples: data.readUInt16BE(0) }
  }

  /**
   * Decodes chunks that are likely to follow each other in their file, as those of one series do.
   * @param chunks  at least one, ascending
   * @returns how many were decoded: {@link read} tells what is with the next one
   */
  decodeRun(chunks: ChunkNumbers, decoder: ChunkDecoder): number {
    const { numbers, from, to } = chunks
    const first = numbers[from]!
    const file = this.#files[Math.floor(first / 2 ** 32)]
    const span = numbers[to - NUMBERS]! - first
    const count = (to - from) / NUMBERS
    if (file === undefined || span < 0 || span > RUN_BYTES_MAX || count > RUN_CHUNKS_MAX) return 0
    const offset = first % 2 ** 32
    if (offset < CHUNKS_HEADER_BYTES || offset >= file.size) return 0
    // The last chunk is likely to be as long as those before.
    const last = count === 1 ? GUESS_BYTES : Math.max(GUESS_BYTES, (1.5 * span) / (count - 1))
    const length = Math.min(span + Math.ceil(last), file.size - offset)
    return decoder.addRun(file, offset, length, chunks, SAMPLES_EXPECTED * count)
  }

  close(): void {
    for (const file of this.#files) file.close()
  }
}

function checkHeader(file: PagedFile): void {
  const header = file.read(0, CHUNKS_HEADER_BYTES)
  const magic = header.readUInt32BE(0)
  if (magic !== CHUNKS_MAGIC)
    throw new CorruptionError(
      file.path,
      0,
      `magic number ${magic.toString(16)}, expected ${CHUNKS_MAGIC.toString(16)}`,
    )
  if (header[4] !== CHUNKS_VERSION)
    throw new CorruptionError(file.path, 4, `chunk file version ${header[4]}, expected ${CHUNKS_VERSION}`)
}
