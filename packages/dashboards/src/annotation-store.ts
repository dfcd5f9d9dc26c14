import type { Clock } from '@promontory/base'
import { insertRow, insertRows, type Kysely, type StateDatabase } from '@promontory/state'
import { DashboardError } from './errors.ts'
import type { AnnotationRow, DashboardTables } from './tables.ts'

/** Annotations that one query answers with at most. */
const ANNOTATIONS_MAX = 10_000
const TEXT_CHARACTERS_MAX = 100_000

export interface AnnotationQuery {
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  readonly tags: readonly string[]
  /** Whether any of the tags is enough. */
  readonly matchAny: boolean
  readonly dashboardUid: string | undefined
  readonly panelId: number | undefined
  readonly limit: number
}

export interface AnnotationInput {
  readonly dashboardUid: string
  readonly panelId: number
  readonly timeMs: number | undefined
  readonly timeEndMs: number | undefined
  readonly text: string
  readonly tags: readonly string[]
  readonly data: string
}

export interface AnnotationAuthor {
  readonly id: number
  readonly login: string
}

/** Marks in time, of a panel, a dashboard or of everything. */
export class AnnotationStore {
  readonly #state: StateDatabase
  readonly #clock: Clock

  constructor(state: StateDatabase, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  /** Newest first; an annotation over a span counts when any part of it lies in the range. */
  async query(query: AnnotationQuery): Promise<AnnotationRow[]> {
    let select = this.#db().selectFrom('annotation').selectAll()
    if (query.toMs !== undefined) select = select.where('time_ms', '<=', query.toMs)
    if (query.fromMs !== undefined) select = select.where('time_end_ms', '>=', query.fromMs)
    if (query.dashboardUid !== undefined) select = select.where('dashboard_uid', '=', query.dashboardUid)
    if (query.panelId !== undefined) select = select.where('panel_id', '=', query.panelId)
    const rows = await select
      .orderBy('time_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(ANNOTATIONS_MAX)
      .execute()
    const wanted = rows.filter((row) => {
      if (query.tags.length === 0) return true
      const tags = JSON.parse(row.tags) as string[]
      return query.matchAny
        ? query.tags.some((tag) => tags.includes(tag))
        : query.tags.every((tag) => tags.includes(tag))
    })
    return wanted.slice(0, query.limit)
  }

  /** @throws DashboardError `not-found` */
  async get(id: number): Promise<AnnotationRow> {
    const row = await this.#db().selectFrom('annotation').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined) throw new DashboardError('not-found', 'annotation not found')
    return row
  }

  /** @returns its id. @throws DashboardError for an empty text or a time span that ends before it begins */
  async add(input: AnnotationInput, user: AnnotationAuthor): Promise<number> {
    return insertRow(this.#state, this.#db(), 'annotation', rowOf(input, user, this.#clock.nowMs()))
  }

  /** Many in few statements. @returns their ids. @throws as {@link add} */
  async addAll(inputs: readonly AnnotationInput[], user: AnnotationAuthor): Promise<number[]> {
    const now = this.#clock.nowMs()
    return insertRows(
      this.#state,
      this.#db(),
      'annotation',
      inputs.map((input) => rowOf(input, user, now)),
    )
  }

  /** Changes what is given. */
  async change(id: number, input: Partial<AnnotationInput>): Promise<void> {
    const old = await this.get(id)
    const timeMs = input.timeMs ?? old.time_ms
    const timeEndMs =
      input.timeEndMs ?? (input.timeMs === undefined ? old.time_end_ms : Math.max(timeMs, old.time_end_ms))
    const text = input.text ?? old.text
    check(text, timeMs, timeEndMs)
    await this.#db()
      .updateTable('annotation')
      .set({
        text,
        time_ms: timeMs,
        time_end_ms: timeEndMs,
        ...(input.tags === undefined ? {} : { tags: JSON.stringify(input.tags) }),
        ...(input.data === undefined ? {} : { data: input.data }),
        updated_ms: this.#clock.nowMs(),
      })
      .where('id', '=', id)
      .execute()
  }

  async delete(id: number): Promise<void> {
    await this.get(id)
    await this.#db().deleteFrom('annotation').where('id', '=', id).execute()
  }

  /** All of a panel. @returns how many there were */
  async deleteOfPanel(dashboardUid: string, panelId: number): Promise<number> {
    const deleted = await this.#db()
      .deleteFrom('annotation')
      .where('dashboard_uid', '=', dashboardUid)
      .where('panel_id', '=', panelId)
      .executeTakeFirst()
    return Number(deleted.numDeletedRows)
  }

  async tags(filter: string, limit: number): Promise<{ tag: string; count: number }[]> {
    const counts = new Map<string, number>()
    for (const { tags } of await this.#db()
      .selectFrom('annotation')
      .select('tags')
      .limit(ANNOTATIONS_MAX)
      .execute())
      for (const tag of JSON.parse(tags) as string[])
        if (tag.includes(filter)) counts.set(tag, (counts.get(tag) ?? 0) + 1)
    return [...counts]
      .map(([tag, count]) => ({ tag, count }))
      .sort((a, b) => a.tag.localeCompare(b.tag))
      .slice(0, limit)
  }

  #db(): Kysely<DashboardTables> {
    return this.#state.tables<DashboardTables>()
  }
}

function rowOf(input: AnnotationInput, user: AnnotationAuthor, nowMs: number): Record<string, string | number> {
  const timeMs = input.timeMs ?? nowMs
  const timeEndMs = input.timeEndMs ?? timeMs
  check(input.text, timeMs, timeEndMs)
  return {
    dashboard_uid: input.dashboardUid, panel_id: input.panelId, user_id: user.id, login: user.login, time_ms: timeMs,
    time_end_ms: timeEndMs, text: input.text, tags: JSON.stringify(input.tags), data: input.data, created_ms: nowMs,
    updated_ms: nowMs,
  }
} // prettier-ignore

function check(text: string, timeMs: number, timeEndMs: number): void {
  if (text === '') throw new DashboardError('invalid', 'text field should not be empty')
  if (text.length > TEXT_CHARACTERS_MAX)
    throw new DashboardError('too-large', `the text is longer than ${TEXT_CHARACTERS_MAX} characters`)
  if (!Number.isSafeInteger(timeMs) || !Number.isSafeInteger(timeEndMs))
    throw new DashboardError('invalid', 'time and timeEnd are Unix times in milliseconds')
  if (timeEndMs < timeMs) throw new DashboardError('invalid', 'timeEnd lies before time')
}
