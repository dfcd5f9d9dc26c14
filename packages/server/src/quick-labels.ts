import type { Matcher } from '@promontory/model'
import { ParseError, parseSelector } from '@promontory/promql/parser'
import type { LabelReader } from '@promontory/tsdb'
import { labelNames, labelValues } from './workers/label-tasks.ts'
import type { QueryTask } from './workers/protocol.ts'

type LabelTask = Extract<QueryTask, { kind: 'labelNames' | 'labelValues' }>

/** Answers small questions about labels without a worker. */
export class QuickLabels {
  readonly #reader: LabelReader
  readonly #isLocal: () => boolean

  /** @param isLocal  whether no other server knows of labels */
  constructor(reader: LabelReader, isLocal: () => boolean) {
    this.#reader = reader
    this.#isLocal = isLocal
  }

  /** @returns the response body; undefined for a question that a worker must answer */
  answer(task: QueryTask): Promise<Uint8Array> | undefined {
    if ((task.kind !== 'labelNames' && task.kind !== 'labelValues') || !this.#isLocal()) return undefined
    const matchers = matchersOf(task)
    const source = matchers === undefined ? undefined : this.#reader.sourceFor(matchers, task)
    if (source === undefined) return undefined
    return task.kind === 'labelNames'
      ? labelNames(source, task, undefined)
      : labelValues(source, task, undefined)
  }
}

/** Undefined for several selectors, and for one that cannot be read: a worker says why. */
function matchersOf({ selectors }: LabelTask): readonly Matcher[] | undefined {
  if (selectors.length > 1) return undefined
  try {
    return selectors.flatMap((selector) => parseSelector(selector))
  } catch (error) {
    if (error instanceof ParseError) return undefined
    throw error
  }
}
