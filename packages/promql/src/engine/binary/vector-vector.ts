import type { Labels } from '@promontory/model'
import { METRIC_NAME } from '@promontory/model'
import type { BinaryExpr, VectorMatching } from '../../parser/ast.ts'
import { executionError, sameLabelset } from '../../errors.ts'
import { ABSENT, Column, FLOAT } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import type { Grid } from '../grid.ts'
import { signatureOf, withoutMetadata } from '../labels.ts'
import { StepNotes } from './notes.ts'
import { changesMeaning, histogramOperator, incompatible, isComparison, scalarOperator } from './operator.ts'

/** Series of both sides that agree in the matching labels. */
interface MatchGroup {
  readonly many: Column[]
  readonly one: Column[]
  /** Steps at which a pair was formed; kept only where that matters. */
  matched: Uint8Array | undefined
  /** For each step the index of the series of the `one` side, −1 for none; undefined when there is one series at most. */
  oneAt: Int32Array | undefined
}

/** A series of the result. */
interface Output {
  readonly column: Column
  /** Steps at which a pair of a group has been formed for it, by group. */
  readonly touched: Map<MatchGroup, Uint8Array>
}

/** An arithmetic or comparison operator between two vectors. */
export class VectorVector {
  readonly #evaluation: Evaluation
  readonly #expr: BinaryExpr
  readonly #matching: VectorMatching
  readonly #grid: Grid
  readonly #swapped: boolean
  readonly #compute: ((a: number, b: number) => number) | undefined
  readonly #groups = new Map<string, MatchGroup>()
  readonly #outputs = new Map<string, Output>()
  readonly #notes = new StepNotes()
  /** Steps from here on need no result: the query fails there. */
  #stepsEnd = 0

  constructor(evaluation: Evaluation, expr: BinaryExpr, grid: Grid) {
    this.#evaluation = evaluation
    this.#expr = expr
    this.#matching = expr.matching!
    this.#grid = grid
    this.#swapped = this.#matching.card === 'one-to-many'
    const trims = expr.op === '</' || expr.op === '>/'
    this.#compute = trims ? undefined : scalarOperator(expr.op)
  }

  evaluate(left: readonly Column[], right: readonly Column[]): Column[] {
    const [many, one] = this.#swapped ? [right, left] : [left, right]
    const { fillLeft, fillRight } = this.#matching
    if (many.length + one.length === 0) return []
    if ((many.length === 0 || one.length === 0) && fillLeft === undefined && fillRight === undefined)
      return []
    const groupOf = this.#group(many, one)
    const firstClash = this.#resolveOneSides(many)
    this.#stepsEnd = Math.min(firstClash, this.#grid.count)
    for (const column of many) this.#pairMany(column, groupOf(column.labels))
    // What is wrong at an earlier step has been thrown by now.
    if (firstClash !== Infinity) this.#throwDuplicate(firstClash, one, groupOf)
    if (fillLeft !== undefined) for (const column of one) this.#pairUnmatched(column, groupOf(column.labels))
    this.#notes.report(this.#expr, this.#evaluation.annotations)
    return [...this.#outputs.values()].map(({ column }) => column).filter((column) => !column.isEmpty())
  }

  #group(many: readonly Column[], one: readonly Column[]): (labels: Labels) => MatchGroup {
    const { on, labels } = this.#matching
    const signature = on ? signatureOf(labels, true) : signatureOf([...labels, METRIC_NAME], false)
    const groupOf = (own: Labels): MatchGroup => {
      const key = signature(own)
      let group = this.#groups.get(key)
      if (group === undefined)
        this.#groups.set(key, (group = { many: [], one: [], matched: undefined, oneAt: undefined }))
      return group
    }
    for (const column of many) groupOf(column.labels).many.push(column)
    for (const column of one) groupOf(column.labels).one.push(column)
    const { card, fillLeft } = this.#matching
    for (const group of this.#groups.values())
      if (fillLeft !== undefined || (card === 'one-to-one' && group.many.length > 1))
        group.matched = new Uint8Array(this.#grid.count)
    return groupOf
  }

  /**
   * Finds for groups with several series on the `one` side which of them is there at each step.
   * @returns the first step at which there are two and that matters, Infinity if none
   */
  #resolveOneSides(many: readonly Column[]): number {
    let firstClash = Infinity
    for (const group of this.#groups.values()) {
      if (group.one.length < 2) continue
      group.oneAt = new Int32Array(this.#grid.count).fill(-1)
      group.one.forEach((column, index) => {
        for (let step = 0; step < this.#grid.count; step++) {
          if (column.kinds[step] === ABSENT) continue
          if (group.oneAt![step] !== -1 && step < firstClash && this.#isCompared(step, many))
            firstClash = step
          group.oneAt![step] = index
        }
      })
    }
    return firstClash
  }

  /** With nothing on the other side and nothing to fill in, nothing is compared and no clash noticed. */
  #isCompared(step: number, many: readonly Column[]): boolean {
    const { fillLeft, fillRight } = this.#matching
    if (fillLeft !== undefined || fillRight !== undefined) return true
    return many.some((column) => column.kinds[step] !== ABSENT)
  }

  #throwDuplicate(step: number, one: readonly Column[], groupOf: (labels: Labels) => MatchGroup): never {
    const seen = new Map<MatchGroup, Column>()
    for (const column of one) {
      if (column.kinds[step] === ABSENT) continue
      const group = groupOf(column.labels)
      const first = seen.get(group)
      if (first !== undefined) {
        const [a, b] = [String(first.labels), String(column.labels)].sort()
        const side = this.#swapped ? 'left' : 'right'
        throw executionError(
          `found duplicate series for the match group ${String(this.#matchLabels(column.labels))} on the ${side} ` +
            `hand-side of the operation: [${a}, ${b}];many-to-many matching not allowed: matching labels must be unique on one side`,
        )
      }
      seen.set(group, column)
    }
    throw new Error('BUG: no duplicate series found again')
  }

  #matchLabels(labels: Labels): Labels {
    const { on, labels: names } = this.#matching
    return on ? labels.keep(...names) : labels.without(METRIC_NAME, ...names)
  }

  #pairMany(column: Column, group: MatchGroup): void {
    const { fillRight: fill } = this.#matching
    const filled = fill === undefined ? undefined : this.#constant(fill, this.#matchLabels(column.labels))
    if (group.oneAt !== undefined) {
      for (let index = 0; index < group.one.length; index++) {
        const { oneAt } = group
        this.#pair(column, group.one[index]!, group, (step) => oneAt[step] === index)
      }
    } else if (group.one.length === 1) this.#pair(column, group.one[0]!, group, undefined)
    if (filled === undefined) return
    const isMissing = (step: number): boolean =>
      group.oneAt === undefined
        ? group.one.every(({ kinds }) => kinds[step] === ABSENT)
        : group.oneAt[step] === -1
    this.#pair(column, filled, group, isMissing)
  }

  /** What the `one` side has at steps at which it found no partner is combined with the fill value. */
  #pairUnmatched(column: Column, group: MatchGroup): void {
    const filled = this.#constant(this.#matching.fillLeft!, this.#matchLabels(column.labels))
    const before = group.matched!.slice()
    this.#pair(filled, column, group, (step) => before[step] === 0)
  }

  #constant(value: number, labels: Labels): Column {
    const column = new Column(this.#grid.count, labels)
    column.values.fill(value)
    column.kinds.fill(FLOAT)
    return column
  }

  /** Combines two series at the steps that both have and that `when` allows. */
  #pair(many: Column, one: Column, group: MatchGroup, when: ((step: number) => boolean) | undefined): void {
    const { kinds: manyKinds, values: manyValues } = many
    const { kinds: oneKinds, values: oneValues } = one
    const { returnBool, op } = this.#expr
    const comparison = isComparison(op)
    this.#evaluation.ledger.worked(this.#grid.count)
    let output: Output | undefined
    for (let step = 0; step < this.#stepsEnd; step++) {
      if (manyKinds[step] === ABSENT || oneKinds[step] === ABSENT) continue
      if (when !== undefined && !when(step)) continue
      if (manyKinds[step] !== FLOAT || oneKinds[step] !== FLOAT || this.#compute === undefined) {
        output = this.#pairOther(many, one, group, step, output)
        continue
      }
      const left = this.#swapped ? oneValues[step]! : manyValues[step]!
      const right = this.#swapped ? manyValues[step]! : oneValues[step]!
      const value = this.#compute(left, right)
      output ??= this.#output(many.labels, one.labels)
      this.#claim(output, group, step)
      if (!comparison || returnBool) this.#set(output.column, step, value)
      else if (value !== 0) this.#set(output.column, step, left)
    }
  }

  #pairOther(
    many: Column,
    one: Column,
    group: MatchGroup,
    step: number,
    known: Output | undefined,
  ): Output | undefined {
    const [left, right] = this.#swapped ? [one, many] : [many, one]
    const [a, b] = [left.histogramAt(step), right.histogramAt(step)]
    const outcome =
      a === undefined && b === undefined
        ? incompatible('float', 'float')
        : histogramOperator(this.#expr.op, a, left.values[step]!, b, right.values[step]!)
    if (outcome.note !== undefined) this.#notes.set(step, outcome.note)
    if (outcome.failed) return known
    const output = known ?? this.#output(many.labels, one.labels)
    this.#claim(output, group, step)
    if (this.#expr.returnBool) this.#set(output.column, step, Number(outcome.keep))
    else if (outcome.keep) {
      if (output.column.kinds[step] !== ABSENT) throw sameLabelset()
      output.column.setHistogram(step, outcome.histogram!)
    }
    return output
  }

  #set(column: Column, step: number, value: number): void {
    if (column.kinds[step] !== ABSENT) throw sameLabelset()
    column.setFloat(step, value)
  }

  /** Notes that a pair of `group` was formed for an output, and refuses a second one. */
  #claim(output: Output, group: MatchGroup, step: number): void {
    const oneToOne = this.#matching.card === 'one-to-one'
    if (group.matched !== undefined) {
      if (oneToOne && group.matched[step] !== 0)
        throw executionError(
          'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
        )
      group.matched[step] = 1
    }
    if (oneToOne) return
    let touched = output.touched.get(group)
    if (touched === undefined) output.touched.set(group, (touched = new Uint8Array(this.#grid.count)))
    if (touched[step] !== 0)
      throw executionError('multiple matches for labels: grouping labels must ensure unique matches')
    touched[step] = 1
  }

  #output(many: Labels, one: Labels): Output {
    const labels = this.#resultLabels(many, one)
    const key = labels.key()
    let output = this.#outputs.get(key)
    if (output === undefined) {
      const column = new Column(this.#grid.count, labels, this.#expr.returnBool)
      this.#outputs.set(key, (output = { column, touched: new Map() }))
    }
    return output
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { card, on, labels: names, include } = this.#matching
    const immediate = this.#expr.returnBool && !this.#evaluation.settings.delayedNameRemoval
    let labels = immediate || changesMeaning(this.#expr.op) ? withoutMetadata(many) : many
    if (card === 'one-to-one') labels = on ? labels.keep(...names) : labels.without(...names)
    for (const name of include) labels = labels.with(name, one.get(name))
    return labels
  }
}
