import type { Clock, Counter, Histogram, Logger, Registry } from '@promontory/base'
import {
  insertRow,
  insertRows,
  isUniqueViolation,
  type Kysely,
  sql,
  type StateDatabase,
} from '@promontory/state'
import { incidentFromRow, IncidentError, type EventKind, type Incident } from './incident.ts'
import { incidentSteps, type IncidentRow, type IncidentTables } from './tables.ts'

/** Marks incidents on dashboards. */
export interface IncidentMarks {
  /** @returns the marks' ids, in the order of the incidents */
  open(incidents: readonly Incident[]): Promise<readonly number[]>
  close(id: number, incident: Incident): Promise<void>
}

export interface IncidentsOptions {
  readonly state: StateDatabase
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly marks?: IncidentMarks
}

/** What an incident is opened with. */
export interface FreshIncident extends Pick<
  Incident,
  'title' | 'severity' | 'source' | 'openedBy' | 'summary' | 'labels' | 'alerts'
> {
  /** Hash of what opens it; undefined for one that is never joined with another. */
  readonly key: string | undefined
  /** First line of its timeline. */
  readonly text: string
}

/** A line of a timeline that is to be written. */
export interface Note {
  readonly kind: EventKind
  readonly actor: string
  readonly text: string
}

/** What alerts do to an incident that is there. */
export interface Change {
  readonly values: Partial<IncidentRow>
  readonly notes: readonly Note[]
  /** The incident as it will be. */
  readonly after: Incident
}

type Database = Kysely<IncidentTables>

/** An alert group that fires again this soon after it had resolved belongs to the same incident. */
const REOPEN_WITHIN_MS = 10 * 60_000
const BUCKETS = [60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 259_200]

/** Incidents, their timelines and marks, as they lie in the database; and what is counted when that changes. */
export class IncidentRecords {
  readonly acknowledgeSeconds: Histogram
  readonly #options: IncidentsOptions
  readonly #resolveSeconds: Histogram
  readonly #opened: Counter

  private constructor(options: IncidentsOptions) {
    const { registry } = options
    this.#options = options
    const labels = ['severity']
    this.acknowledgeSeconds = registry.histogram({
      name: 'promontory_incident_time_to_acknowledge_seconds',
      help: 'Time from the opening of an incident until somebody acknowledged it.',
      labels,
      buckets: BUCKETS,
    })
    this.#resolveSeconds = registry.histogram({
      name: 'promontory_incident_time_to_resolve_seconds',
      help: 'Time from the opening of an incident until it was resolved.',
      labels,
      buckets: BUCKETS,
    })
    this.#opened = registry.counter({
      name: 'promontory_incidents_opened_total',
      help: 'Incidents that were opened.',
      labels: ['severity', 'source'],
    })
  }

  /** Brings the tables up to date. @throws StateError */
  static async open(options: IncidentsOptions): Promise<IncidentRecords> {
    await options.state.migrate('incidents', incidentSteps)
    return new IncidentRecords(options)
  }

  /** The clock's time in whole milliseconds. */
  get nowMs(): number {
    return Math.floor(this.#options.clock.nowMs())
  }

  get db(): Database {
    return this.#options.state.tables<IncidentTables>()
  }

  /** @throws IncidentError `not-found` */
  async get(id: number): Promise<Incident> {
    const row = await this.db.selectFrom('incident').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined) throw new IncidentError('not-found', `there is no incident ${id}`)
    return incidentFromRow(row)
  }

  /**
   * By their keys: incidents that are open, and those that their alerts resolved a moment ago. What a person has resolved
   * stays so.
   */
  async knownOf(keys: readonly string[]): Promise<Map<string, Incident>> {
    const rows = await this.db
      .selectFrom('incident')
      .selectAll()
      .where('dedup_key', 'in', keys)
      .where((is) =>
        is.or([
          is('open_key', 'is not', null),
          is.and([is('resolved_by', '=', ''), is('resolved_ms', '>', this.nowMs - REOPEN_WITHIN_MS)]),
        ]),
      )
      .orderBy('opened_ms')
      .orderBy('id')
      .execute()
    const known = new Map<string, Incident>()
    for (const row of rows) {
      const before = known.get(row.dedup_key!)
      if (before === undefined || before.state === 'resolved') known.set(row.dedup_key!, incidentFromRow(row))
    }
    return known
  }

  /** Opens one. @returns the one that is open already when another instance was faster */
  async open(fresh: FreshIncident): Promise<{ incident: Incident; isNew: boolean }> {
    const nowMs = this.nowMs
    const { state } = this.#options
    let id: number
    try {
      id = await state.transaction<IncidentTables, number>(async (transaction) => {
        const added = await insertRow(state, transaction, 'incident', rowOf(fresh, nowMs))
        await insertRow(state, transaction, 'incident_event', eventRow(added, openingOf(fresh), nowMs))
        return added
      })
    } catch (error) {
      const { key } = fresh
      const other = isUniqueViolation(error) && key !== undefined ? (await this.knownOf([key])).get(key) : undefined
      if (other === undefined) throw error
      return { incident: other, isNew: false }
    }
    return { incident: (await this.#opening([id], [fresh], nowMs))[0]!, isNew: true }
  } // prettier-ignore

  /** Opens many in few statements: all, or none when one of them is open already. */
  async openAll(fresh: readonly FreshIncident[]): Promise<void> {
    const nowMs = this.nowMs
    const { state } = this.#options
    const ids = await state.transaction<IncidentTables, number[]>(async (transaction) => {
      const added = await insertRows(state, transaction, 'incident', fresh.map((one) => rowOf(one, nowMs)))
      const events = fresh.map((one, i) => eventRow(added[i]!, openingOf(one), nowMs))
      await insertRows(state, transaction, 'incident_event', events)
      return added
    })
    await this.#opening(ids, fresh, nowMs)
  } // prettier-ignore

  async #opening(
    ids: readonly number[],
    fresh: readonly FreshIncident[],
    nowMs: number,
  ): Promise<Incident[]> {
    for (const { severity, source } of fresh) this.#opened.inc(severity, source)
    const incidents = fresh.map((one, i) =>
      incidentFromRow({ ...rowOf(one, nowMs), id: ids[i]! } as IncidentRow),
    )
    const { marks } = this.#options
    if (marks === undefined) return incidents
    let marked: readonly number[] = []
    await this.#comfort(ids, async () => {
      marked = await marks.open(incidents)
      await this.db
        .updateTable('incident')
        .set({
          annotation_id: sql<number>`case id ${sql.join(
            ids.map((id, i) => sql`when ${sql.lit(id)} then ${sql.lit(marked[i]!)}`),
            sql` `,
          )} end`,
        })
        .where('id', 'in', ids)
        .execute()
    })
    return incidents.map((incident, i) => ({ ...incident, annotationId: marked[i] }))
  }

  /**
   * Writes what alerts did to incidents, in one transaction. One that somebody has resolved meanwhile is not resolved
   * again.
   */
  async applyAll(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return
    const nowMs = this.nowMs
    const closed: Incident[] = []
    // In one order everywhere, so that two instances do not wait for each other.
    const inOrder = [...changes].sort((a, b) => a.after.id - b.after.id)
    await this.#options.state.transaction<IncidentTables, void>(async (transaction) => {
      for (const { values, notes, after } of inOrder) {
        const isEnd = after.state === 'resolved'
        let update = transaction
          .updateTable('incident')
          .set({ ...values, updated_ms: nowMs })
          .where('id', '=', after.id)
        if (isEnd) update = update.where('resolved_ms', 'is', null)
        if (Number((await update.executeTakeFirst()).numUpdatedRows) === 0) continue
        await this.#insertNotes(transaction, after.id, notes, nowMs)
        if (isEnd) closed.push(after)
      }
    })
    for (const incident of closed) await this.#closing(incident)
  }

  /** Resolves one, unless it is. @returns as it is then */
  async close(id: number, actor: string, text: string): Promise<Incident> {
    const nowMs = this.nowMs
    const closed = await this.db
      .updateTable('incident')
      .set({ open_key: null, resolved_ms: nowMs, resolved_by: actor, updated_ms: nowMs })
      .where('id', '=', id)
      .where('resolved_ms', 'is', null)
      .executeTakeFirst()
    const incident = await this.get(id)
    if (Number(closed.numUpdatedRows) === 0) return incident
    await this.note(id, { kind: 'resolved', actor, text })
    await this.#closing(incident)
    return incident
  }

  async #closing(incident: Incident): Promise<void> {
    const { id, annotationId, severity, openedAtMs, resolvedAtMs } = incident
    this.#resolveSeconds.observe((resolvedAtMs! - openedAtMs) / 1000, severity)
    const { marks } = this.#options
    if (marks === undefined || annotationId === undefined) return
    await this.#comfort([id], () => marks.close(annotationId, incident))
  }

  /** Dashboards' marks are a comfort: without them the incidents go on. */
  async #comfort(ids: readonly number[], work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const incident = ids.length === 1 ? ids[0]! : ids.join(', ')
      this.#options.logger.warn('An incident is not marked on dashboards', { incident, err: error })
    }
  }

  async update(id: number, values: Partial<IncidentRow>): Promise<void> {
    await this.db
      .updateTable('incident')
      .set({ ...values, updated_ms: this.nowMs })
      .where('id', '=', id)
      .execute()
  }

  /** Adds a line to the timeline. */
  note(id: number, note: Note): Promise<void> {
    return this.#insertNotes(this.db, id, [note], this.nowMs)
  }

  async #insertNotes(db: Database, id: number, notes: readonly Note[], nowMs: number): Promise<void> {
    const { state } = this.#options
    if (notes.length > 0)
      await insertRows(
        state,
        db,
        'incident_event',
        notes.map((note) => eventRow(id, note, nowMs)),
      )
  }
}

function openingOf({ openedBy, text }: FreshIncident): Note {
  return { kind: 'opened', actor: openedBy, text }
}

function rowOf(fresh: FreshIncident, nowMs: number): Omit<IncidentRow, 'id'> & Record<string, string | number | null> {
  const { key = null, title, severity, source, openedBy, summary, labels, alerts } = fresh
  return {
    dedup_key: key, open_key: key, title, severity, source, opened_by: openedBy, opened_ms: nowMs,
    acknowledged_ms: null, acknowledged_by: null, resolved_ms: null, resolved_by: null, summary,
    labels: JSON.stringify(labels), roles: '{}', alerts: JSON.stringify(alerts), annotation_id: null, updated_ms: nowMs,
  }
} // prettier-ignore

function eventRow(
  incidentId: number,
  { kind, actor, text }: Note,
  timeMs: number,
): Record<string, string | number> {
  return { incident_id: incidentId, time_ms: timeMs, kind, actor, text }
}
