/** The times at which an expression is evaluated: `count` of them, `stepMs` apart. */
export interface Grid {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
  /** Samples looked at per step, for the statistics; undefined where they are not counted. */
  readonly samplesAtStep: Float64Array | undefined
}

export function makeGrid(startMs: number, endMs: number, stepMs: number, counted: boolean): Grid {
  const count = endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1
  return { startMs, stepMs, count, samplesAtStep: counted ? new Float64Array(count) : undefined }
}

export function timeAt(grid: Grid, step: number): number {
  return grid.startMs + step * grid.stepMs
}

/** Time of the last step. */
export function endOf(grid: Grid): number {
  return timeAt(grid, grid.count - 1)
}
