/** What `/api/v1/lint` found; positions are bytes of the query, `end` behind the last one. */
export interface LintAnswer {
  /** In the order of their positions. */
  readonly findings: readonly LintAnswerFinding[]
}

export interface LintAnswerFinding {
  /** Name of the rule, e.g. `never-matches`. */
  readonly rule: string
  /** `warning`: the result is surely useless or misleading; `info`: it may well be. */
  readonly severity: 'warning' | 'info'
  /** What is wrong and why. */
  readonly message: string
  readonly position: { readonly start: number; readonly end: number }
  /** Absent when no change is sure to be right. */
  readonly mend?: {
    readonly explanation: string
    /** What to replace, and by what. */
    readonly position: { readonly start: number; readonly end: number }
    readonly text: string
    /** The whole query after the replacement. */
    readonly expr: string
  }
}
