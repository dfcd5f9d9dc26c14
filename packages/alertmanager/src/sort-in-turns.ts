import { TimeSlice } from './time-slice.ts'

/** Items sorted at once: a millisecond or two. */
const RUN_LENGTH = 1024

/** A sorted copy, made in turns of the event loop; equal ones keep their order. */
export async function sortInTurns<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  const slice = new TimeSlice()
  let runs: T[][] = []
  for (let i = 0; i < items.length; i += RUN_LENGTH) {
    runs.push(items.slice(i, i + RUN_LENGTH).sort(compare))
    if (slice.isOver) await slice.pause()
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let i = 0; i < runs.length; i += 2)
      merged.push(i + 1 < runs.length ? await merge(runs[i]!, runs[i + 1]!, compare, slice) : runs[i]!)
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
  slice: TimeSlice,
): Promise<T[]> {
  const merged: T[] = []
  let k = 0
  for (const one of a) {
    while (k < b.length && compare(b[k]!, one) < 0) merged.push(b[k++]!)
    merged.push(one)
    if (merged.length % 256 === 0 && slice.isOver) await slice.pause()
  }
  while (k < b.length) merged.push(b[k++]!)
  return merged
}
