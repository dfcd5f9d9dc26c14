import type { Labels } from '@promontory/model'

/** What {@link TextParser.next} found; the parser's fields then describe it. */
export type EntryKind = 'end' | 'type' | 'help' | 'unit' | 'comment' | 'series'

/** The types of OpenMetrics; text 0.0.4's `untyped` is `unknown`. */
export type ExpositionType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown'

export interface ParsedExemplar {
  readonly labels: Labels
  readonly value: number
  /** Undefined when the exemplar has none: the sample's time counts. */
  readonly timeMs: number | undefined
}

/**
 * A parser that goes over a body entry by entry. Bytes are read in place and not kept: strings and `Labels` that come
 * out are own copies. Every method throws `ExpositionError` for what upstream refuses too, with upstream's text.
 */
export interface TextParser {
  /** Starts on `bytes[0, length)`; needs `bytes.length > length`, and writes one sentinel byte at `length`. */
  reset(bytes: Uint8Array, length: number): void
  /** Reads one entry from {@link position}. */
  next(): EntryKind
  /**
   * Reads value, timestamp and exemplar of a sample whose series part ends at `at`: what a caller does that has
   * recognised the series part from an earlier body.
   */
  sampleTail(seriesStart: number, at: number): void
  /** Where the next entry starts; may be set to a line start. */
  position: number

  /** Bytes of the series part, name to closing brace, of the last `series` entry. */
  readonly seriesStart: number
  readonly seriesEnd: number
  readonly value: number
  readonly hasTime: boolean
  /** Unix milliseconds; meaningful when `hasTime`. */
  readonly timeMs: number
  readonly exemplar: ParsedExemplar | undefined
  /** Labels of the last `series` entry, with `__name__`, `le` and `quantile` written as floats ("1.0"). */
  labels(): Labels

  /** Metric name of the last metadata entry. */
  readonly metricName: string
  /** Help or unit of the last metadata entry. */
  readonly text: string
  /** Type of the family that is being read; the caller may set it when it skips a known TYPE line. */
  type: ExpositionType
}
