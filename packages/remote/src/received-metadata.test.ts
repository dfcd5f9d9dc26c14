import { expect, test } from 'vitest'
import { Labels } from '@promontory/model'
import { ReceivedMetadata } from './received-metadata.ts'

test('the last that was told counts', () => {
  const metadata = new ReceivedMetadata()
  metadata.note('up', 'gauge', 'before', '')
  metadata.note('up', 'gauge', 'after', '')
  expect([...metadata.entries()]).toEqual([['up', { type: 'gauge', help: 'after', unit: '' }]])
})

test('the parts of a histogram are one family', () => {
  const metadata = new ReceivedMetadata()
  for (const name of ['d_seconds_bucket', 'd_seconds_sum', 'd_seconds_count'])
    metadata.noteSeries(Labels.from({ __name__: name }), 'histogram', 'Time.', 'seconds')
  metadata.noteSeries(Labels.from({ __name__: 'row_count' }), 'gauge', 'Rows.', '')
  expect([...metadata.entries()].map(([family]) => family)).toEqual(['d_seconds', 'row_count'])
})

test('a sender cannot fill the memory', () => {
  const metadata = new ReceivedMetadata()
  metadata.note('long', 'gauge', 'x'.repeat(5000), '')
  metadata.note('', 'gauge', 'nameless', '')
  for (let i = 0; i < 60_000; i++) metadata.note(`m${i}`, 'gauge', '', '')
  expect([...metadata.entries()].length).toBe(50_000)
})
