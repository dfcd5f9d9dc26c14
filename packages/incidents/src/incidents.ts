import { createHash } from 'node:crypto'
import {
  type ExpressionBuilder,
  type ExpressionWrapper,
  type Kysely,
  sql,
  type SqlBool,
} from '@promontory/state'
import { following, opening } from './follow-alerts.ts'
import {
  IncidentRecords,
  type Change,
  type FreshIncident,
  type IncidentsOptions,
} from './incident-records.ts'
import {
  eventFromRow,
  incidentFromRow,
  IncidentError,
  type Incident,
  type IncidentEvent,
  type IncidentRole,
  type IncidentState,
  type Severity,
} from './incident.ts'
import type { IncidentTables } from './tables.ts'
import type { GroupReport } from './webhook-message.ts'

export interface NewIncident {
  readonly title: string
  readonly severity: Severity
  readonly summary?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Two incidents by hand of the same key are one while it is open. */
  readonly key?: string
}

/** `active`: not resolved. */
export type StateFilter = IncidentState | 'active'

const TEXT_MAX = 10_000
const LIST_MAX = 500
const EVENTS_MAX = 5000

/** All incidents, in the state database. Times of the clock are rounded to whole milliseconds. */
export class Incidents {
  readonly #records: IncidentRecords
  /** Reports of one key go one after another. */
  readonly #queues = new Map<string, Promise<unknown>>()

  private constructor(records: IncidentRecords) {
    this.#records = records
  }

  /** Brings the tables up to date. @throws StateError */
  static async open(options: IncidentsOptions): Promise<Incidents> {
    return new Incidents(await IncidentRecords.open(options))
  }

  // Reading

  /** Open ones first, then the newest. */
  async list(filter: { readonly state?: StateFilter; readonly limit?: number } = {}): Promise<Incident[]> {
    const select = this.#db().selectFrom('incident').selectAll().where(stateIs(filter.state))
    const rows = await select
      .orderBy(sql`resolved_ms is null`, 'desc')
      .orderBy('opened_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(Math.min(filter.limit ?? LIST_MAX, LIST_MAX))
      .execute()
    return rows.map(incidentFromRow)
  }

  /** How many there are. */
  async count(state?: StateFilter): Promise<number> {
    const { count } = await this.#db()
      .selectFrom('incident')
      .select(({ fn }) => fn.countAll().as('count'))
      .where(stateIs(state))
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /** @throws IncidentError `not-found` */
  get(id: number): Promise<Incident> {
    return this.#records.get(id)
  }

  /** The timeline, oldest first. */
  async events(id: number): Promise<IncidentEvent[]> {
    const rows = await this.#db()
      .selectFrom('incident_event')
      .selectAll()
      .where('incident_id', '=', id)
      .orderBy('time_ms')
      .orderBy('id')
      .limit(EVENTS_MAX)
      .execute()
    return rows.map(eventFromRow)
  }

  // Alerts

  /**
   * What a group of alerts is like now. Opens an incident when some fire, notes what has changed, and resolves it when
   * none fires any more. @returns the incident, undefined when there is none
   */
  report(report: GroupReport): Promise<Incident | undefined> {
    const key = keyOf(report)
    return this.#inTurn([key], async () => {
      const known = (await this.#records.knownOf([key])).get(key)
      if (known !== undefined) return this.#follow(known, key, report)
      const fresh = opening(key, report)
      if (fresh === undefined) return undefined
      const { incident, isNew } = await this.#records.open(fresh)
      return isNew ? incident : this.#follow(incident, key, report)
    })
  }

  /**
   * The same for many groups, in few statements: a storm of groups costs little more than one. Of two reports of one
   * group the last counts. @throws when any of them cannot be written; then some may have been
   */
  reportAll(reports: readonly GroupReport[]): Promise<void> {
    const byKey = new Map(reports.map((report) => [keyOf(report), report]))
    const keys = [...byKey.keys()]
    if (keys.length === 0) return Promise.resolve()
    return this.#inTurn(keys, async () => {
      const known = await this.#records.knownOf(keys)
      const fresh: FreshIncident[] = []
      const changes: Change[] = []
      for (const [key, report] of byKey) {
        const incident = known.get(key)
        const opened = incident === undefined ? opening(key, report) : undefined
        if (opened !== undefined) fresh.push(opened)
        const change =
          incident === undefined ? undefined : following(incident, key, report, this.#records.nowMs)
        if (change !== undefined) changes.push(change)
      }
      if (fresh.length > 0) await this.#records.openAll(fresh)
      await this.#records.applyAll(changes)
    })
  }

  async #follow(incident: Incident, key: string, report: GroupReport): Promise<Incident | undefined> {
    const change = following(incident, key, report, this.#records.nowMs)
    if (change === undefined) return incident.state === 'resolved' ? undefined : incident
    await this.#records.applyAll([change])
    return this.get(incident.id)
  }

  // People

  /** Opens one by hand. @throws IncidentError for an empty title; with a key that is open already, that one is answered */
  async create(fresh: NewIncident, actor: string): Promise<Incident> {
    checkText('title', fresh.title)
    checkText('summary', fresh.summary ?? '', true)
    const key = fresh.key === undefined || fresh.key === '' ? undefined : hash(`manual ${fresh.key}`)
    const { incident } = await this.#records.open({
      key,
      title: fresh.title,
      severity: fresh.severity,
      source: 'manual',
      openedBy: actor,
      summary: fresh.summary ?? '',
      labels: fresh.labels ?? {},
      alerts: [],
      text: 'opened by hand',
    })
    return incident
  }

  /** Somebody takes care; once is enough. @throws IncidentError `conflict` for one that is resolved */
  async acknowledge(id: number, actor: string, comment: string): Promise<Incident> {
    const incident = await this.#unresolved(id)
    checkText('comment', comment, true)
    if (incident.state === 'open') {
      const { nowMs, acknowledgeSeconds } = this.#records
      await this.#records.update(id, { acknowledged_ms: nowMs, acknowledged_by: actor })
      acknowledgeSeconds.observe((nowMs - incident.openedAtMs) / 1000, incident.severity)
    }
    await this.#records.note(id, { kind: 'acknowledged', actor, text: comment })
    return this.get(id)
  }

  /** A note of a person, or a deployment that may have to do with it. */
  async addNote(
    id: number,
    actor: string,
    text: string,
    kind: 'note' | 'deployment' = 'note',
  ): Promise<Incident> {
    await this.get(id)
    checkText('text', text)
    await this.#records.note(id, { kind, actor, text })
    return this.get(id)
  }

  /** Who does what; an empty name takes the role away. */
  async assign(id: number, role: IncidentRole, who: string, actor: string): Promise<Incident> {
    const incident = await this.get(id)
    checkText('who', who, true)
    const { [role]: _, ...others } = incident.roles
    await this.#records.update(id, {
      roles: JSON.stringify(who === '' ? others : { ...others, [role]: who }),
    })
    await this.#records.note(id, { kind: 'role', actor, text: `${role}: ${who === '' ? 'nobody' : who}` })
    return this.get(id)
  }

  async change(
    id: number,
    changes: { readonly title?: string; readonly severity?: Severity; readonly summary?: string },
    actor: string,
  ): Promise<Incident> {
    const incident = await this.get(id)
    const { title, severity, summary } = changes
    if (title !== undefined) checkText('title', title)
    if (summary !== undefined) checkText('summary', summary, true)
    await this.#records.update(id, {
      ...(title === undefined ? {} : { title }),
      ...(severity === undefined ? {} : { severity }),
      ...(summary === undefined ? {} : { summary }),
    })
    if (severity !== undefined && severity !== incident.severity)
      await this.#records.note(id, { kind: 'severity', actor, text: `${incident.severity} → ${severity}` })
    return this.get(id)
  }

  /** By hand. Alerts that go on firing open another one when they are reported next. @throws IncidentError `conflict` */
  async resolve(id: number, actor: string, comment: string): Promise<Incident> {
    await this.#unresolved(id)
    checkText('comment', comment, true)
    return this.#records.close(id, actor, comment)
  }

  // Inside

  async #unresolved(id: number): Promise<Incident> {
    const incident = await this.get(id)
    if (incident.state === 'resolved')
      throw new IncidentError('conflict', `incident ${id} is resolved already`)
    return incident
  }

  #inTurn<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = Promise.allSettled(keys.map((key) => this.#queues.get(key)))
    const done = before.then(work)
    const forget = (): void => {
      for (const key of keys) if (this.#queues.get(key) === done) this.#queues.delete(key)
    }
    for (const key of keys) this.#queues.set(key, done)
    done.then(forget, forget)
    return done
  }

  #db(): Kysely<IncidentTables> {
    return this.#records.db
  }
}

/** The rows of incidents in a state, or in any. */
function stateIs(state: StateFilter | undefined) {
  return (
    is: ExpressionBuilder<IncidentTables, 'incident'>,
  ): ExpressionWrapper<IncidentTables, 'incident', SqlBool> => {
    const resolved = is('resolved_ms', state === 'resolved' ? 'is not' : 'is', null)
    if (state === undefined) return is.and([])
    if (state === 'open') return is.and([resolved, is('acknowledged_ms', 'is', null)])
    if (state === 'acknowledged') return is.and([resolved, is('acknowledged_ms', 'is not', null)])
    return resolved
  }
}

function checkText(field: string, text: string, mayBeEmpty = false): void {
  if (!mayBeEmpty && text.trim() === '') throw new IncidentError('invalid', `${field}: must not be empty`)
  if (text.length > TEXT_MAX)
    throw new IncidentError('invalid', `${field}: ${text.length} characters, at most ${TEXT_MAX} are taken`)
}

function keyOf({ source, key }: GroupReport): string {
  return hash(`${source} ${key}`)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
