import { Labels, SampleColumns } from '@promontory/model'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Annotations } from '../annotations.ts'
import { Column } from '../column.ts'
import { makeGrid, timeAt } from '../grid.ts'
import { RangeSamples } from '../range-samples.ts'
import type { RangeCall, RangeWindow } from '../range-window.ts'
import { COLUMN_KERNELS } from './column-kernels.ts'
import { kernelOf } from './kernel-of.ts'
import { WindowPlan, WindowPlans } from '../window-plan.ts'
import { RANGE_FUNCTIONS } from './range-functions.ts'

/** What a kernel must agree with: the window function, called at each step with a window that is looked for anew. */
function slowly(name: string, samples: RangeSamples, rangeMs: number, count: number): Column {
  const grid = makeGrid(0, (count - 1) * 7000, 7000, false)
  const out = new Column(count)
  const spec = { grid, rangeMs, offsetMs: 0, atMs: undefined, extension: undefined, lookbackMs: 0 }
  const position = { start: 0, end: 0 }
  const settings = {
    lookbackMs: 0,
    delayedNameRemoval: false,
    perStepStats: false,
    typeAndUnitLabels: false,
    useStartTimestamps: false,
    subqueryStepMs: 1,
  }
  const call: RangeCall = {
    name,
    spec,
    plans: new WindowPlans(spec),
    kernel: undefined,
    settings,
    annotations: new Annotations(),
    position,
    firstPosition: position,
    scalars: SCALARS(count),
  }
  for (let step = 0; step < count; step++) {
    const endMs = timeAt(grid, step)
    const times = [...samples.timesMs.subarray(0, samples.count)]
    const from = times.filter((time) => time <= endMs - rangeMs).length
    const to = times.filter((time) => time <= endMs).length
    const window: RangeWindow = {
      step,
      timeMs: endMs,
      endMs,
      startMs: endMs - rangeMs,
      from,
      to,
      histogramFrom: 0,
      histogramTo: 0,
    }
    if (to > from) RANGE_FUNCTIONS.get(name)!(samples, window, out, call)
  }
  return out
}

const number = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 1e308, -1e308, 0.1),
)

/** The quantile of `quantile_over_time`. */
const SCALARS = (count: number): Float64Array[] => [new Float64Array(count).fill(0.7)]

test.each([...COLUMN_KERNELS.keys(), 'quantile_over_time'])(
  '%s in one loop is %s window by window',
  (name) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9000 }), number), { maxLength: 30 }),
        fc.integer({ min: 1, max: 40_000 }),
        (gaps, rangeMs) => {
          const columns = new SampleColumns()
          columns.reserve(gaps.length)
          let time = -10_000
          gaps.forEach(([gap, value], i) => {
            columns.timesMs[i] = time += gap
            columns.values[i] = value
          })
          columns.length = gaps.length
          const samples = new RangeSamples()
          samples.loadColumns(Labels.EMPTY, columns, false)
          const out = new Column(12)
          const grid = makeGrid(0, 11 * 7000, 7000, false)
          const spec = {
            grid,
            rangeMs,
            offsetMs: 0,
            atMs: undefined,
            extension: undefined,
            lookbackMs: 0,
          } as const
          const plan = new WindowPlan(samples.timesMs, samples.count, spec)
          const points = kernelOf(name, SCALARS(12))!(samples, plan, spec, out)
          expect(points).toBe(out.samples())
          const want = slowly(name, samples, rangeMs, 12)
          expect(out.kinds).toEqual(want.kinds)
          for (let step = 0; step < 12; step++)
            if (want.kinds[step] !== 0 && !Object.is(out.values[step]! + 0, want.values[step]! + 0))
              expect(out.values[step]).toBeCloseTo(want.values[step]!, 9)
        },
      ),
      { numRuns: 100 },
    )
  },
)
