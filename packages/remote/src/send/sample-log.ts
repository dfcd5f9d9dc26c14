import type { Exemplar, FloatHistogram, Labels } from '@promontory/model'

/** A place in a log of samples; ordered by segment, then by offset. */
export interface LogPosition {
  readonly segment: number
  readonly offset: number
}

/** Takes what a log holds, in its order. */
export interface LogSink {
  series(ref: number, labels: Labels): void
  /** The value as bits, so that stale markers survive. */
  sample(ref: number, timeMs: number, low: number, high: number): void
  /** Undefined is a stale marker. */
  histogram(ref: number, timeMs: number, histogram: FloatHistogram | undefined, isInteger: boolean): void
  exemplar(ref: number, exemplar: Exemplar): void
  /** Of the series that were told up to the segment, only those of `alive` can come again. */
  checkpoint(segment: number, alive: ReadonlySet<number>): void
}

/** What queues are fed from: the storage's write-ahead log, seen as a list of records that grows. */
export interface SampleLog {
  /** Behind the last record that was read. */
  readonly position: LogPosition
  /** Hands one record to the sink. @returns false when there is none yet */
  read(sink: LogSink): boolean
  close(): void
}

export interface SampleLogs {
  /** Where the log ends now. */
  end(): LogPosition
  /** What there is, oldest first. */
  segments(): readonly { readonly segment: number; readonly bytes: number }[]
  /**
   * Opens the log at a position. First the series of all that lies before it are handed to `sink`.
   * @returns the log, from the position on or, when that is gone, from the oldest that is there
   */
  open(from: LogPosition, sink: LogSink): Promise<SampleLog>
}

export function isBefore(a: LogPosition, b: LogPosition): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}
