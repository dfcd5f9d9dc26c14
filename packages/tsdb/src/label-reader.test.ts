import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels, Matcher, type SelectRequest } from '@promontory/model'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LabelReader, Tsdb, TsdbReader } from './index.ts'

const HOUR_MS = 3_600_000
const START_MS = 1_767_225_600_000
const directory = mkdtempSync(join(tmpdir(), 'promontory-labels-'))
let db: Tsdb

beforeAll(async () => {
  const retention = { timeMs: 1e15, bytes: 0 }
  db = await Tsdb.open({ directory, registry: new Registry(), headPages: 4096, retention })
  // Seven hours: two blocks of two hours, and the head. Each hour has a pod of its own.
  for (let minute = 0; minute < 420; minute++) {
    const batch = new AppendBatch()
    for (const job of ['a', 'b']) {
      const labels = Labels.from({ __name__: `m_${job}`, job, pod: `p${Math.floor(minute / 60)}` })
      batch.push(db.seriesRef(labels), START_MS + minute * 60_000, minute)
    }
    db.append(batch)
  }
  await db.maintenance.run()
})

afterAll(() => {
  db.close()
  rmSync(directory, { recursive: true })
})

const request = (fromHour: number, toHour: number, ...matchers: Matcher[]): SelectRequest => ({
  matchers,
  startMs: START_MS + fromHour * HOUR_MS,
  endMs: START_MS + toHour * HOUR_MS - 1,
})

test.each([
  request(0, 5), request(4, 5), request(2.5, 4), request(0, 1), request(6, 7), request(9, 10), request(0, 5, new Matcher('=', 'job', 'a')),
  request(3, 5, new Matcher('=', '__name__', 'm_b')), request(0, 5, new Matcher('=', 'job', 'x')),
])('answers as a reader of samples does, case %#', async (asked) => {
  expect(db.maintenance.blocks.length).toBe(2)
  const reader = new LabelReader(db, 5)
  const small = reader.sourceFor(asked.matchers, asked)!.querier(asked)
  const whole = new TsdbReader(db.readerState(), 6).querier(asked)
  expect(await small.labelNames(asked)).toEqual(await whole.labelNames(asked))
  for (const name of ['pod', 'job', '__name__', 'none'])
    expect(await small.labelValues(name, asked)).toEqual(await whole.labelValues(name, asked))
  small.close()
  whole.close()
  reader.close()
}) // prettier-ignore

test('leaves to others what may take long', () => {
  const reader = new LabelReader(db, 5)
  expect(reader.sourceFor([new Matcher('=~', 'job', 'a|b')], request(0, 5))).toBeUndefined()
  reader.close()
})
