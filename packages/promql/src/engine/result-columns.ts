import type { VectorSample } from '@promontory/model'
import type { MatrixSeries } from '../result.ts'
import type { Column } from './column.ts'
import { ABSENT, HISTOGRAM } from './column.ts'

/** The only point of a column of an instant query. */
export function columnToVectorSample(column: Column): VectorSample {
  const { labels, values } = column
  const histogram = column.histogramAt(0)
  return histogram === undefined ? { labels, value: values[0]! } : { labels, value: 0, histogram }
}

/** @param timesMs  of the grid; shared by the series that have a point at each step */
export function columnToSeries(column: Column, timesMs: Float64Array): MatrixSeries {
  const { labels, kinds, values, histograms } = column
  const steps = kinds.length
  let count = 0
  for (let step = 0; step < steps; step++) if (kinds[step] !== ABSENT) count++
  if (count === steps) return { labels, count, timesMs, values, histograms: present(column) }
  const ownTimes = new Float64Array(count)
  const ownValues = new Float64Array(count)
  const ownHistograms: MatrixSeries['histograms'] = column.hasHistograms() ? [] : undefined
  let at = 0
  for (let step = 0; step < steps; step++) {
    if (kinds[step] === ABSENT) continue
    ownTimes[at] = timesMs[step]!
    ownValues[at] = values[step]!
    if (ownHistograms !== undefined && kinds[step] === HISTOGRAM)
      (ownHistograms as unknown[])[at] = histograms![step]
    at++
  }
  return { labels, count, timesMs: ownTimes, values: ownValues, histograms: ownHistograms }
}

/** Histograms at the steps that hold one; a float may have taken the place of another. */
function present(column: Column): MatrixSeries['histograms'] {
  const { kinds, histograms } = column
  if (!column.hasHistograms()) return undefined
  return histograms!.map((histogram, step) => (kinds[step] === HISTOGRAM ? histogram : undefined))
}
