import { countOf, type Outgoing } from './outgoing.ts'

export interface ShardOptions {
  readonly capacity: number
  readonly batchSize: number
  /** How long an item waits for its batch to become full. */
  readonly deadlineMs: number
  /** Sends a batch, and comes back when it is done with, sent or given up. */
  readonly send: (batch: readonly Outgoing[]) => Promise<void>
  /** Called when there is room again. */
  readonly onRoom: () => void
}

/** A queue of its own and one request at a time: what is of one series stays in order. */
export class Shard {
  readonly #options: ShardOptions
  #items: Outgoing[] = []
  #sending = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #idle: (() => void)[] = []
  #ending = false

  constructor(options: ShardOptions) {
    this.#options = options
  }

  get pending(): number {
    return this.#items.length
  }

  get hasRoom(): boolean {
    return this.#items.length < this.#options.capacity
  }

  pendingByKind(): ReturnType<typeof countOf> {
    return countOf(this.#items)
  }

  add(item: Outgoing): void {
    this.#items.push(item)
    if (this.#items.length >= this.#options.batchSize) this.#send()
    else this.#timer ??= setTimeout(() => this.#flush(), this.#options.deadlineMs)
  }

  /** Sends what is there without waiting for more; resolves when nothing is left. */
  drain(): Promise<void> {
    this.#ending = true
    if (this.#items.length === 0 && !this.#sending) return Promise.resolve()
    this.#flush()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Forgets what waits. */
  drop(): void {
    clearTimeout(this.#timer)
    this.#items = []
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#items.length > 0) this.#send()
  }

  #send(): void {
    if (this.#sending) return
    this.#sending = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#items.splice(0, this.#options.batchSize)
    void this.#options.send(batch).finally(() => {
      this.#sending = false
      this.#options.onRoom()
      this.#next()
    })
  }

  #next(): void {
    if (this.#items.length >= this.#options.batchSize || (this.#ending && this.#items.length > 0))
      this.#send()
    else if (this.#items.length > 0) this.#timer ??= setTimeout(() => this.#flush(), this.#options.deadlineMs)
    else for (const resolve of this.#idle.splice(0)) resolve()
  }
}
