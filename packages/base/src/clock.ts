/** Where time comes from. Everything that waits or stamps takes one, so that tests and the simulator can turn it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with fraction. */
  nowMs(): number
  /** Milliseconds from an arbitrary start, never going back. */
  monotonicMs(): number
  /** Calls back once, not before `delayMs` have passed. */
  setTimer(delayMs: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
}

/** Node's longest timer; longer delays are waited for in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647

class SystemTimer implements Timer {
  #handle: ReturnType<typeof setTimeout>
  constructor(delayMs: number, callback: () => void) {
    this.#handle = this.#start(delayMs, callback)
  }
  #start(delayMs: number, callback: () => void): ReturnType<typeof setTimeout> {
    if (delayMs <= LONGEST_TIMER_MS) return setTimeout(callback, Math.max(0, delayMs))
    return setTimeout(() => {
      this.#handle = this.#start(delayMs - LONGEST_TIMER_MS, callback)
    }, LONGEST_TIMER_MS)
  }
  cancel(): void {
    clearTimeout(this.#handle)
  }
}

/**
 * The time of day may be this far from the time that has gone by. More, and it was set, or the machine slept: then the
 * time of day counts.
 */
const DRIFT_MAX_MS = 50

/**
 * The time of day with a fraction, even while it is slewed by a few milliseconds; set forward or back it is followed.
 *
 * @param wallMs the time of day; `elapsedMs` what has gone by, which stands still while the machine sleeps
 */
export function timeOfDay(wallMs: () => number, elapsedMs: () => number): () => number {
  let originMs = wallMs() - elapsedMs()
  return () => {
    const elapsed = elapsedMs()
    const wall = wallMs()
    if (Math.abs(wall - originMs - elapsed) > DRIFT_MAX_MS) originMs = wall - elapsed
    return originMs + elapsed
  }
}

const elapsedMs = (): number => performance.now()

export const systemClock: Clock = {
  nowMs: timeOfDay(() => Date.now(), elapsedMs),
  monotonicMs: elapsedMs,
  setTimer: (delayMs, callback) => new SystemTimer(delayMs, callback),
}

/** A clock that stands still until told: `advance` runs the timers that fall due, in order of their time. */
export class FakeClock implements Clock {
  #nowMs: number
  readonly #startMs: number
  #timers: { dueMs: number; order: number; callback: () => void }[] = []
  #order = 0

  constructor(startMs = 0) {
    this.#nowMs = startMs
    this.#startMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const entry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback }
    this.#timers.push(entry)
    return { cancel: () => void (this.#timers = this.#timers.filter((timer) => timer !== entry)) }
  }

  /** Moves time on by `ms`; between due timers pending promises get to run. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = next.dueMs
      next.callback()
      await settle()
    }
    this.#nowMs = untilMs
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}
