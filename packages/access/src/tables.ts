import type { SchemaStep } from '@promontory/state'

/** The tables of this package. Times are Unix ms (0: never), truth values 0 and 1. */
export interface AccessTables {
  account: AccountRow
  session: SessionRow
  service_account: ServiceAccountRow
  api_token: ApiTokenRow
  audit: AuditRow
}

export interface AccountRow {
  id: number
  login: string
  email: string
  name: string
  /** bcrypt; `''`: nobody can log in with a password. */
  password_hash: string
  role: string
  /** Administrator of the server, not only of the organisation. */
  is_admin: number
  is_disabled: number
  created_ms: number
  updated_ms: number
  seen_ms: number
}

export interface SessionRow {
  id: number
  /** SHA-256 of the cookie's value. */
  token_hash: string
  account_id: number
  created_ms: number
  seen_ms: number
  expires_ms: number
  client: string
  agent: string
}

export interface ServiceAccountRow {
  id: number
  name: string
  login: string
  role: string
  is_disabled: number
  created_ms: number
  updated_ms: number
}

export interface ApiTokenRow {
  id: number
  service_account_id: number
  name: string
  token_hash: string
  created_ms: number
  /** 0: does not expire. */
  expires_ms: number
  used_ms: number
}

export interface AuditRow {
  id: number
  at_ms: number
  login: string
  /** `save`, `delete`, `login`, … */
  action: string
  /** `dashboard/abc`, `user/7`, … */
  resource: string
  /** `success` or `failure` */
  result: string
  client: string
  /** JSON object. */
  details: string
}

/** Steps of the schema, in the order of time. A step that was released never changes. */
export const STEPS: Readonly<Record<string, SchemaStep>> = {
  '001-accounts': {
    up: async (db, { key, text, integer, withId }) => {
      await withId(db.schema.createTable('account'))
        .addColumn('login', key, (column) => column.notNull().unique())
        .addColumn('email', key, (column) => column.notNull())
        .addColumn('name', text, (column) => column.notNull())
        .addColumn('password_hash', key, (column) => column.notNull())
        .addColumn('role', key, (column) => column.notNull())
        .addColumn('is_admin', integer, (column) => column.notNull())
        .addColumn('is_disabled', integer, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('updated_ms', integer, (column) => column.notNull())
        .addColumn('seen_ms', integer, (column) => column.notNull())
        .execute()
      await withId(db.schema.createTable('session'))
        .addColumn('token_hash', key, (column) => column.notNull().unique())
        .addColumn('account_id', integer, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('seen_ms', integer, (column) => column.notNull())
        .addColumn('expires_ms', integer, (column) => column.notNull())
        .addColumn('client', text, (column) => column.notNull())
        .addColumn('agent', text, (column) => column.notNull())
        .execute()
      await withId(db.schema.createTable('service_account'))
        .addColumn('name', key, (column) => column.notNull())
        .addColumn('login', key, (column) => column.notNull().unique())
        .addColumn('role', key, (column) => column.notNull())
        .addColumn('is_disabled', integer, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('updated_ms', integer, (column) => column.notNull())
        .execute()
      await withId(db.schema.createTable('api_token'))
        .addColumn('service_account_id', integer, (column) => column.notNull())
        .addColumn('name', key, (column) => column.notNull())
        .addColumn('token_hash', key, (column) => column.notNull().unique())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('expires_ms', integer, (column) => column.notNull())
        .addColumn('used_ms', integer, (column) => column.notNull())
        .execute()
      await withId(db.schema.createTable('audit'))
        .addColumn('at_ms', integer, (column) => column.notNull())
        .addColumn('login', key, (column) => column.notNull())
        .addColumn('action', key, (column) => column.notNull())
        .addColumn('resource', key, (column) => column.notNull())
        .addColumn('result', key, (column) => column.notNull())
        .addColumn('client', text, (column) => column.notNull())
        .addColumn('details', text, (column) => column.notNull())
        .execute()
    },
  },
}
