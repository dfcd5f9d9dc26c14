/** A deleted range of one series, both ends included. */
export interface DeletedRange {
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

/** Adds a range to sorted ones that do not touch each other; those that it meets become one with it. */
export function addRange(ranges: readonly DeletedRange[], added: DeletedRange): DeletedRange[] {
  let { minTimeMs, maxTimeMs } = added
  const before = ranges.filter((range) => range.maxTimeMs < minTimeMs - 1)
  const behind = ranges.filter((range) => range.minTimeMs > maxTimeMs + 1)
  for (const range of ranges.slice(before.length, ranges.length - behind.length)) {
    minTimeMs = Math.min(minTimeMs, range.minTimeMs)
    maxTimeMs = Math.max(maxTimeMs, range.maxTimeMs)
  }
  return [...before, { minTimeMs, maxTimeMs }, ...behind]
}

export function isDeleted(ranges: readonly DeletedRange[], timeMs: number): boolean {
  return ranges.some(({ minTimeMs, maxTimeMs }) => timeMs >= minTimeMs && timeMs <= maxTimeMs)
}
