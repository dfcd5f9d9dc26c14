import { Labels } from '@promontory/model'
import { writeSeriesBlock } from '@promontory/tsdb/block'
import { playHistory } from '../../examples/agentic-backend/src/history.ts'
import { mkdirSync } from 'node:fs'

/** Writes the backend's imagined past as blocks of two hours into a data directory that no server has open. */
export function writeHistory(
  directory: string,
  fromMs: number,
  toMs: number,
  instance: string,
): { readonly blocks: number; readonly samples: number } {
  mkdirSync(directory, { recursive: true })
  let blocks = 0
  let samples = 0
  playHistory(fromMs, toMs, (series, startMs, endMs) => {
    const all = series.map(({ name, labels, timesMs, values }) => {
      samples += timesMs.length
      const all = Labels.from({ ...labels, __name__: name, job: 'agentic-backend', instance })
      return { labels: all, timesMs, values }
    })
    if (writeSeriesBlock(directory, startMs, endMs, all) !== undefined) blocks++
  })
  return { blocks, samples }
}
