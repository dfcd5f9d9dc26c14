import type { Labels } from '@promontory/model'
import type { SeriesEntry } from './index-reader.ts'

/** A series record in few bytes: a list of chunk objects takes five times as much. */
export interface CompactSeries {
  readonly labels: Labels
  /** For each chunk: reference, first and last time in ms. */
  readonly chunks: Float64Array
}

/** Numbers for each chunk in {@link CompactSeries}. */
const NUMBERS = 3

export function compactSeries({ labels, chunks }: SeriesEntry): CompactSeries {
  const numbers = new Float64Array(NUMBERS * chunks.length)
  chunks.forEach(({ ref, minTimeMs, maxTimeMs }, i) => numbers.set([ref, minTimeMs, maxTimeMs], NUMBERS * i))
  return { labels, chunks: numbers }
}

/** Estimated: labels, map entry, objects, and the numbers. */
export function bytesOfSeries({ labels, chunks }: CompactSeries): number {
  return 250 + 8 * labels.pairs.length + chunks.byteLength
}

/** Whether any chunk has samples in [startMs, endMs]. */
export function hasChunksIn({ chunks }: CompactSeries, startMs: number, endMs: number): boolean {
  for (let i = 0; i < chunks.length; i += NUMBERS)
    if (chunks[i + 1]! <= endMs && chunks[i + 2]! >= startMs) return true
  return false
}

/** References of the chunks with samples in [startMs, endMs] that `skipped` does not rule out, oldest first. */
export function refsIn(
  { chunks }: CompactSeries,
  startMs: number,
  endMs: number,
  skipped?: (minTimeMs: number, maxTimeMs: number) => boolean,
): number[] {
  const refs: number[] = []
  for (let i = 0; i < chunks.length; i += NUMBERS) {
    const minTimeMs = chunks[i + 1]!
    const maxTimeMs = chunks[i + 2]!
    if (minTimeMs <= endMs && maxTimeMs >= startMs && skipped?.(minTimeMs, maxTimeMs) !== true)
      refs.push(chunks[i]!)
  }
  return refs
}
