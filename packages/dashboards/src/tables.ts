import type { SchemaStep } from '@promontory/state'

/** The tables of this package. Times are Unix ms, truth values 0 and 1, JSON is text. */
export interface DashboardTables {
  dashboard: DashboardRow
  dashboard_version: VersionRow
  folder: FolderRow
  star: { user_id: number; dashboard_uid: string }
  annotation: AnnotationRow
  data_source: DataSourceRow
  preference: { scope: string; data: string }
  dashboard_view: { dashboard_uid: string; views: number; last_ms: number }
}

export interface DashboardRow {
  id: number
  uid: string
  slug: string
  title: string
  /** `''` for the root. */
  folder_uid: string
  version: number
  /** JSON array of strings. */
  tags: string
  data: string
  created_ms: number
  updated_ms: number
  created_by: string
  updated_by: string
  /** Name of the provider whose file it is; `''` for none. */
  provider: string
  /** Path of the file, relative to the provider's. */
  provider_file: string
  /** Hash of the file's content that was read last. */
  provider_hash: string
}

export interface VersionRow {
  id: number
  dashboard_uid: string
  version: number
  parent_version: number
  restored_from: number
  created_ms: number
  created_by: string
  message: string
  data: string
}

export interface FolderRow {
  id: number
  uid: string
  title: string
  parent_uid: string
  version: number
  created_ms: number
  updated_ms: number
  created_by: string
  updated_by: string
}

export interface AnnotationRow {
  id: number
  /** `''` for one of the whole organisation. */
  dashboard_uid: string
  panel_id: number
  user_id: number
  login: string
  time_ms: number
  time_end_ms: number
  text: string
  /** JSON array of strings. */
  tags: string
  /** JSON object. */
  data: string
  created_ms: number
  updated_ms: number
}

export interface DataSourceRow {
  id: number
  uid: string
  name: string
  type: string
  access: string
  url: string
  user_name: string
  database_name: string
  basic_auth: number
  basic_auth_user: string
  with_credentials: number
  is_default: number
  read_only: number
  version: number
  json_data: string
  /** JSON object of encrypted texts by name. */
  secure_json_data: string
  created_ms: number
  updated_ms: number
}

/** Steps of the schema, in the order of time. A step that was released never changes. */
export const STEPS: Readonly<Record<string, SchemaStep>> = {
  '001-dashboards': {
    up: async (db, { key, text, integer, withId }) => {
      await withId(db.schema.createTable('dashboard'))
        .addColumn('uid', key, (column) => column.notNull().unique())
        .addColumn('slug', text, (column) => column.notNull())
        .addColumn('title', text, (column) => column.notNull())
        .addColumn('folder_uid', key, (column) => column.notNull())
        .addColumn('version', integer, (column) => column.notNull())
        .addColumn('tags', text, (column) => column.notNull())
        .addColumn('data', text, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('updated_ms', integer, (column) => column.notNull())
        .addColumn('created_by', key, (column) => column.notNull())
        .addColumn('updated_by', key, (column) => column.notNull())
        .addColumn('provider', key, (column) => column.notNull())
        .addColumn('provider_file', text, (column) => column.notNull())
        .addColumn('provider_hash', key, (column) => column.notNull())
        .execute()
      await withId(db.schema.createTable('dashboard_version'))
        .addColumn('dashboard_uid', key, (column) => column.notNull())
        .addColumn('version', integer, (column) => column.notNull())
        .addColumn('parent_version', integer, (column) => column.notNull())
        .addColumn('restored_from', integer, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('created_by', key, (column) => column.notNull())
        .addColumn('message', text, (column) => column.notNull())
        .addColumn('data', text, (column) => column.notNull())
        .addUniqueConstraint('dashboard_version_once', ['dashboard_uid', 'version'] as never)
        .execute()
      await withId(db.schema.createTable('folder'))
        .addColumn('uid', key, (column) => column.notNull().unique())
        .addColumn('title', text, (column) => column.notNull())
        .addColumn('parent_uid', key, (column) => column.notNull())
        .addColumn('version', integer, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('updated_ms', integer, (column) => column.notNull())
        .addColumn('created_by', key, (column) => column.notNull())
        .addColumn('updated_by', key, (column) => column.notNull())
        .execute()
      await db.schema
        .createTable('star')
        .addColumn('user_id', integer, (column) => column.notNull())
        .addColumn('dashboard_uid', key, (column) => column.notNull())
        .addPrimaryKeyConstraint('star_once', ['user_id', 'dashboard_uid'])
        .execute()
      await db.schema
        .createTable('dashboard_view')
        .addColumn('dashboard_uid', key, (column) => column.notNull().primaryKey())
        .addColumn('views', integer, (column) => column.notNull())
        .addColumn('last_ms', integer, (column) => column.notNull())
        .execute()
    },
  },
  '002-annotations': {
    up: async (db, { key, text, integer, withId }) => {
      await withId(db.schema.createTable('annotation'))
        .addColumn('dashboard_uid', key, (column) => column.notNull())
        .addColumn('panel_id', integer, (column) => column.notNull())
        .addColumn('user_id', integer, (column) => column.notNull())
        .addColumn('login', key, (column) => column.notNull())
        .addColumn('time_ms', integer, (column) => column.notNull())
        .addColumn('time_end_ms', integer, (column) => column.notNull())
        .addColumn('text', text, (column) => column.notNull())
        .addColumn('tags', text, (column) => column.notNull())
        .addColumn('data', text, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('updated_ms', integer, (column) => column.notNull())
        .execute()
      await db.schema.createIndex('annotation_by_time').on('annotation').column('time_ms').execute()
    },
  },
  '003-data-sources': {
    up: async (db, { key, text, integer, withId }) => {
      await withId(db.schema.createTable('data_source'))
        .addColumn('uid', key, (column) => column.notNull().unique())
        .addColumn('name', key, (column) => column.notNull().unique())
        .addColumn('type', key, (column) => column.notNull())
        .addColumn('access', key, (column) => column.notNull())
        .addColumn('url', text, (column) => column.notNull())
        .addColumn('user_name', text, (column) => column.notNull())
        .addColumn('database_name', text, (column) => column.notNull())
        .addColumn('basic_auth', integer, (column) => column.notNull())
        .addColumn('basic_auth_user', text, (column) => column.notNull())
        .addColumn('with_credentials', integer, (column) => column.notNull())
        .addColumn('is_default', integer, (column) => column.notNull())
        .addColumn('read_only', integer, (column) => column.notNull())
        .addColumn('version', integer, (column) => column.notNull())
        .addColumn('json_data', text, (column) => column.notNull())
        .addColumn('secure_json_data', text, (column) => column.notNull())
        .addColumn('created_ms', integer, (column) => column.notNull())
        .addColumn('updated_ms', integer, (column) => column.notNull())
        .execute()
      await db.schema
        .createTable('preference')
        .addColumn('scope', key, (column) => column.notNull().primaryKey())
        .addColumn('data', text, (column) => column.notNull())
        .execute()
    },
  },
}
