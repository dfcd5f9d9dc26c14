import { makeCollector } from './workers/idle-collector.ts'

const CHECK_MS = 2500
/** Growth since the last collection that is worth another one: some 40 ms of the thread's time. */
const WORTH_BYTES = 24 * 1024 * 1024
/** Of a large heap more must have come. */
const WORTH_SHARE = 0.5
/** The first time less will do: start-up and first scrapes are over once, and what they left stays for good. */
const FIRST_WORTH_BYTES = 8 * 1024 * 1024

/**
 * Collects the main thread's garbage, and gives its pages back. The engine waits with that until its heap has grown by a multiple: what
 * the first scrapes of many series leave lying (as much as the series themselves take) would stay for hours, since
 * little comes after it.
 */
export class HeapTrimmer {
  readonly #collect = makeCollector()
  #keptBytes = process.memoryUsage().heapUsed
  #isFirst = true
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
    const worth = this.#isFirst ? FIRST_WORTH_BYTES : Math.max(WORTH_BYTES, WORTH_SHARE * this.#keptBytes)
    if (grown < worth) return
    this.#isFirst = false
    this.#collect({ type: 'major', flavor: 'last-resort' })
    this.#keptBytes = process.memoryUsage().heapUsed
  }
}
