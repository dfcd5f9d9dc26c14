import { LRUCache } from 'lru-cache'
import type { Clock } from '@promontory/base'
import { AccessError } from './errors.ts'

/** Failed logins of one account from anywhere, and of one address for any account, before they have to wait. */
const FAILURES_PER_LOGIN = 5
const FAILURES_PER_CLIENT = 20
const WINDOW_MS = 5 * 60_000
/** Names that are remembered; who makes up more of them pushes out his own. */
const KEYS_MAX = 10_000

/** Slows down guessing: after some failures within five minutes nothing is even looked at. */
export class LoginLimiter {
  readonly #clock: Clock
  readonly #failures = new LRUCache<string, number[]>({ max: KEYS_MAX })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws AccessError `too-many` */
  check(login: string, client: string): void {
    const waitMs = Math.max(
      this.#waitMs(`login ${login}`, FAILURES_PER_LOGIN),
      this.#waitMs(`client ${client}`, FAILURES_PER_CLIENT),
    )
    if (waitMs <= 0) return
    const seconds = Math.ceil(waitMs / 1000)
    throw new AccessError('too-many', `too many failed logins; try again in ${seconds} seconds`, seconds)
  }

  fail(login: string, client: string): void {
    for (const key of [`login ${login}`, `client ${client}`])
      this.#failures.set(key, [...this.#recent(key), this.#clock.nowMs()].slice(-FAILURES_PER_CLIENT))
  }

  succeed(login: string): void {
    this.#failures.delete(`login ${login}`)
  }

  #waitMs(key: string, allowed: number): number {
    const recent = this.#recent(key)
    return recent.length < allowed ? 0 : recent.at(-allowed)! + WINDOW_MS - this.#clock.nowMs()
  }

  #recent(key: string): number[] {
    const since = this.#clock.nowMs() - WINDOW_MS
    return (this.#failures.get(key) ?? []).filter((timeMs) => timeMs > since)
  }
}
