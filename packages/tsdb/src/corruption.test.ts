import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels, Matcher, SampleColumns } from '@promontory/model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Block } from './block/block.ts'
import { PageCache } from './block/page-cache.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import { CorruptionError, Tsdb, TsdbReader } from './index.ts'
import { ChunkQuerier } from './querier.ts'

const HOUR = 3600_000
/** `npm run soak` asks for many more. */
const BLOCK_ROUNDS = Number(process.env['CORRUPTION_ROUNDS'] ?? 60)
const LOG_ROUNDS = Math.ceil(Number(process.env['CORRUPTION_ROUNDS'] ?? 150) / 6)
const SEED = Number(process.env['CORRUPTION_SEED'] ?? 0)
/** For the long form. */
const TIMEOUT_MS = 20_000 + 200 * BLOCK_ROUNDS
const workspace = mkdtempSync(join(tmpdir(), 'promontory-corruption-'))
const everything = { startMs: -1e15, endMs: 1e15 }
afterAll(() => rmSync(workspace, { recursive: true }))

/** mulberry32: the same flips at each run; the seed is part of the test's name. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

async function makeDirectory(directory: string): Promise<void> {
  const db = await Tsdb.open({ directory, registry: new Registry(), headPages: 2048 })
  const batch = new AppendBatch()
  for (let time = 0; time < 5 * HOUR; time += 60_000) {
    batch.clear()
    for (let i = 0; i < 20; i++)
      batch.push(
        db.seriesRef(Labels.from({ __name__: 'm', i: String(i), text: 'ü'.repeat(i) })),
        time,
        time * i,
      )
    db.append(batch)
  }
  await db.maintenance.run()
  db.close()
}

async function read(querier: ChunkQuerier | ReturnType<TsdbReader['querier']>): Promise<string> {
  const [set] = await querier.select([{ matchers: [new Matcher('=', '__name__', 'm')], ...everything }])
  const columns = new SampleColumns()
  const lines: string[] = []
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    lines.push(`${set!.labels(i).toString()} ${columns.timesMs.join()} ${columns.values.join()}`)
  }
  querier.close()
  return lines.join('\n')
}

const pristine = join(workspace, 'pristine')
let block = ''
beforeAll(async () => {
  await makeDirectory(pristine)
  block = readdirSync(pristine).find((name) => /^[0-9A-Z]{26}$/.test(name))!
})

async function readBlock(directory: string): Promise<string> {
  const opened = new Block(directory, new PageCache())
  try {
    return await read(new ChunkQuerier([opened], new ChunkDecoder()))
  } finally {
    opened.dispose()
  }
}

describe('a damaged block gives an error or the same answer, never another one', () => {
  test.each(['index', 'chunks/000001', 'meta.json', 'tombstones'])(
    `%s, one byte changed or cut at ${BLOCK_ROUNDS} places (seed ${7 + SEED})`,
    async (file) => {
      const wanted = await readBlock(join(pristine, block))
      expect(wanted.split('\n')).toHaveLength(20)
      const next = random(7 + SEED)
      const directory = join(workspace, `damaged-${file.replace('/', '-')}`)
      const size = statSync(join(pristine, block, file)).size
      let refused = 0
      for (let round = 0; round < BLOCK_ROUNDS; round++) {
        rmSync(directory, { recursive: true, force: true })
        cpSync(join(pristine, block), directory, { recursive: true })
        const bytes = readFileSync(join(directory, file))
        const at = Math.floor(next() * size)
        if (round % 4 === 0) writeFileSync(join(directory, file), bytes.subarray(0, at))
        else {
          bytes[at]! ^= 1 << Math.floor(next() * 8)
          writeFileSync(join(directory, file), bytes)
        }
        try {
          const answer = await readBlock(directory)
          // Times and counts in meta.json steer what is asked, not what is stored; padding of files is nobody's.
          if (file !== 'meta.json') expect(answer, `byte ${at}, round ${round}`).toBe(wanted)
        } catch (error) {
          expect(error, `byte ${at}, round ${round}`).toBeInstanceOf(CorruptionError)
          refused++
        }
      }
      expect(refused).toBeGreaterThan(10)
    },
    TIMEOUT_MS,
  )
})

test(
  `a damaged log is repaired: what stands before the damage stays, at ${LOG_ROUNDS} places (seed ${9 + SEED})`,
  async () => {
    const next = random(9 + SEED)
    const segments = readdirSync(join(pristine, 'wal')).filter((name) => /^\d+$/.test(name))
    for (let round = 0; round < LOG_ROUNDS; round++) {
      const directory = join(workspace, `log-${round}`)
      cpSync(pristine, directory, { recursive: true })
      const file = join(directory, 'wal', segments[Math.floor(next() * segments.length)]!)
      const bytes = readFileSync(file)
      if (bytes.length === 0) continue
      const at = Math.floor(next() * bytes.length)
      bytes[at]! ^= 1 << Math.floor(next() * 8)
      writeFileSync(file, bytes)
      const db = await Tsdb.open({ directory, registry: new Registry(), headPages: 2048 })
      const answer = await read(new TsdbReader(db.readerState(), 0).querier(everything))
      for (const line of answer.split('\n')) {
        const [, times, values] = /^.* (\S*) (\S*)$/.exec(line)!
        const i = Number(/i="(\d+)"/.exec(line)![1])
        times!
          .split(',')
          .forEach((time, k) =>
            expect(Number(values!.split(',')[k]), `${line.slice(0, 40)} @${time}, round ${round}`).toBe(
              Number(time) * i,
            ),
          )
      }
      db.close()
      rmSync(directory, { recursive: true })
    }
  },
  TIMEOUT_MS,
)
