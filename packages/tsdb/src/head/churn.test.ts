import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels } from '@promontory/model'
import { afterAll, expect, test } from 'vitest'
import { Tsdb } from '../index.ts'

const MINUTE = 60_000
const SERIES = 500
/** In minutes. */
const EIGHT_HOURS = 480
const directory = mkdtempSync(join(tmpdir(), 'promontory-churn-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('memory of series that have ended is used again: churn leaves as much in use as there was before', async () => {
  const db = await Tsdb.open({
    directory,
    registry: new Registry(),
    headPages: 4096,
    retention: { timeMs: 0, bytes: 0 },
  })
  const batch = new AppendBatch()
  const names = Array.from({ length: SERIES }, (_, i) => `0-${i}`)
  let timeMs = 0
  let generation = 0

  const minutes = (count: number): void => {
    const refs = names.map((n) => db.seriesRef(Labels.from({ __name__: 'm', job: 'app', n })))
    for (const endMs = timeMs + count * MINUTE; timeMs < endMs; timeMs += MINUTE) {
      batch.clear()
      // The same values in each hour: how many bits they take must not depend on the time.
      for (const [i, ref] of refs.entries()) batch.push(ref, timeMs, ((timeMs / MINUTE) % 60) * i)
      expect(db.append(batch).appended).toBe(SERIES)
    }
  }
  /** Ten minutes in each of which a tenth of the series is replaced; then hours, until all that ended is out of the head. */
  const churnAndSettle = async (): Promise<{ bytes: number; reached: number }> => {
    for (let minute = 0; minute < 10; minute++) {
      generation++
      for (let i = 0; i < SERIES / 10; i++) names[(minute * SERIES) / 10 + i] = `${generation}-${i}`
      minutes(1)
    }
    return await settle()
  }
  const settle = async (): Promise<{ bytes: number; reached: number }> => {
    // To the same phase of the block ranges each time.
    const phase = (timeMs / MINUTE) % EIGHT_HOURS
    minutes(EIGHT_HOURS + ((EIGHT_HOURS - 30 - phase + EIGHT_HOURS) % EIGHT_HOURS))
    await db.maintenance.run()
    return { bytes: db.head.bytesInUse, reached: db.head.bytesReached }
  }

  minutes(1)
  const before = await settle()
  expect(db.head.series.count).toBe(SERIES)
  const first = await churnAndSettle()
  expect(db.head.series.count).toBe(SERIES)
  expect(Math.abs(first.bytes / before.bytes - 1)).toBeLessThan(0.2)
  const second = await churnAndSettle()
  // Nothing at all stays of a series that has ended: neither its label values nor their places in the index.
  expect(Math.abs(second.bytes / first.bytes - 1)).toBeLessThan(0.01)
  expect(second.reached / first.reached).toBeLessThan(1.02)
  db.close()
}, 60_000)
