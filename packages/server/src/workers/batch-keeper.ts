import { type ParserOptions, QueryBatch } from '@promontory/promql'
import type { AskedTogether } from './protocol.ts'

/** Results of parts are forgotten so long after the last of their queries began. */
const KEPT_MS = 3000
/** Groups of queries kept at once. */
const BATCHES_MAX = 4

/** What the queries of a group, which come one after the other, have evaluated in common. */
export class BatchKeeper {
  readonly #parserOptions: ParserOptions
  /** In order of use. */
  readonly #batches = new Map<number, QueryBatch>()
  #forgetting: NodeJS.Timeout | undefined

  constructor(parserOptions: ParserOptions) {
    this.#parserOptions = parserOptions
  }

  of({ id, queries }: AskedTogether): QueryBatch {
    const batch = this.#batches.get(id) ?? new QueryBatch(queries, this.#parserOptions)
    this.#batches.delete(id)
    this.#batches.set(id, batch)
    if (this.#batches.size > BATCHES_MAX) this.#batches.delete(this.#batches.keys().next().value!)
    clearTimeout(this.#forgetting)
    this.#forgetting = setTimeout(() => this.#batches.clear(), KEPT_MS).unref()
    return batch
  }
}
