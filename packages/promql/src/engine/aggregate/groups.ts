import { Labels, METRIC_NAME } from '@promontory/model'
import type { AggregateExpr } from '../../parser/ast.ts'
import { signatureOf } from '../labels.ts'

/** Assigns series to the groups of an aggregation, numbered in order of appearance. */
export class Grouping {
  readonly #signature: (labels: Labels) => string
  readonly #labelsOf: (labels: Labels) => Labels
  readonly #indices = new Map<string, number>()
  /** Labels of each group. */
  readonly labels: Labels[] = []

  constructor({ grouping, without }: Pick<AggregateExpr, 'grouping' | 'without'>) {
    const dropped = [...grouping, METRIC_NAME]
    if (without) {
      this.#signature = signatureOf(dropped, false)
      this.#labelsOf = (labels) => labels.without(...dropped)
    } else {
      this.#signature = grouping.length === 0 ? () => '' : signatureOf(grouping, true)
      this.#labelsOf = (labels) => (grouping.length === 0 ? Labels.EMPTY : labels.keep(...grouping))
    }
  }

  indexOf(labels: Labels): number {
    const key = this.#signature(labels)
    let index = this.#indices.get(key)
    if (index === undefined) {
      index = this.labels.length
      this.#indices.set(key, index)
      this.labels.push(this.#labelsOf(labels))
    }
    return index
  }
}
