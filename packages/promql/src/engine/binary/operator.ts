import type { FloatHistogram } from '@promontory/model'
import { addHistograms, compactHistogram, divideHistogram, histogramsEqual, IncompatibleSchemaError, scaleHistogram, subtractHistograms, trimHistogram, withHint } from '@promontory/model' // prettier-ignore
import type { BinaryOperator } from '../../parser/token.ts'
import { COMPARISONS } from '../../parser/token.ts'
import { goPow } from '../go-math.ts'

/** Arithmetic on two numbers; comparisons give 1 or 0. */
export function scalarOperator(op: BinaryOperator): (a: number, b: number) => number {
  switch (op) {
    case '+':
      return (a, b) => a + b
    case '-':
      return (a, b) => a - b
    case '*':
      return (a, b) => a * b
    case '/':
      return (a, b) => a / b
    case '%':
      return (a, b) => a % b
    case '^':
      return goPow
    case 'atan2':
      return Math.atan2
    case '==':
      return (a, b) => Number(a === b)
    case '!=':
      return (a, b) => Number(a !== b)
    case '>':
      return (a, b) => Number(a > b)
    case '<':
      return (a, b) => Number(a < b)
    case '>=':
      return (a, b) => Number(a >= b)
    case '<=':
      return (a, b) => Number(a <= b)
  }
  throw new Error(`BUG: operator ${op} is not one of numbers`)
}

/** Operators whose result is another quantity than their left side, so that its metric name no longer fits. */
const CHANGES_MEANING: ReadonlySet<string> = new Set<BinaryOperator>(['+', '-', '*', '/', '%', '^', 'atan2'])

export function changesMeaning(op: BinaryOperator): boolean {
  return CHANGES_MEANING.has(op)
}

export function isComparison(op: BinaryOperator): boolean {
  return COMPARISONS.has(op)
}

/** What prevents a result, or comes with it; the texts are made by `report`. */
export type Note =
  | { readonly type: 'incompatibleTypes'; readonly left: string; readonly right: string }
  | { readonly type: 'incompatibleBuckets' }
  | { readonly type: 'resetCollision' | 'boundsReconciled'; readonly operation: 'addition' | 'subtraction' }

/** Result with at least one histogram operand; no result when it is undefined. */
export interface HistogramOutcome {
  readonly histogram?: FloatHistogram
  /** For comparisons: whether the left side passes. */
  readonly keep: boolean
  readonly note?: Note
  /** A note that takes the result away. */
  readonly failed?: boolean
}

/** An operand that is a float has no histogram. */
export function histogramOperator(
  op: BinaryOperator,
  left: FloatHistogram | undefined,
  leftValue: number,
  right: FloatHistogram | undefined,
  rightValue: number,
): HistogramOutcome {
  if (left !== undefined && right !== undefined) return bothHistograms(op, left, right)
  if (left !== undefined) {
    if (op === '*') return result(compactHistogram(scaleHistogram(left, rightValue)))
    if (op === '/') return result(compactHistogram(divideHistogram(left, rightValue)))
    if (op === '</') return result(trimHistogram(left, rightValue, 'below'))
    if (op === '>/') return result(trimHistogram(left, rightValue, 'above'))
    return incompatible('histogram', 'float')
  }
  if (op === '*') return result(compactHistogram(scaleHistogram(right!, leftValue)))
  return incompatible('float', 'histogram')
}

function result(histogram: FloatHistogram): HistogramOutcome {
  return { histogram, keep: true }
}

export function incompatible(left: string, right: string): HistogramOutcome {
  return { keep: false, failed: true, note: { type: 'incompatibleTypes', left, right } }
}

function bothHistograms(op: BinaryOperator, left: FloatHistogram, right: FloatHistogram): HistogramOutcome {
  if (op === '==') return { histogram: left, keep: histogramsEqual(left, right) }
  if (op === '!=') return { histogram: left, keep: !histogramsEqual(left, right) }
  if (op !== '+' && op !== '-') return incompatible('histogram', 'histogram')
  const operation = op === '+' ? 'addition' : 'subtraction'
  try {
    const combined = op === '+' ? addHistograms(left, right) : subtractHistograms(left, right)
    if (combined.counterResetCollision)
      return { keep: false, failed: true, note: { type: 'resetCollision', operation } }
    const compacted = compactHistogram(combined.histogram)
    const histogram = op === '-' ? withHint(compacted, 'gauge') : compacted
    if (!combined.boundsReconciled) return { histogram, keep: true }
    return { histogram, keep: true, note: { type: 'boundsReconciled', operation } }
  } catch (error) {
    if (!(error instanceof IncompatibleSchemaError)) throw error
    return { keep: false, failed: true, note: { type: 'incompatibleBuckets' } }
  }
}
