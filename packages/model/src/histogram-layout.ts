import type { Span } from './histogram.ts'
import { bucketIndices } from './histogram-buckets.ts'

/**
 * One side of a histogram as parallel arrays: bucket indices in ascending order, a count for each, and optionally the
 * compensation of a Kahan sum for each. Mutable; the working form of histogram arithmetic.
 */
export interface BucketColumns {
  indices: number[]
  counts: number[]
}

export function toColumns(spans: readonly Span[], buckets: readonly number[]): BucketColumns {
  return { indices: bucketIndices(spans), counts: [...buckets] }
}

/** Spans of ascending indices: one per run of neighbours. */
export function toSpans(indices: readonly number[]): Span[] {
  const spans: { offset: number; length: number }[] = []
  let next = 0
  for (const index of indices) {
    const last = spans.at(-1)
    if (last !== undefined && index === next) last.length++
    else spans.push({ offset: last === undefined ? index : index - next, length: 1 })
    next = index + 1
  }
  return spans
}

/** The index of the bucket of a coarser exponential schema that contains bucket `index`. */
export function coarserIndex(index: number, schema: number, targetSchema: number): number {
  return ((index - 1) >> (schema - targetSchema)) + 1
}

/** Merges buckets into those of a coarser exponential schema. */
export function coarsen(columns: BucketColumns, schema: number, targetSchema: number): BucketColumns {
  if (schema === targetSchema) return columns
  const out: BucketColumns = { indices: [], counts: [] }
  columns.indices.forEach((index, i) => {
    const target = coarserIndex(index, schema, targetSchema)
    const count = columns.counts[i]!
    if (out.indices.at(-1) === target) out.counts[out.counts.length - 1]! += count
    else {
      out.indices.push(target)
      out.counts.push(count)
    }
  })
  return out
}

/** Without the buckets that `drop` names. */
export function withoutBuckets(
  columns: BucketColumns,
  drop: (index: number, count: number) => boolean,
): BucketColumns {
  const out: BucketColumns = { indices: [], counts: [] }
  columns.indices.forEach((index, i) => {
    const count = columns.counts[i]!
    if (drop(index, count)) return
    out.indices.push(index)
    out.counts.push(count)
  })
  return out
}

/** Sums two sides bucket by bucket; a bucket of one side only is taken over. `sign` is applied to `b`. */
export function mergeColumns(a: BucketColumns, b: BucketColumns, sign: 1 | -1): BucketColumns {
  const out: BucketColumns = { indices: [], counts: [] }
  let i = 0
  let j = 0
  while (i < a.indices.length || j < b.indices.length) {
    const left = a.indices[i] ?? Infinity
    const right = b.indices[j] ?? Infinity
    out.indices.push(Math.min(left, right))
    if (left < right) out.counts.push(a.counts[i++]!)
    else if (right < left) out.counts.push(sign * b.counts[j++]!)
    else out.counts.push(a.counts[i++]! + sign * b.counts[j++]!)
  }
  return out
}

/** Bounds that both lists hold. */
export function commonBounds(a: readonly number[], b: readonly number[]): number[] {
  const inB = new Set(b)
  return a.filter((bound) => inB.has(bound))
}

export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** Moves buckets with custom bounds to the fewer bounds `target`; each goes to the first that covers it. */
export function rebucket(
  columns: BucketColumns,
  bounds: readonly number[],
  target: readonly number[],
): BucketColumns {
  const out: BucketColumns = { indices: [], counts: [] }
  let at = 0
  columns.indices.forEach((index, i) => {
    const bound = index < bounds.length ? bounds[index]! : Infinity
    while (at < target.length && target[at]! < bound) at++
    if (out.indices.at(-1) === at) out.counts[out.counts.length - 1]! += columns.counts[i]!
    else {
      out.indices.push(at)
      out.counts.push(columns.counts[i]!)
    }
  })
  return out
}
