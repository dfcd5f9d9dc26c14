import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Garbage that is worth a collection while nobody waits. */
const WORTH_BYTES = 12 * 1024 * 1024
/** No task for so long: the thread is idle. */
const IDLE_MS = 700

/**
 * Collects the garbage of a thread when it has been idle for a moment. Results are megabytes of typed arrays, which the engine leaves
 * lying until it needs their room: a thread that has nothing to do would keep them for hours.
 */
export class IdleCollector {
  readonly #collect = makeCollector()
  #timer: ReturnType<typeof setTimeout> | undefined
  #keptBytes = 0

  /** A task begins. */
  busy(): void {
    clearTimeout(this.#timer)
  }

  /** A task has ended. */
  idle(): void {
    this.#timer = setTimeout(() => this.#collectIfWorth(), IDLE_MS)
    this.#timer.unref()
  }

  #collectIfWorth(): void {
    if (bytesHeld() - this.#keptBytes < WORTH_BYTES) return
    this.#collect()
    this.#keptBytes = bytesHeld()
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
