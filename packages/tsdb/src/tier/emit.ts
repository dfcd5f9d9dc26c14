import type { SelectHints } from '@promontory/model'
import type { ChunkDecoder } from '../chunk-decoder.ts'
import type { AggregateRows } from './aggregates.ts'
import type { AggregateKind } from './choose.ts'

/** Rows of one series at one resolution, of which those count whose time is in [fromMs, toMs). */
export interface RowsPiece {
  readonly resolutionMs: number
  readonly fromMs: number
  readonly toMs: number
  readonly rows: AggregateRows
}

/** Times at which something is asked that aggregates are too coarse for. */
export interface Grid {
  readonly firstMs: number
  /** 0: the first time only. */
  readonly stepMs: number
  readonly lastMs: number
  /** How far each step looks back. */
  readonly windowMs: number
}

/** Where a request evaluates, if it says so. */
export function gridOf(hints: SelectHints | undefined, endMs: number): Grid | undefined {
  if (hints?.firstStepMs === undefined || hints.windowMs === undefined) return undefined
  return { firstMs: hints.firstStepMs, stepMs: hints.stepMs, lastMs: endMs, windowMs: hints.windowMs }
}

/**
 * Makes samples of the rows of a series such that a function over windows of samples gives what it would give over those that were aggregated:
 * - means, minima and maxima stand at the ends of their windows, with the number of samples that they stand for;
 * - a counter stands at both ends of each window, resets undone, and ends at what it really read;
 * - where the windows of the query are shorter than those of the rows, the samples are made where the query looks.
 * @param pieces  oldest first
 */
export function emitSamples(
  pieces: readonly RowsPiece[],
  kind: AggregateKind,
  grid: Grid | undefined,
  decoder: ChunkDecoder,
): void {
  const filled = pieces.filter(({ rows }) => rows.length > 0)
  if (kind === 'counter') emitCounters(filled, grid, decoder)
  else for (const piece of filled) emitValues(piece, kind, grid, decoder)
}

function emitValues(
  piece: RowsPiece,
  kind: 'mean' | 'min' | 'max',
  grid: Grid | undefined,
  decoder: ChunkDecoder,
): void {
  const { rows, resolutionMs, fromMs, toMs } = piece
  const valueOf = (row: number): number =>
    kind === 'min' ? rows.mins[row]! : kind === 'max' ? rows.maxs[row]! : rows.sums[row]! / rows.counts[row]!
  if (grid !== undefined && grid.windowMs < resolutionMs) {
    const share = Math.min(grid.stepMs || grid.windowMs, grid.windowMs) / resolutionMs
    let row = 0
    for (const timeMs of stepsIn(grid, fromMs, toMs)) {
      while (row < rows.length && rows.timesMs[row]! < timeMs) row++
      if (row === rows.length) break
      if (rows.timesMs[row]! - resolutionMs >= timeMs) continue
      decoder.addWeighted(timeMs, valueOf(row), rows.counts[row]! * share)
    }
    return
  }
  for (let row = 0; row < rows.length; row++) {
    const timeMs = rows.timesMs[row]!
    if (timeMs >= fromMs && timeMs < toMs) decoder.addWeighted(timeMs, valueOf(row), rows.counts[row]!)
  }
}

/** The steps of a grid in [fromMs, toMs). */
function* stepsIn({ firstMs, stepMs, lastMs }: Grid, fromMs: number, toMs: number): IterableIterator<number> {
  if (stepMs === 0) {
    if (firstMs >= fromMs && firstMs < toMs) yield firstMs
    return
  }
  const skipped = Math.max(0, Math.ceil((fromMs - firstMs) / stepMs))
  for (let timeMs = firstMs + skipped * stepMs; timeMs < toMs && timeMs <= lastMs; timeMs += stepMs)
    yield timeMs
}

function emitCounters(pieces: readonly RowsPiece[], grid: Grid | undefined, decoder: ChunkDecoder): void {
  const shifts = shiftsOf(pieces)
  let lastMs = -Infinity
  let last = -Infinity
  pieces.forEach((piece, i) => {
    const { shift, end } = shifts[i]!
    const add = (timeMs: number, counter: number): void => {
      if (timeMs <= lastMs || timeMs < piece.fromMs || timeMs >= piece.toMs) return
      // Rounding must not look like a reset.
      last = Math.max(last, Math.min(counter + shift, end))
      lastMs = timeMs
      decoder.addWeighted(timeMs, last, 1)
    }
    if (grid !== undefined && grid.windowMs < 2 * piece.resolutionMs) addAtSteps(piece, grid, add)
    else addAtEnds(piece, add)
  })
}

/** What to add to the counters of each piece, so that they go on into each other and the newest ends at what it really read. */
function shiftsOf(pieces: readonly RowsPiece[]): { readonly shift: number; readonly end: number }[] {
  const shifts: { shift: number; end: number }[] = []
  let end = pieces.at(-1)?.rows.last ?? 0
  for (let i = pieces.length - 1; i >= 0; i--) {
    const { rows } = pieces[i]!
    const next = pieces[i + 1]
    if (next !== undefined) {
      const { first } = next.rows
      end = first + shifts[0]!.shift - (first < rows.last ? first : first - rows.last)
    }
    shifts.unshift({ shift: end - rows.counters.at(-1)!, end })
  }
  return shifts
}

/** A counter at both ends of each window that follows another one. */
function addAtEnds({ rows, resolutionMs }: RowsPiece, add: (timeMs: number, counter: number) => void): void {
  const { timesMs, counters } = rows
  add(rows.firstTimeMs, rows.first)
  for (let row = 0; row < rows.length; row++) {
    // A range does not include its very beginning, which is where this window begins.
    if (row > 0 && timesMs[row]! - timesMs[row - 1]! <= resolutionMs)
      add(timesMs[row - 1]! + 2, counters[row - 1]!)
    add(timesMs[row]!, counters[row]!)
  }
}

/** A counter at both ends of each range that the query looks at, as if it had risen evenly inside of a window. */
function addAtSteps(piece: RowsPiece, grid: Grid, add: (timeMs: number, counter: number) => void): void {
  const { rows } = piece
  const times = new Set<number>()
  for (const timeMs of stepsIn(grid, piece.fromMs, piece.toMs + grid.windowMs)) {
    times.add(timeMs - grid.windowMs + 1)
    times.add(timeMs)
  }
  let row = 0
  for (const timeMs of [...times].sort((a, b) => a - b)) {
    while (row < rows.length && rows.timesMs[row]! < timeMs) row++
    if (row === rows.length) return
    const counter = counterAt(piece, row, timeMs)
    if (counter !== undefined) add(timeMs, counter)
  }
}

function counterAt({ rows, resolutionMs }: RowsPiece, row: number, timeMs: number): number | undefined {
  const endMs = rows.timesMs[row]!
  const end = rows.counters[row]!
  const beforeMs = row === 0 ? rows.firstTimeMs : rows.timesMs[row - 1]!
  const before = row === 0 ? rows.first : rows.counters[row - 1]!
  if (endMs - beforeMs > resolutionMs) return endMs - resolutionMs < timeMs ? end : undefined
  if (timeMs < beforeMs) return undefined
  return endMs === beforeMs ? end : before + ((end - before) * (timeMs - beforeMs)) / (endMs - beforeMs)
}
