import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BODY_PADDING } from './body-pool.ts'
import { decompressed } from './body.ts'
import { Inflater } from './inflater.ts'

const MIB = 1024 * 1024
const inflater = new Inflater()
const open = (input: Uint8Array, limitBytes = 64 * MIB): string | undefined => {
  const body = inflater.gunzip(input, limitBytes)
  if (body === undefined) return undefined
  expect(body.bytes.length).toBeGreaterThanOrEqual(body.length + BODY_PADDING)
  const text = Buffer.from(body.bytes.subarray(0, body.length)).toString()
  body.release?.()
  return text
}
const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `http_requests_total{path="/${i}"} ${i * i}\n`).join('')

test('this Node has what the fast way needs', () => {
  expect(inflater.isAvailable).toBe(true)
})

describe('bodies', () => {
  test.each([0, 1, 2, 100, 4000, 40_000])('of %i lines', (count) => {
    expect(open(gzipSync(lines(count)))).toBe(lines(count))
  })

  test('one after another, broken ones between', () => {
    const whole = gzipSync(lines(1000))
    const torn = whole.subarray(0, whole.length / 2)
    const bent = Buffer.from(whole)
    bent[500]! ^= 0xff
    for (let i = 0; i < 3; i++) {
      expect(open(torn)).toBeUndefined()
      expect(open(bent)).toBeUndefined()
      expect(open(whole)).toBe(lines(1000))
    }
  })

  test('two are held at once', () => {
    const one = inflater.gunzip(gzipSync('one'), MIB)!
    const two = inflater.gunzip(gzipSync('two'), MIB)!
    expect([one, two].map(({ bytes, length }) => Buffer.from(bytes.subarray(0, length)).toString())).toEqual([
      'one',
      'two',
    ])
    one.release?.()
    two.release?.()
  })
})

describe('left to the slow way', () => {
  test.each<[string, Uint8Array, number]>([
    ['larger than one turn allows', gzipSync(Buffer.alloc(5 * MIB)), 64 * MIB],
    ['larger than the limit', gzipSync(lines(1000)), 1000],
    ['several members', Buffer.concat([gzipSync(lines(1000)), gzipSync('x 1\n')]), MIB],
    ['a trailer that lies', lyingTrailer(gzipSync(lines(1000)), 10), MIB],
    ['nothing', new Uint8Array(0), MIB],
    ['no gzip', Buffer.from('http_requests_total 1 and more text'), MIB],
  ])('%s', (_name, input, limitBytes) => {
    expect(open(input, limitBytes)).toBeUndefined()
  })

  test('which knows several members, and names what is wrong', async () => {
    const members = Buffer.concat([gzipSync('a 1\n'), gzipSync('b 2\n')])
    const { bytes, length } = await decompressed(members, 'gzip', MIB)
    expect(Buffer.from(bytes.subarray(0, length)).toString()).toBe('a 1\nb 2\n')
    await expect(decompressed(gzipSync(Buffer.alloc(5 * MIB)), 'gzip', MIB)).rejects.toThrow(
      `body size limit exceeded (limit: ${MIB} bytes)`,
    )
    await expect(decompressed(Buffer.from('no gzip at all, but long'), 'gzip', MIB)).rejects.toThrow(
      'gzip: incorrect header check',
    )
  })
})

function lyingTrailer(body: Buffer, length: number): Buffer {
  body.writeUInt32LE(length, body.length - 4)
  return body
}
