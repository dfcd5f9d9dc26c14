import type { BinaryExpr } from '../../parser/ast.ts'
import type { Column } from '../column.ts'
import { ABSENT, FLOAT, HISTOGRAM } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import { withoutMetadata } from '../labels.ts'
import { StepNotes } from './notes.ts'
import { changesMeaning, histogramOperator, incompatible, isComparison, scalarOperator } from './operator.ts'

/** An operator between a vector and a scalar, applied to one column in place. */
export class VectorScalar {
  readonly #expr: BinaryExpr
  readonly #scalar: Float64Array
  /** The scalar stands on the left. */
  readonly #swapped: boolean
  readonly #evaluation: Evaluation
  readonly #notes = new StepNotes()
  readonly #compute: ((a: number, b: number) => number) | undefined

  constructor(evaluation: Evaluation, expr: BinaryExpr, scalar: Float64Array, swapped: boolean) {
    this.#evaluation = evaluation
    this.#expr = expr
    this.#scalar = scalar
    this.#swapped = swapped
    const trims = expr.op === '</' || expr.op === '>/'
    this.#compute = trims ? undefined : scalarOperator(expr.op)
  }

  apply(column: Column): void {
    const { op, returnBool } = this.#expr
    if (this.#compute === undefined) this.#trimFloats(column)
    else if (isComparison(op)) this.#compare(column, this.#compute)
    else this.#calculate(column, this.#compute)
    if (column.histograms !== undefined) this.#histograms(column)
    if (!changesMeaning(op) && !returnBool) return
    column.dropName = true
    if (!this.#evaluation.settings.delayedNameRemoval) column.labels = withoutMetadata(column.labels)
  }

  finish(): void {
    this.#notes.report(this.#expr, this.#evaluation.annotations)
  }

  #calculate({ kinds, values }: Column, compute: (a: number, b: number) => number): void {
    const scalar = this.#scalar
    if (this.#swapped) {
      for (let step = 0; step < kinds.length; step++)
        if (kinds[step] === FLOAT) values[step] = compute(scalar[step]!, values[step]!)
    } else
      for (let step = 0; step < kinds.length; step++)
        if (kinds[step] === FLOAT) values[step] = compute(values[step]!, scalar[step]!)
  }

  #compare({ kinds, values }: Column, compute: (a: number, b: number) => number): void {
    const { returnBool } = this.#expr
    const scalar = this.#scalar
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== FLOAT) continue
      const value = values[step]!
      const passed = this.#swapped ? compute(scalar[step]!, value) : compute(value, scalar[step]!)
      if (returnBool) values[step] = passed
      else if (passed === 0) kinds[step] = ABSENT
    }
  }

  #trimFloats({ kinds }: Column): void {
    const note = incompatible('float', 'float').note!
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== FLOAT) continue
      this.#notes.set(step, note)
      kinds[step] = ABSENT
    }
  }

  #histograms(column: Column): void {
    const { kinds } = column
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== HISTOGRAM) continue
      const histogram = column.histograms![step]
      const scalar = this.#scalar[step]!
      const outcome = this.#swapped
        ? histogramOperator(this.#expr.op, undefined, scalar, histogram, 0)
        : histogramOperator(this.#expr.op, histogram, 0, undefined, scalar)
      if (outcome.note !== undefined) this.#notes.set(step, outcome.note)
      if (outcome.histogram === undefined) kinds[step] = ABSENT
      else column.setHistogram(step, outcome.histogram)
    }
  }
}
