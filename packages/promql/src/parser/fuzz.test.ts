import { expect, test } from 'vitest'
import { ParseError } from './parse-error.ts'
import { parseExpr } from './parse.ts'
import { printExpr } from './printer.ts'
import { ALL_PARSER_OPTIONS } from './options.ts'
import { randomQuery, seededRandom } from '../testing/random-query.ts'

/** Texts tried; the soak run tries for minutes. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 3000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)

const VOCABULARY = {
  counters: ['c_total', 'a:b'], gauges: ['g', '{"ütf.8", x="y"}'], classicHistograms: ['h'], nativeHistograms: ['nh'],
  labels: { job: ['a', 'b"\\'], instance: ['1'] }, atSeconds: [30, 1e9], durations: ['15s', '1h30m', '1y'], experimental: true,
} // prettier-ignore

const PIECES = [
  '(', ')', '{', '}', '[', ']', ',', '=', '=~', '!=', '"', "'", '`', '\\', '#', '\n', '\0', '@', 'offset', 'by', 'without', 'on', 'ignoring',
  'group_left', 'fill', 'bool', 'and', 'or', 'unless', 'atan2', '1e', '0x', '1_000', 'Inf', 'NaN', '-', '+', '^', '%', '5m', '5m:', ':', 'step()',
  'start()', 'sum', 'rate', 'quantile', 'limitk', 'anchored', 'smoothed', '</', '>/', 'ü', '𝒳', '\ud800', '1'.repeat(400), '('.repeat(300),
] // prettier-ignore

/** A valid query with something cut out, put in, doubled or exchanged. */
function mutated(seed: number): string {
  const random = seededRandom(seed)
  let text = randomQuery(seed, VOCABULARY, 2 + Math.floor(random() * 2))
  for (let n = Math.floor(random() * 4); n > 0; n--) {
    const at = Math.floor(random() * (text.length + 1))
    const length = Math.floor(random() ** 3 * 12)
    const piece = PIECES[Math.floor(random() * PIECES.length)]!
    const middle = random() < 0.6 ? piece : random() < 0.5 ? '' : text.slice(at, at + 2 * length).repeat(2)
    text = text.slice(0, at) + middle + text.slice(at + length)
  }
  return text
}

test(
  `${ROUNDS} damaged queries: an error inside the text, or a tree that prints to itself`,
  () => {
    let parsed = 0
    for (let round = 0; round < ROUNDS; round++) {
      const text = mutated(SEED * 10_000_000 + round)
      const bytes = Buffer.byteLength(text)
      const where = `seed ${SEED}, round ${round}: ${JSON.stringify(text.slice(0, 500))}`
      let printed: string
      try {
        printed = printExpr(parseExpr(text, ALL_PARSER_OPTIONS))
      } catch (error) {
        if (!(error instanceof ParseError)) throw new Error(where, { cause: error })
        for (const { position } of error.faults) {
          expect(position.start, where).toBeGreaterThanOrEqual(0)
          expect(position.end, where).toBeLessThanOrEqual(bytes + 1)
          expect(position.end, where).toBeGreaterThanOrEqual(position.start)
        }
        continue
      }
      parsed++
      expect(printExpr(parseExpr(printed, ALL_PARSER_OPTIONS)), where).toBe(printed)
    }
    // Both ways are worth nothing when one of them is never taken.
    expect(parsed / ROUNDS).toBeGreaterThan(0.1)
    expect(parsed / ROUNDS).toBeLessThan(0.9)
  },
  60_000 + ROUNDS,
)
