import type { Clock, Logger } from '@promontory/base'
import { insertRow, type Kysely, type StateDatabase } from '@promontory/state'
import type { AccessTables, AuditRow } from './tables.ts'

/** Lines that are kept; older ones go. */
const LINES_MAX = 100_000
/** How many new lines between two looks at the bound. */
const PRUNE_EVERY = 500

export interface AuditEntry {
  readonly login: string
  /** `create`, `save`, `delete`, `login`, … */
  readonly action: string
  /** `dashboard/abc`; at most 190 characters are kept. */
  readonly resource: string
  readonly result: 'success' | 'failure'
  /** Address of who asked. */
  readonly client: string
  readonly details?: Readonly<Record<string, unknown>>
}

export interface AuditQuery {
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  readonly login: string | undefined
  readonly action: string | undefined
  /** Beginning of the resource. */
  readonly resource: string | undefined
  readonly limit: number
}

/** Who changed what, and when. Lines are also logged, so that they can be kept elsewhere. */
export class AuditLog {
  readonly #state: StateDatabase
  readonly #clock: Clock
  readonly #logger: Logger
  #sincePruned = 0

  constructor(state: StateDatabase, clock: Clock, logger: Logger) {
    this.#state = state
    this.#clock = clock
    this.#logger = logger
  }

  /** Never throws: what was done stays done when its line cannot be written, and the log says so. */
  async write(entry: AuditEntry): Promise<void> {
    const { login, action, resource, result, client, details = {} } = entry
    this.#logger.info('audit', { user: login, action, resource, result, client })
    try {
      await insertRow(this.#state, this.#db(), 'audit', {
        at_ms: this.#clock.nowMs(),
        login: login.slice(0, 190),
        action: action.slice(0, 190),
        resource: resource.slice(0, 190),
        result,
        client,
        details: JSON.stringify(details),
      })
      if (++this.#sincePruned >= PRUNE_EVERY) await this.#prune()
    } catch (error) {
      this.#logger.error('a line of the audit log could not be stored', { action, resource, error })
    }
  }

  /** Newest first. */
  query(query: AuditQuery): Promise<AuditRow[]> {
    let select = this.#db().selectFrom('audit').selectAll()
    if (query.fromMs !== undefined) select = select.where('at_ms', '>=', query.fromMs)
    if (query.toMs !== undefined) select = select.where('at_ms', '<=', query.toMs)
    if (query.login !== undefined) select = select.where('login', '=', query.login)
    if (query.action !== undefined) select = select.where('action', '=', query.action)
    if (query.resource !== undefined)
      select = select.where('resource', 'like', `${query.resource.replace(/[%_\\]/g, '')}%`)
    return select.orderBy('id', 'desc').limit(query.limit).execute()
  }

  async #prune(): Promise<void> {
    this.#sincePruned = 0
    const newest = await this.#db()
      .selectFrom('audit')
      .select('id')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (newest !== undefined)
      await this.#db()
        .deleteFrom('audit')
        .where('id', '<=', newest.id - LINES_MAX)
        .execute()
  }

  #db(): Kysely<AccessTables> {
    return this.#state.tables<AccessTables>()
  }
}
