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
  readonly #collect: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #keptBytes = 0

  constructor() {
    setFlagsFromString('--expose-gc')
    this.#collect = runInNewContext('gc') as () => void
  }

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

function bytesHeld(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
