/** All times in Unix milliseconds; a start time of 0 stands for none. */

/**
 * Whether a sample's start time tells that its counter began anew after the previous sample. A start at the previous
 * sample's very time means so for delta series only: those whose previous start time was known and lay before it.
 */
export function startTimeShowsReset(
  previousStartMs: number,
  previousMs: number,
  startMs: number,
  timeMs: number,
): boolean {
  if (startMs === 0 || startMs >= timeMs || startMs < previousMs) return false
  if (startMs > previousMs) return true
  return previousStartMs !== 0 && previousStartMs < previousMs
}

/** Whether a sample claims to have begun before the previous sample of another beginning. */
export function startTimesOverlap(previousStartMs: number, previousMs: number, startMs: number): boolean {
  return startMs !== 0 && startMs < previousMs && startMs !== previousStartMs
}
