const WIDTH = 30
/** Redrawn at most this often. */
const INTERVAL_MS = 100

/** A bar on standard error, when that is a terminal; nothing otherwise, so that logs stay readable. */
export class ProgressBar {
  readonly #isShown: boolean = process.stderr.isTTY === true
  #lastMs = 0

  /** @param done  0…1 */
  show(what: string, done: number): void {
    if (!this.#isShown || (performance.now() - this.#lastMs < INTERVAL_MS && done < 1)) return
    this.#lastMs = performance.now()
    const filled = Math.round(WIDTH * Math.min(1, done))
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`
    const room = Math.max(10, (process.stderr.columns ?? 80) - WIDTH - 8)
    process.stderr.write(
      `\r\x1b[K${bar} ${String(Math.floor(100 * done)).padStart(3)} % ${what.slice(-room)}`,
    )
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K')
  }
}
