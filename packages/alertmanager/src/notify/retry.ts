import type { Clock } from '@promontory/base'

/** First pause between two tries; each following one is half as long again, up to a minute, spread by half. */
const FIRST_PAUSE_MS = 500
const PAUSE_MAX_MS = 60_000

/** How long to wait after the n-th failed try (from 0). `random` is in [0, 1). */
export function pauseAfter(attempt: number, random: number): number {
  const pauseMs = Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 1.5 ** attempt)
  return pauseMs * (0.5 + random)
}

/** Waits; false when the signal ended it. */
export function wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const stop = (): void => {
      timer.cancel()
      resolve(false)
    }
    const timer = clock.setTimer(delayMs, () => {
      signal.removeEventListener('abort', stop)
      resolve(true)
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}
