import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantiateKernels } from './index.ts'
import { loadKernelModule } from './node.ts'

const memory = new WebAssembly.Memory({ initial: 32, maximum: 32, shared: true })
const { kernels } = instantiateKernels(loadKernelModule(), memory)
const [TIMES, VALUES, OUT, FLAGS] = [65536, 2 * 65536, 3 * 65536, 4 * 65536]
const STALE = 0x7ff0000000000002n

interface Case {
  readonly times: readonly number[]
  readonly stale: readonly boolean[]
  readonly first: number
  readonly width: number
  readonly offset: number
  readonly window: number
  readonly steps: number
}

/** The newest sample in (step − window, step] of each step, by looking at all. */
function expected({ times, stale, first, width, offset, window, steps }: Case): (number | undefined)[] {
  return Array.from({ length: steps }, (_, step) => {
    const at = first + step * width - offset
    const newest = times.findLastIndex((time) => time <= at)
    return newest < 0 || times[newest]! <= at - window || stale[newest] ? undefined : newest
  })
}

function picked(one: Case): { count: number; steps: (number | undefined)[] } {
  const { times, stale, first, width, offset, window, steps } = one
  new Float64Array(memory.buffer, TIMES).set(times)
  const bits = new BigUint64Array(memory.buffer, VALUES)
  const values = new Float64Array(memory.buffer, VALUES)
  times.forEach((_, i) => {
    if (stale[i]) bits[i] = STALE
    else values[i] = i
  })
  const count = kernels.pickSteps(
    TIMES,
    VALUES,
    times.length,
    first,
    width,
    offset,
    window,
    steps,
    OUT,
    FLAGS,
  )
  const out = new Float64Array(memory.buffer, OUT, steps)
  const flags = new Uint8Array(memory.buffer, FLAGS, steps)
  return { count, steps: Array.from(out, (value, step) => (flags[step] === 1 ? value : undefined)) }
}

test('each step gets the newest sample of its window', () => {
  const samples = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 40 }), stale: fc.boolean() }), {
    maxLength: 60,
  })
  const cases = fc.record({
    samples,
    first: fc.integer({ min: -50, max: 300 }),
    width: fc.constantFrom(0, 1, 7, 15, 15.5, 60, 500),
    offset: fc.constantFrom(0, 3, -20, 100),
    window: fc.constantFrom(1, 15, 16, 100),
    steps: fc.integer({ min: 0, max: 50 }),
  })
  fc.assert(
    fc.property(cases, ({ samples: list, ...rest }) => {
      let time = 0
      const times = list.map(({ gap }) => (time += gap))
      const one = { ...rest, times, stale: list.map(({ stale }) => stale) }
      const want = expected(one)
      expect(picked(one)).toEqual({
        count: want.filter((index) => index !== undefined).length,
        steps: want,
      })
    }),
    { numRuns: 2000 },
  )
})
