import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Garbage that is worth a collection while nobody waits. */
const WORTH_BYTES = 12 * 1024 * 1024
/** No task for so long: the thread is idle. */
const IDLE_MS = 700
/** No task for so long: it will hardly miss its pages, nor the tenth of a second that giving them back takes. */
const QUIET_MS = 4000

/**
 * Collects the garbage of a thread when it has been idle for a moment. Results are megabytes of typed arrays, which the engine leaves
 * lying until it needs their room: a thread that has nothing to do would keep them for hours.
 */
export class IdleCollector {
  readonly #collect = makeCollector()
  #timer: ReturnType<typeof setTimeout> | undefined
  #keptBytes = 0
  #holdsPages = false

  /** A task begins. */
  busy(): void {
    clearTimeout(this.#timer)
  }

  /** A task has ended. */
  idle(): void {
    this.#wait(IDLE_MS, () => {
      if (bytesHeld() - this.#keptBytes >= WORTH_BYTES) {
        this.#collect()
        this.#keptBytes = bytesHeld()
        this.#holdsPages = true
      }
      if (this.#holdsPages) this.#wait(QUIET_MS - IDLE_MS, () => this.#giveBack())
    })
  }

  #wait(ms: number, then: () => void): void {
    this.#timer = setTimeout(then, ms)
    this.#timer.unref()
  }

  /** A collection keeps the pages that it has emptied, for what comes next: tens of megabytes per thread. */
  #giveBack(): void {
    this.#collect({ type: 'major', flavor: 'last-resort' })
    this.#holdsPages = false
  }
}

/** V8's `gc`, of this thread. `last-resort` also gives pages back that are empty afterwards. */
export type Collect = (options?: {
  readonly type: 'major'
  readonly flavor: 'regular' | 'last-resort'
}) => void

export function makeCollector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}

function bytesHeld(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
