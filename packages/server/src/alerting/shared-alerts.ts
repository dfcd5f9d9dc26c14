import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { errorText, type Clock, type Logger } from '@promontory/base'
import { createAlert, isResolvedAt, type Alert } from '@promontory/alertmanager'
import { Labels } from '@promontory/model'
import type { SharedRecords } from './shared-records.ts'

/** Alerts in one row: some 800 KB before they are compressed. */
const BATCH_ALERTS_MAX = 2000
/** Alerts that wait for a database that does not answer; the oldest go. */
const PENDING_MAX = 200_000
/** What fires is sent again within minutes: an instance that starts needs no older rows. */
const KEPT_MS = 600_000
const TRIM_EVERY_MS = 60_000
/** Rows are numbered before they can be read: those just behind the newest one are looked for again. */
const OVERLAP = 100
/** An alert that only lives on is shared again when its end has moved by this much, or by a quarter of its life. */
const END_MOVES_MS = 30_000
/** What was shared of an alert is forgotten this long after its end. */
const FORGET_MS = 600_000

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** An alert in a row: label pairs, annotation pairs, start, end, URL, update, whether the end is a guess. */
type Packed = readonly [readonly string[], readonly string[], number, number, string, number, 0 | 1]

/**
 * Alerts that instances behind one balancer share: each request reaches one of them, and all must know the same groups.
 * What an instance receives goes, many at a time, into rows that the others read; rows live for minutes.
 */
export class SharedAlerts {
  readonly #records: SharedRecords
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #origin: string = randomUUID()
  /** By fingerprint, not yet in the database. */
  #pending = new Map<string, Alert>()
  /** The end that the others know, by fingerprint. */
  readonly #told = new Map<string, number>()
  readonly #seen = new Set<number>()
  #last = 0
  #nextTrimMs = 0
  #pushing: Promise<void> | undefined
  #adopt: ((alerts: readonly Alert[]) => Promise<void>) | undefined

  constructor(records: SharedRecords, clock: Clock, logger: Logger) {
    this.#records = records
    this.#clock = clock
    this.#logger = logger
  }

  /** Who hears of the others' alerts, from now on. */
  connect(adopt: (alerts: readonly Alert[]) => Promise<void>): void {
    this.#adopt = adopt
  }

  /** An alert that this instance was sent. */
  note(alert: Alert): void {
    const { fingerprint, endsAtMs } = alert
    const nowMs = this.#clock.nowMs()
    const told = this.#told.get(fingerprint)
    const isNews =
      told === undefined ||
      told <= nowMs !== isResolvedAt(alert, nowMs) ||
      // An end that comes nearer: it resolves, maybe a moment from now by our clock.
      endsAtMs < told ||
      endsAtMs - told > Math.min(END_MOVES_MS, (endsAtMs - nowMs) / 4)
    if (!isNews) return
    this.#told.set(fingerprint, endsAtMs)
    this.#pending.delete(fingerprint)
    this.#pending.set(fingerprint, alert)
    if (this.#pending.size > PENDING_MAX) this.#pending.delete(this.#pending.keys().next().value!)
  }

  /** Hands on what waits. Never rejects: what cannot be written waits on. */
  async push(): Promise<void> {
    // What was noted while a push ran goes with the next one.
    while (this.#pushing !== undefined) await this.#pushing
    if (this.#pending.size === 0) return
    this.#pushing = this.#pushAll().finally(() => (this.#pushing = undefined))
    await this.#pushing
  }

  async #pushAll(): Promise<void> {
    const alerts = [...this.#pending.values()]
    this.#pending = new Map()
    for (let i = 0; i < alerts.length; i += BATCH_ALERTS_MAX) {
      const batch = alerts.slice(i, i + BATCH_ALERTS_MAX)
      try {
        const row = {
          origin: this.#origin,
          data: await pack(batch),
          written_ms: Math.floor(this.#clock.nowMs()),
        }
        await this.#records.attempt(() =>
          this.#records
            .tables()
            .insertInto('alert_batch')
            .values(row as never)
            .execute(),
        )
      } catch {
        // Said already. What came meanwhile is newer.
        const rest = new Map(alerts.slice(i).map((alert) => [alert.fingerprint, alert]))
        this.#pending = new Map([...rest, ...this.#pending])
        return
      }
    }
  }

  /** Takes over what the others were sent. Rejects when the database does not answer. */
  async poll(): Promise<void> {
    if (this.#adopt === undefined) return
    const nowMs = this.#clock.nowMs()
    if (nowMs >= this.#nextTrimMs) await this.#trim(nowMs)
    const rows = await this.#records.attempt(() =>
      this.#records
        .tables()
        .selectFrom('alert_batch')
        .select(['id', 'origin'])
        .where('id', '>', this.#last - OVERLAP)
        .where('written_ms', '>', Math.floor(nowMs - KEPT_MS))
        .orderBy('id')
        .execute(),
    )
    for (const { id, origin } of rows) {
      if (this.#seen.has(id)) continue
      if (origin !== this.#origin) await this.#take(id)
      this.#seen.add(id)
      this.#last = Math.max(this.#last, id)
    }
    for (const id of this.#seen) if (id <= this.#last - OVERLAP) this.#seen.delete(id)
  }

  async #take(id: number): Promise<void> {
    const row = await this.#records.attempt(() =>
      this.#records.tables().selectFrom('alert_batch').select('data').where('id', '=', id).executeTakeFirst(),
    )
    if (row === undefined) return
    let alerts: Alert[]
    try {
      alerts = await unpack(row.data)
    } catch (error) {
      this.#logger.error('Alerts of another instance cannot be read', { row: id, err: errorText(error) })
      return
    }
    for (const { fingerprint, endsAtMs } of alerts) this.#told.set(fingerprint, endsAtMs)
    await this.#adopt!(alerts)
  }

  async #trim(nowMs: number): Promise<void> {
    this.#nextTrimMs = nowMs + TRIM_EVERY_MS
    for (const [fingerprint, endsAtMs] of this.#told)
      if (endsAtMs < nowMs - FORGET_MS) this.#told.delete(fingerprint)
    await this.#records.attempt(() =>
      this.#records
        .tables()
        .deleteFrom('alert_batch')
        .where('written_ms', '<', Math.floor(nowMs - KEPT_MS))
        .execute(),
    )
  }
}

async function pack(alerts: readonly Alert[]): Promise<string> {
  const packed = alerts.map(
    ({ labels, annotations, startsAtMs, endsAtMs, generatorUrl, updatedAtMs, timeout }): Packed => [
      labels.pairs,
      annotations.pairs,
      startsAtMs,
      endsAtMs,
      generatorUrl,
      updatedAtMs,
      timeout ? 1 : 0,
    ],
  )
  return (await compress(JSON.stringify(packed))).toString('base64')
}

async function unpack(data: string): Promise<Alert[]> {
  const packed = JSON.parse((await decompress(Buffer.from(data, 'base64'))).toString('utf8')) as Packed[]
  return packed.map(([labels, annotations, startsAtMs, endsAtMs, generatorUrl, updatedAtMs, timeout]) =>
    createAlert({
      labels: Labels.fromSorted(labels),
      annotations: Labels.fromSorted(annotations),
      startsAtMs,
      endsAtMs,
      generatorUrl,
      updatedAtMs,
      timeout: timeout === 1,
    }),
  )
}
