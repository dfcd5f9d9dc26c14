import { makeCollector } from './workers/idle-collector.ts'

const CHECK_MS = 5000
/** Growth since the last collection that is worth another one: some 40 ms of the thread's time. */
const WORTH_BYTES = 24 * 1024 * 1024
/** Of a large heap more must have come. */
const WORTH_SHARE = 0.5

/**
 * Collects the main thread's garbage, and gives its pages back. The engine waits with that until its heap has grown by a multiple: what
 * the first scrapes of many series leave lying (as much as the series themselves take) would stay for hours, since
 * little comes after it.
 */
export class HeapTrimmer {
  readonly #collect = makeCollector()
  #keptBytes = process.memoryUsage().heapUsed
  #timer: ReturnType<typeof setInterval> | undefined

  start(): void {
    this.#timer = setInterval(() => this.#trim(), CHECK_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #trim(): void {
    const grown = process.memoryUsage().heapUsed - this.#keptBytes
    if (grown < Math.max(WORTH_BYTES, WORTH_SHARE * this.#keptBytes)) return
    this.#collect({ type: 'major', flavor: 'last-resort' })
    this.#keptBytes = process.memoryUsage().heapUsed
  }
}
