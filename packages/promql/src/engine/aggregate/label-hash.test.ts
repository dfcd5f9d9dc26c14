import { Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { sampleOffset, xxh64 } from './label-hash.ts'

test.each([
  ['', 0xef46db3751d8e999n],
  ['a', 0xd24ec4f1a98c6e5bn],
  ['abc', 0x44bc2cf5ad770999n],
  ['Nobody inspects the spammish repetition', 0xfbcea83c8a378bf1n],
])('XXH64 of %j', (text, want) => {
  expect(xxh64(new TextEncoder().encode(text))).toBe(want)
})

test('offsets lie between 0 and 1, and labels longer than 254 bytes have one', () => {
  for (const value of ['a', 'b', 'x'.repeat(300)]) {
    const offset = sampleOffset(Labels.from({ a: value }))
    expect(offset).toBeGreaterThanOrEqual(0)
    expect(offset).toBeLessThanOrEqual(1)
  }
})
