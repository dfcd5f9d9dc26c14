import { randomUUID } from 'node:crypto'
import type { Clock } from '@promontory/base'
import type { Labels, Matcher } from '@promontory/model'
import type { RecordLog } from '../record-log.ts'
import { compileMatchers, silenceFault, silenceMatches, silenceState, type Silence } from './silence.ts'

export class SilenceError extends Error {
  override readonly name: string = 'SilenceError'
}

/** No silence has this id. */
export class SilenceNotFoundError extends SilenceError {
  override readonly name = 'SilenceNotFoundError'
}

export interface SilenceLimits {
  /** `--silences.max-silences`; 0 for any number. */
  readonly silencesMax: number
  /** `--silences.max-silence-size-bytes`; 0 for any size. */
  readonly silenceBytesMax: number
  /** How long expired silences are kept: `--data.retention`, 120 h. */
  readonly retentionMs: number
}

export const DEFAULT_SILENCE_LIMITS: SilenceLimits = {
  silencesMax: 0,
  silenceBytesMax: 0,
  retentionMs: 120 * 3_600_000,
}

/** What a caller gives; with an id it edits. */
export type SilenceRequest = Omit<Silence, 'id' | 'updatedAtMs'> & { readonly id?: string }

interface Held {
  readonly silence: Silence
  readonly matchers: readonly Matcher[]
}

/** What became of a silence by request, in upstream's words. */
export type SilenceChange = 'create silence' | 'update silence' | 'expire silence'

/** All silences, kept over restarts. */
export class Silences {
  /** Hears of each change that is asked for here. Must not throw. */
  onChange: ((change: SilenceChange, silence: Silence) => void) | undefined
  readonly #clock: Clock
  readonly #log: RecordLog<Silence>
  readonly #limits: SilenceLimits
  readonly #held = new Map<string, Held>()

  constructor(clock: Clock, log: RecordLog<Silence>, limits: Partial<SilenceLimits> = {}) {
    this.#clock = clock
    this.#log = log
    this.#limits = { ...DEFAULT_SILENCE_LIMITS, ...limits }
    for (const silence of log.load()) this.#hold(silence)
    this.#dropOld()
  }

  /** All silences, expired ones too. */
  all(): Silence[] {
    return [...this.#held.values()].map(({ silence }) => silence)
  }

  get(id: string): Silence | undefined {
    return this.#held.get(id)?.silence
  }

  /** Ids of the active silences that mute an alert with these labels. */
  silencing(labels: Labels, nowMs: number): string[] {
    const ids: string[] = []
    for (const { silence, matchers } of this.#held.values())
      if (silenceState(silence, nowMs) === 'active' && silenceMatches(matchers, labels)) ids.push(silence.id)
    return ids.sort()
  }

  /**
   * Creates a silence, or edits the one named by `id`: in place where only its end (and, while pending, its start)
   * changes, otherwise by expiring it and creating another.
   * @returns the id of the silence that now holds
   * @throws SilenceNotFoundError, SilenceError in upstream's words
   */
  async set(request: SilenceRequest): Promise<string> {
    const fault = silenceFault(request)
    if (fault !== undefined) throw new SilenceError(fault)
    const nowMs = this.#clock.nowMs()
    const old = request.id ? this.get(request.id) : undefined
    if (request.id && old === undefined) throw new SilenceNotFoundError('silence not found')
    if (old !== undefined && canEdit(old, request, nowMs)) {
      const edited = { ...request, id: old.id, updatedAtMs: nowMs }
      this.#checkSize(edited)
      await this.#write(edited)
      this.onChange?.('update silence', edited)
      return old.id
    }
    const fresh: Silence = {
      ...request,
      id: randomUUID(),
      startsAtMs: Math.max(request.startsAtMs, nowMs),
      updatedAtMs: nowMs,
    }
    this.#checkSize(fresh)
    this.#checkCount(old)
    if (old !== undefined && silenceState(old, nowMs) !== 'expired') await this.expire(old.id)
    await this.#write(fresh)
    this.onChange?.('create silence', fresh)
    return fresh.id
  }

  /** Ends a silence now. @throws SilenceNotFoundError, SilenceError when it has ended already */
  async expire(id: string): Promise<void> {
    const silence = this.get(id)
    if (silence === undefined) throw new SilenceNotFoundError('silence not found')
    const nowMs = this.#clock.nowMs()
    const state = silenceState(silence, nowMs)
    if (state === 'expired') throw new SilenceError('silence already expired')
    // One millisecond back, so that it is over now and not after this millisecond.
    const endsAtMs = Math.max(nowMs - 1, state === 'pending' ? nowMs - 1 : silence.startsAtMs)
    const startsAtMs = state === 'pending' ? endsAtMs : silence.startsAtMs
    const expired = { ...silence, startsAtMs, endsAtMs, updatedAtMs: nowMs }
    await this.#write(expired)
    this.onChange?.('expire silence', expired)
  }

  /** Adds a silence that has its id already, unless that is known. */
  async addIfUnknown(silence: Silence): Promise<void> {
    if (!this.#held.has(silence.id)) await this.#write(silence)
  }

  /** Takes what another instance wrote; the newer one wins. */
  adopt(silence: Silence): void {
    const known = this.get(silence.id)
    if (known === undefined || known.updatedAtMs <= silence.updatedAtMs) this.#hold(silence)
  }

  /** Forgets silences that ended longer ago than the retention, and writes the rest afresh. */
  async maintain(): Promise<void> {
    this.#dropOld()
    await this.#log.rewrite(this.all())
  }

  #dropOld(): void {
    const beforeMs = this.#clock.nowMs() - this.#limits.retentionMs
    for (const [id, { silence }] of this.#held) if (silence.endsAtMs < beforeMs) this.#held.delete(id)
  }

  #hold(silence: Silence): void {
    this.#held.set(silence.id, { silence, matchers: compileMatchers(silence.matchers) })
  }

  async #write(silence: Silence): Promise<void> {
    // Written first: a silence that was acknowledged must not be lost.
    await this.#log.append(silence)
    this.#hold(silence)
  }

  #checkSize(silence: Silence): void {
    const bytes = Buffer.byteLength(JSON.stringify(silence))
    const { silenceBytesMax: limit } = this.#limits
    if (limit > 0 && bytes > limit)
      throw new SilenceError(`silence exceeded maximum size: ${bytes} bytes (limit: ${limit} bytes)`)
  }

  #checkCount(replaced: Silence | undefined): void {
    const { silencesMax: limit } = this.#limits
    const count = this.#held.size + (replaced === undefined ? 1 : 0)
    if (limit > 0 && count > limit)
      throw new SilenceError(`exceeded maximum number of silences: ${this.#held.size} (limit: ${limit})`)
  }
}

function canEdit(old: Silence, next: SilenceRequest, nowMs: number): boolean {
  if (JSON.stringify(old.matchers) !== JSON.stringify(next.matchers)) return false
  const seconds = (ms: number): number => Math.floor(ms / 1000)
  switch (silenceState(old, nowMs)) {
    case 'active':
      return seconds(next.startsAtMs) === seconds(old.startsAtMs) && next.endsAtMs >= nowMs
    case 'pending':
      return next.startsAtMs >= nowMs
    case 'expired':
      return false
  }
}
