import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CorruptionError } from '../errors.ts'

/** `meta.json` of a block, as Prometheus writes it, with what Thanos adds. */
export interface BlockMeta {
  readonly ulid: string
  /** Inclusive, ms. */
  readonly minTime: number
  /** Exclusive, ms. */
  readonly maxTime: number
  readonly stats: {
    readonly numSamples?: number
    readonly numSeries?: number
    readonly numChunks?: number
    readonly numTombstones?: number
  }
  readonly compaction: {
    readonly level: number
    readonly sources?: readonly string[]
    readonly parents?: readonly {
      readonly ulid: string
      readonly minTime: number
      readonly maxTime: number
    }[]
    readonly deletable?: boolean
    readonly hints?: readonly string[]
  }
  readonly version: 1
  readonly thanos?: ThanosMeta
}

/** What Thanos notes of a block. */
export interface ThanosMeta {
  readonly labels?: Readonly<Record<string, string>>
  /** Resolution of aggregates in ms; 0 for samples as they came. */
  readonly downsample?: { readonly resolution?: number }
  readonly source?: string
}

/** Of the aggregates in a block, in ms; 0 when it has samples. */
export function resolutionOf({ thanos }: BlockMeta): number {
  return thanos?.downsample?.resolution ?? 0
}

const ULID_DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** A new ULID: 48 bits of time, 80 random bits, in Crockford's base 32. */
export function newUlid(nowMs: number): string {
  let value = (BigInt(Math.floor(nowMs)) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`)
  let text = ''
  for (let i = 0; i < 26; i++) {
    text = ULID_DIGITS[Number(value & 31n)]! + text
    value >>= 5n
  }
  return text
}

export function isUlid(name: string): boolean {
  return ULID.test(name)
}

/** @throws CorruptionError when it is not the meta file of a block of version 1 */
export function readMeta(blockDirectory: string): BlockMeta {
  const file = join(blockDirectory, 'meta.json')
  const fail = (problem: string): never => {
    throw new CorruptionError(file, 0, problem)
  }
  let meta: BlockMeta
  try {
    meta = JSON.parse(readFileSync(file, 'utf8')) as BlockMeta
  } catch (error) {
    return fail((error as Error).message)
  }
  if (typeof meta !== 'object' || meta === null) return fail('not a JSON object')
  if (meta.version !== 1) return fail(`block version ${String(meta.version)}, expected 1`)
  if (!isUlid(meta.ulid)) return fail(`ulid ${JSON.stringify(meta.ulid)} is not a ULID`)
  if (
    !Number.isSafeInteger(meta.minTime) ||
    !Number.isSafeInteger(meta.maxTime) ||
    meta.minTime > meta.maxTime
  )
    return fail(`times ${meta.minTime}…${meta.maxTime} are not a range`)
  return { ...meta, compaction: meta.compaction ?? { level: 1 }, stats: meta.stats ?? {} }
}

/** Notes in `meta.json` how many ranges of series are deleted; whatever else stands there stays. */
export function writeTombstoneCount(blockDirectory: string, numTombstones: number): void {
  const file = join(blockDirectory, 'meta.json')
  const meta = JSON.parse(readFileSync(file, 'utf8')) as BlockMeta
  const changed = { ...meta, stats: { ...meta.stats, numTombstones } }
  writeFileSync(`${file}.tmp`, `${JSON.stringify(changed, null, '\t')}\n`, { flush: true })
  renameSync(`${file}.tmp`, file)
}

export interface BlockOnDisk {
  readonly directory: string
  readonly meta: BlockMeta
}

/** The blocks below a data directory, oldest first, and what could not be read. */
export function listBlocks(directory: string): { blocks: BlockOnDisk[]; damaged: CorruptionError[] } {
  const blocks: BlockOnDisk[] = []
  const damaged: CorruptionError[] = []
  for (const name of readdirSync(directory).filter(isUlid)) {
    const path = join(directory, name)
    try {
      blocks.push({ directory: path, meta: readMeta(path) })
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error
      damaged.push(error)
    }
  }
  blocks.sort((a, b) => a.meta.minTime - b.meta.minTime || a.meta.maxTime - b.meta.maxTime)
  return { blocks, damaged }
}
