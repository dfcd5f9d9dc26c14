import type { FloatHistogram } from './histogram.ts'
import type { Labels } from './labels.ts'

/** One element of an instant vector; `histogram` set means that `value` is meaningless. */
export interface VectorSample {
  readonly labels: Labels
  readonly value: number
  readonly histogram?: FloatHistogram
}

export interface InstantVector {
  readonly samples: readonly VectorSample[]
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/** Who asks: a group of rules, for the log of queries. */
export interface QueryAsker {
  readonly file: string
  readonly group: string
}

/**
 * Asks an expression at one time, as rules and templates do. A scalar answers as one sample without labels.
 * Rejects with the engine's error (parse error, timeout, too many samples).
 */
export type InstantQuery = (
  expr: string,
  timeMs: number,
  signal?: AbortSignal,
  asker?: QueryAsker,
) => Promise<InstantVector>
