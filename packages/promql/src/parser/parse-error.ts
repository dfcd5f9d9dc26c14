import type { Position } from './position.ts'
import { lineColumn } from './position.ts'

/** One fault in a query. */
export interface ParseFault {
  readonly message: string
  readonly position: Position
}

/** A change of the text that would mend the fault: put `text` where `position` points. */
export interface Mend {
  readonly explanation: string
  readonly position: Position
  readonly text: string
}

/**
 * The query text is not PromQL. `message` is what Prometheus prints: `<line>:<column>: parse error: <first fault>`.
 */
export class ParseError extends Error {
  override readonly name = 'ParseError'
  readonly query: string
  /** All faults found, in the order of finding; never empty. */
  readonly faults: readonly ParseFault[]
  readonly mend: Mend | undefined

  constructor(query: string, faults: readonly ParseFault[], mend?: Mend) {
    const [first] = faults
    super(`${lineColumn(query, first!.position.start)}: parse error: ${first!.message}`)
    this.query = query
    this.faults = faults
    this.mend = mend
  }

  /** Position of the first fault. */
  get position(): Position {
    return this.faults[0]!.position
  }
}
