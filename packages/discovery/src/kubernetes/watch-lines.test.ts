import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { watchLines } from './watch-lines.ts'

async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const end of [...places, bytes.length]) {
    yield bytes.subarray(start, end)
    start = end
  }
}

async function linesOf(bytes: Uint8Array, places: readonly number[], bytesMax?: number): Promise<string[]> {
  const found: string[] = []
  for await (const line of watchLines(cut(bytes, places), bytesMax)) found.push(line)
  return found
}

const places = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(length), { maxLength: 12 }).map((all) => all.sort((a, b) => a - b))
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.array(fc.constantFrom('{"type":"ADDED"}', '\n', '\r\n', 'é', '\u{1f600}', ' ', '\0', '{'), { maxLength: 30 }).map((parts) => new TextEncoder().encode(parts.join(''))),
) // prettier-ignore

describe('lines of a watch', () => {
  test('are the same wherever the connection cuts them, in the middle of a character too', async () => {
    const body = hostile.chain((bytes) => fc.tuple(fc.constant(bytes), places(bytes.length)))
    await fc.assert(
      fc.asyncProperty(body, async ([bytes, cuts]) => {
        const whole = Buffer.from(bytes).toString('latin1').split('\n').slice(0, -1)
        const wanted = whole
          .map((line) => Buffer.from(line, 'latin1').toString('utf8'))
          .filter((line) => line.trim() !== '')
        expect(await linesOf(bytes, cuts)).toEqual(wanted)
      }),
      { numRuns: 500 },
    )
  })

  test('are bounded, with and without an end', async () => {
    const bytes = new TextEncoder().encode(`12345\n${'x'.repeat(6)}\n`)
    await fc.assert(
      fc.asyncProperty(places(bytes.length), async (cuts) => {
        await expect(linesOf(bytes, cuts, 5)).rejects.toThrow('an event of the watch exceeds 5 bytes')
        expect(await linesOf(bytes, cuts, 6)).toEqual(['12345', 'xxxxxx'])
        await expect(linesOf(bytes.subarray(0, 12), cuts.filter((at) => at <= 12), 5)).rejects.toThrow()
      }),
      { numRuns: 100 },
    ) // prettier-ignore
  })
})
