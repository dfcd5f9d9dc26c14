import { type Appender, FloatHistogram, type SeriesRef } from '@promontory/model'

/**
 * Whether a zero belongs at the time at which a series began: before the sample, and behind all that the storage has. Without it
 * the first increase of a counter or histogram is lost.
 */
export function needsZero(appender: Appender, ref: SeriesRef, createdMs: number, sampleMs: number): boolean {
  return createdMs > 0 && createdMs < sampleMs && appender.takesInOrder?.(ref, createdMs) === true
}

/** 0, or a histogram without observations in the layout of the one that follows, so that both fit into one chunk. */
export function zeroLike(value: number | FloatHistogram): number | FloatHistogram {
  if (typeof value === 'number') return 0
  const { schema, zeroThreshold, customBounds } = value
  return new FloatHistogram({ schema, zeroThreshold, customBounds, counterResetHint: 'reset' })
}
