import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type Appender, type AppendBatch, AppendStatus, type Labels } from '@promontory/model'
import { importText } from './text-import.ts'

const NOW = 1_700_000_000_000

function stored(status: number = AppendStatus.appended): { appender: Appender; samples: string[] } {
  const labels: Labels[] = []
  const samples: string[] = []
  const appender: Appender = {
    seriesRef: (found) => labels.push(found) - 1,
    append: (batch: AppendBatch) => {
      for (let i = 0; i < batch.count; i++)
        samples.push(`${labels[batch.refs[i]!]!.toString()} ${batch.values[i]} ${batch.timesMs[i]}`)
      return {
        appended: batch.count,
        statuses: new Uint8Array(batch.count).fill(status),
        histogramStatuses: [],
      }
    },
  }
  return { appender, samples }
}

const ask = { contentType: 'text/plain', contentEncoding: '', timeMs: NOW, extraLabels: [] }

test('samples keep their timestamps, get the labels, and are stored whole or not at all', () => {
  const { appender, samples } = stored()
  const body = Buffer.from('a{x="1"} 1 5\nb 2\n')
  expect(importText(appender, { ...ask, body, extraLabels: ['dc=eu'] })).toEqual({
    stored: 2,
    refused: undefined,
  })
  expect(samples).toEqual(['{__name__="a", dc="eu", x="1"} 1 5', `{__name__="b", dc="eu"} 2 ${NOW}`])
  expect(() => importText(appender, { ...ask, body: Buffer.from('c 1\nd e\n') })).toThrow(/^line 2: /)
  expect(samples).toHaveLength(2)
})

test('gzip is taken, a bomb is not; what the storage refuses is told', () => {
  const { appender } = stored(AppendStatus.outOfOrder)
  const gzip = { ...ask, contentEncoding: 'gzip' }
  expect(importText(appender, { ...gzip, body: gzipSync('a 1\n') }).refused).toMatch(/out of order/)
  expect(() => importText(appender, { ...gzip, body: gzipSync(Buffer.alloc(70 * 1024 * 1024)) })).toThrow(
    /longer than/,
  )
})
