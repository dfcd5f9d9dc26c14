import { createHash } from 'node:crypto'
import type { Clock, Histogram, Logger, Registry } from '@promontory/base'
import { insertRow, isUniqueViolation, type Kysely, type StateDatabase } from '@promontory/state'
import {
  eventFromRow,
  graver,
  incidentFromRow,
  IncidentError,
  type EventKind,
  type Incident,
  type IncidentAlert,
  type IncidentEvent,
  type IncidentRole,
  type IncidentState,
  type Severity,
} from './incident.ts'
import { incidentSteps, type IncidentRow, type IncidentTables } from './tables.ts'
import type { GroupReport } from './webhook-message.ts'

/** Marks incidents on dashboards. */
export interface IncidentMarks {
  /** @returns the mark's id */
  open(incident: Incident): Promise<number>
  close(id: number, incident: Incident): Promise<void>
}

export interface IncidentsOptions {
  readonly state: StateDatabase
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly marks?: IncidentMarks
}

export interface NewIncident {
  readonly title: string
  readonly severity: Severity
  readonly summary?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Two incidents by hand of the same key are one while it is open. */
  readonly key?: string
}

/** An alert group that fires again this soon after it had resolved belongs to the same incident. */
const REOPEN_WITHIN_MS = 10 * 60_000
/** Alerts that an incident remembers; the newest. */
const ALERTS_MAX = 1000
const TEXT_MAX = 10_000
const LIST_MAX = 500
const EVENTS_MAX = 5000
/** Alerts that one line of the timeline names. */
const NAMED_MAX = 10
const BUCKETS = [60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 259_200]

/** All incidents, in the state database. Times of the clock are rounded to whole milliseconds. */
export class Incidents {
  readonly #options: IncidentsOptions
  readonly #acknowledgeSeconds: Histogram
  readonly #resolveSeconds: Histogram
  readonly #opened: { inc(...labels: string[]): void }
  /** Reports of one key go one after another. */
  readonly #queues = new Map<string, Promise<unknown>>()

  private constructor(options: IncidentsOptions) {
    const { registry } = options
    this.#options = options
    const labels = ['severity']
    this.#acknowledgeSeconds = registry.histogram({
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
  static async open(options: IncidentsOptions): Promise<Incidents> {
    await options.state.migrate('incidents', incidentSteps)
    return new Incidents(options)
  }

  // Reading

  /** Open ones first, then the newest. */
  async list(
    filter: { readonly state?: IncidentState | 'active'; readonly limit?: number } = {},
  ): Promise<Incident[]> {
    let select = this.#db().selectFrom('incident').selectAll()
    if (filter.state === 'resolved') select = select.where('resolved_ms', 'is not', null)
    else if (filter.state !== undefined) select = select.where('resolved_ms', 'is', null)
    if (filter.state === 'open') select = select.where('acknowledged_ms', 'is', null)
    if (filter.state === 'acknowledged') select = select.where('acknowledged_ms', 'is not', null)
    const rows = await select
      .orderBy('opened_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(Math.min(filter.limit ?? LIST_MAX, LIST_MAX))
      .execute()
    const rank = ({ state }: Incident): number => (state === 'resolved' ? 1 : 0)
    return rows.map(incidentFromRow).sort((a, b) => rank(a) - rank(b))
  }

  /** @throws IncidentError `not-found` */
  async get(id: number): Promise<Incident> {
    const row = await this.#db().selectFrom('incident').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined) throw new IncidentError('not-found', `there is no incident ${id}`)
    return incidentFromRow(row)
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
    const key = hash(`${report.source} ${report.key}`)
    return this.#inTurn(key, () => this.#report(key, report))
  }

  async #report(key: string, report: GroupReport): Promise<Incident | undefined> {
    const known = await this.#openOf(key)
    if (known !== undefined) return this.#follow(known, report)
    const firing = report.alerts.filter(({ status }) => status === 'firing')
    if (firing.length === 0) return undefined
    const recent = await this.#recentOf(key)
    if (recent !== undefined) return this.#reopen(key, recent, report)
    const { source, reporter, title, severity, labels } = report
    const opened = await this.#insert(key, {
      title, severity, source, openedBy: reporter, summary: summaryOf(firing), labels, alerts: firing,
    }, `opened by ${firing.length} ${plural(firing)}: ${names(firing)}`) // prettier-ignore
    return opened.isNew ? opened.incident : this.#follow(opened.incident, report)
  }

  async #follow(incident: Incident, report: GroupReport): Promise<Incident> {
    const known = new Map(incident.alerts.map((alert) => [alert.fingerprint, alert]))
    const changed = report.alerts.filter(({ fingerprint, status }) => {
      const before = known.get(fingerprint)?.status
      return before === undefined ? status === 'firing' : before !== status
    })
    if (changed.length === 0) return incident
    for (const alert of changed) known.set(alert.fingerprint, alert)
    const alerts = [...known.values()].slice(-ALERTS_MAX)
    const severity = graver(incident.severity, report.severity)
    await this.#update(incident.id, { alerts: JSON.stringify(alerts), severity })
    for (const status of ['firing', 'resolved'] as const) {
      const some = changed.filter((alert) => alert.status === status)
      if (some.length > 0)
        await this.#note(
          incident.id,
          'alerts',
          report.reporter,
          `${some.length} ${plural(some)} ${status}: ${names(some)}`,
        )
    }
    if (severity !== incident.severity)
      await this.#note(incident.id, 'severity', report.reporter, `${incident.severity} → ${severity}`)
    if (alerts.some(({ status }) => status === 'firing')) return this.get(incident.id)
    return this.#close(incident.id, '', 'all alerts have resolved')
  }

  async #reopen(key: string, incident: Incident, report: GroupReport): Promise<Incident> {
    await this.#update(incident.id, { open_key: key, resolved_ms: null, resolved_by: null })
    await this.#note(incident.id, 'reopened', report.reporter, 'its alerts fire again')
    return this.#follow(await this.get(incident.id), report)
  }

  // People

  /** Opens one by hand. @throws IncidentError for an empty title; with a key that is open already, that one is answered */
  async create(fresh: NewIncident, actor: string): Promise<Incident> {
    checkText('title', fresh.title)
    checkText('summary', fresh.summary ?? '', true)
    const key = fresh.key === undefined || fresh.key === '' ? undefined : hash(`manual ${fresh.key}`)
    const { incident } = await this.#insert(
      key,
      {
        title: fresh.title,
        severity: fresh.severity,
        source: 'manual',
        openedBy: actor,
        summary: fresh.summary ?? '',
        labels: fresh.labels ?? {},
        alerts: [],
      },
      'opened by hand',
    )
    return incident
  }

  /** Somebody takes care; once is enough. @throws IncidentError `conflict` for one that is resolved */
  async acknowledge(id: number, actor: string, comment: string): Promise<Incident> {
    const incident = await this.#unresolved(id)
    checkText('comment', comment, true)
    if (incident.state === 'open') {
      const nowMs = this.#nowMs()
      await this.#update(id, { acknowledged_ms: nowMs, acknowledged_by: actor })
      this.#acknowledgeSeconds.observe((nowMs - incident.openedAtMs) / 1000, incident.severity)
    }
    await this.#note(id, 'acknowledged', actor, comment)
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
    await this.#note(id, kind, actor, text)
    return this.get(id)
  }

  /** Who does what; an empty name takes the role away. */
  async assign(id: number, role: IncidentRole, who: string, actor: string): Promise<Incident> {
    const incident = await this.get(id)
    checkText('who', who, true)
    const { [role]: _, ...others } = incident.roles
    await this.#update(id, { roles: JSON.stringify(who === '' ? others : { ...others, [role]: who }) })
    await this.#note(id, 'role', actor, `${role}: ${who === '' ? 'nobody' : who}`)
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
    await this.#update(id, {
      ...(title === undefined ? {} : { title }),
      ...(severity === undefined ? {} : { severity }),
      ...(summary === undefined ? {} : { summary }),
    })
    if (severity !== undefined && severity !== incident.severity)
      await this.#note(id, 'severity', actor, `${incident.severity} → ${severity}`)
    return this.get(id)
  }

  /** By hand. Alerts that go on firing open another one when they are reported next. @throws IncidentError `conflict` */
  async resolve(id: number, actor: string, comment: string): Promise<Incident> {
    await this.#unresolved(id)
    checkText('comment', comment, true)
    return this.#close(id, actor, comment)
  }

  // Inside

  async #insert(
    key: string | undefined,
    fresh: Pick<Incident, 'title' | 'severity' | 'source' | 'openedBy' | 'summary' | 'labels' | 'alerts'>,
    text: string,
  ): Promise<{ incident: Incident; isNew: boolean }> {
    const nowMs = this.#nowMs()
    let id: number
    try {
      id = await insertRow(this.#options.state, this.#db(), 'incident', {
        dedup_key: key ?? null, open_key: key ?? null, title: fresh.title, severity: fresh.severity, source: fresh.source,
        opened_by: fresh.openedBy, opened_ms: nowMs, acknowledged_ms: null, acknowledged_by: null, resolved_ms: null, resolved_by: null,
        summary: fresh.summary, labels: JSON.stringify(fresh.labels), roles: '{}', alerts: JSON.stringify(fresh.alerts),
        annotation_id: null, updated_ms: nowMs,
      }) // prettier-ignore
    } catch (error) {
      // Another instance was faster.
      const other = isUniqueViolation(error) && key !== undefined ? await this.#openOf(key) : undefined
      if (other === undefined) throw error
      return { incident: other, isNew: false }
    }
    await this.#note(id, 'opened', fresh.openedBy, text)
    this.#opened.inc(fresh.severity, fresh.source)
    await this.#mark(id, async (marks, incident) => {
      await this.#update(id, { annotation_id: await marks.open(incident) })
    })
    return { incident: await this.get(id), isNew: true }
  }

  async #close(id: number, actor: string, text: string): Promise<Incident> {
    const nowMs = this.#nowMs()
    const closed = await this.#db()
      .updateTable('incident')
      .set({ open_key: null, resolved_ms: nowMs, resolved_by: actor, updated_ms: nowMs })
      .where('id', '=', id)
      .where('resolved_ms', 'is', null)
      .executeTakeFirst()
    const incident = await this.get(id)
    if (Number(closed.numUpdatedRows) === 0) return incident
    this.#resolveSeconds.observe((nowMs - incident.openedAtMs) / 1000, incident.severity)
    await this.#note(id, 'resolved', actor, text)
    await this.#mark(id, async (marks) => {
      if (incident.annotationId !== undefined) await marks.close(incident.annotationId, incident)
    })
    return incident
  }

  /** Dashboards' marks are a comfort: without them the incident goes on. */
  async #mark(id: number, work: (marks: IncidentMarks, incident: Incident) => Promise<void>): Promise<void> {
    const { marks, logger } = this.#options
    if (marks === undefined) return
    try {
      await work(marks, await this.get(id))
    } catch (error) {
      logger.warn('An incident is not marked on dashboards', { incident: id, err: error })
    }
  }

  async #unresolved(id: number): Promise<Incident> {
    const incident = await this.get(id)
    if (incident.state === 'resolved')
      throw new IncidentError('conflict', `incident ${id} is resolved already`)
    return incident
  }

  async #openOf(key: string): Promise<Incident | undefined> {
    const row = await this.#db()
      .selectFrom('incident')
      .selectAll()
      .where('open_key', '=', key)
      .executeTakeFirst()
    return row === undefined ? undefined : incidentFromRow(row)
  }

  /** One that its alerts resolved a moment ago; what a person has resolved stays so. */
  async #recentOf(key: string): Promise<Incident | undefined> {
    const row = await this.#db()
      .selectFrom('incident')
      .selectAll()
      .where('dedup_key', '=', key)
      .where('resolved_by', '=', '')
      .where('resolved_ms', '>', this.#nowMs() - REOPEN_WITHIN_MS)
      .orderBy('resolved_ms', 'desc')
      .executeTakeFirst()
    return row === undefined ? undefined : incidentFromRow(row)
  }

  async #update(id: number, values: Partial<IncidentRow>): Promise<void> {
    await this.#db()
      .updateTable('incident')
      .set({ ...values, updated_ms: this.#nowMs() })
      .where('id', '=', id)
      .execute()
  }

  async #note(id: number, kind: EventKind, actor: string, text: string): Promise<void> {
    const timeMs = this.#nowMs()
    await insertRow(this.#options.state, this.#db(), 'incident_event', {
      incident_id: id,
      time_ms: timeMs,
      kind,
      actor,
      text,
    })
  }

  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(key) ?? Promise.resolve()
    const done = before.then(work, work)
    this.#queues.set(key, done)
    const forget = (): void => {
      if (this.#queues.get(key) === done) this.#queues.delete(key)
    }
    done.then(forget, forget)
    return done
  }

  #nowMs(): number {
    return Math.floor(this.#options.clock.nowMs())
  }

  #db(): Kysely<IncidentTables> {
    return this.#options.state.tables<IncidentTables>()
  }
}

function checkText(field: string, text: string, mayBeEmpty = false): void {
  if (!mayBeEmpty && text.trim() === '') throw new IncidentError('invalid', `${field}: must not be empty`)
  if (text.length > TEXT_MAX)
    throw new IncidentError('invalid', `${field}: ${text.length} characters, at most ${TEXT_MAX} are taken`)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function plural(alerts: readonly IncidentAlert[]): string {
  return alerts.length === 1 ? 'alert' : 'alerts'
}

function names(alerts: readonly IncidentAlert[]): string {
  const texts = alerts.slice(0, NAMED_MAX).map(({ labels }) => {
    const { alertname = '' } = labels
    const where = labels['instance'] ?? labels['job'] ?? ''
    return where === '' ? alertname : `${alertname} ${where}`
  })
  return texts.join(', ') + (alerts.length > NAMED_MAX ? ` and ${alerts.length - NAMED_MAX} more` : '')
}

function summaryOf([first]: readonly IncidentAlert[]): string {
  const { summary = '', description = '' } = first?.annotations ?? {}
  return (summary || description).slice(0, TEXT_MAX)
}
