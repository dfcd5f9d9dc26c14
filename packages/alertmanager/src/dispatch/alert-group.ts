import type { Clock, Timer } from '@promontory/base'
import type { Labels } from '@promontory/model'
import { isResolvedAt, type Alert } from '../alerts/alert.ts'
import type { FlushQueue } from './flush-queue.ts'
import type { Route } from './route.ts'

/** What a group hands on when its time has come. */
export interface Flush {
  readonly group: AlertGroup
  /** By their order of arrival; firing ones have an end in the future. */
  readonly alerts: readonly Alert[]
  readonly nowMs: number
  /** Ends when the group interval is over or the dispatcher stops. */
  readonly signal: AbortSignal
  /** To be waited for before work goes on after a pause, so that groups do not go on all at once. */
  readonly takeTurn?: () => Promise<void> | undefined
}

/** True when everything was delivered (or needed no delivery): resolved alerts may then be forgotten. */
export type FlushHandler = (flush: Flush) => Promise<boolean>

/** Least time that deliveries get, however short the group interval. */
const TIMEOUT_MIN_MS = 10_000

/**
 * Alerts of one route that share their group labels:
 * 1. the first flush comes `group_wait` after the first alert (at once when that alert is older than the wait);
 * 2. then one each `group_interval`, a flush that is late being run right after the one before;
 * 3. a flush that went well takes the resolved alerts away; an empty group ends.
 */
export class AlertGroup {
  readonly route: Route
  readonly labels: Labels
  readonly key: string
  readonly #clock: Clock
  readonly #handler: FlushHandler
  readonly #queue: FlushQueue
  readonly #onEmpty: (group: AlertGroup) => void
  readonly #alerts = new Map<string, Alert>()
  readonly #abort = new AbortController()
  #timer: Timer | undefined
  #nextFlushMs: number
  #flushing: Promise<void> | undefined
  #overdue = false
  /** Names of the time intervals that held the last flush back. */
  mutedBy: readonly string[] = []

  constructor(
    route: Route,
    labels: Labels,
    first: Alert,
    options: {
      clock: Clock
      handler: FlushHandler
      queue: FlushQueue
      onEmpty: (group: AlertGroup) => void
    },
  ) {
    this.route = route
    this.labels = labels
    this.key = `${route.key}:${labels}`
    this.#clock = options.clock
    this.#handler = options.handler
    this.#queue = options.queue
    this.#onEmpty = options.onEmpty
    const nowMs = this.#clock.nowMs()
    const isOld = first.startsAtMs + route.groupWaitMs < nowMs
    this.#nextFlushMs = isOld ? nowMs : nowMs + route.groupWaitMs
    this.#schedule()
  }

  /** When the group is flushed next. */
  get nextFlushMs(): number {
    return this.#nextFlushMs
  }

  get alerts(): readonly Alert[] {
    return [...this.#alerts.values()]
  }

  insert(alert: Alert): void {
    this.#alerts.set(alert.fingerprint, alert)
  }

  stop(): Promise<void> {
    this.#timer?.cancel()
    this.#abort.abort()
    return this.#flushing ?? Promise.resolve()
  }

  #schedule(): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.setTimer(Math.max(0, this.#nextFlushMs - this.#clock.nowMs()), () =>
      this.#due(),
    )
  }

  #due(): void {
    this.#nextFlushMs = this.#clock.nowMs() + this.route.groupIntervalMs
    this.#schedule()
    if (this.#flushing !== undefined) {
      this.#overdue = true
      return
    }
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = undefined
      if (this.#overdue && !this.#abort.signal.aborted) {
        this.#overdue = false
        this.#due()
      }
    })
  }

  async #flush(): Promise<void> {
    const turn = this.#queue.enter()
    if (turn !== undefined) await turn
    if (this.#abort.signal.aborted) return
    const nowMs = this.#clock.nowMs()
    const alerts = this.alerts
    const deadline = new AbortController()
    const stop = (): void => deadline.abort(this.#abort.signal.reason)
    this.#abort.signal.addEventListener('abort', stop)
    const timer = this.#clock.setTimer(Math.max(TIMEOUT_MIN_MS, this.route.groupIntervalMs), () =>
      deadline.abort(new DOMException('context deadline exceeded', 'TimeoutError')),
    )
    try {
      const done = await this.#handler({
        group: this,
        alerts,
        nowMs,
        signal: deadline.signal,
        takeTurn: () => this.#queue.enter(),
      })
      if (done) this.#forgetResolved(alerts, nowMs)
    } finally {
      timer.cancel()
      this.#abort.signal.removeEventListener('abort', stop)
    }
  }

  /** Only those that did not change while they were being delivered. */
  #forgetResolved(delivered: readonly Alert[], nowMs: number): void {
    for (const alert of delivered)
      if (isResolvedAt(alert, nowMs) && this.#alerts.get(alert.fingerprint) === alert)
        this.#alerts.delete(alert.fingerprint)
    if (this.#alerts.size > 0) return
    this.#timer?.cancel()
    this.#overdue = false
    this.#onEmpty(this)
  }
}
