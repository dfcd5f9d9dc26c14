import type { SchemaStep } from '@promontory/state'

/** The tables of this package. Times are Unix ms, JSON is text. */
export interface IncidentTables {
  incident: IncidentRow
  incident_event: EventRow
}

export interface IncidentRow {
  id: number
  /** Hash of what opened it; null for one that was opened by hand. */
  dedup_key: string | null
  /** The same while it is open, null afterwards: unique, so that instances cannot open it twice. */
  open_key: string | null
  title: string
  severity: string
  source: string
  /** Name of the receiver, or who opened it. */
  opened_by: string
  opened_ms: number
  acknowledged_ms: number | null
  acknowledged_by: string | null
  resolved_ms: number | null
  resolved_by: string | null
  summary: string
  /** JSON objects and arrays. */
  labels: string
  roles: string
  alerts: string
  /** Mark on dashboards; null when it could not be set. */
  annotation_id: number | null
  updated_ms: number
}

export interface EventRow {
  id: number
  incident_id: number
  time_ms: number
  kind: string
  actor: string
  text: string
}

/** Steps of the schema, for `StateDatabase.migrate('incidents', …)`. */
export const incidentSteps: Readonly<Record<string, SchemaStep>> = {
  '001-incidents': {
    up: async (db, { key, text, integer, withId }) => {
      await withId(db.schema.createTable('incident'))
        .addColumn('dedup_key', key)
        .addColumn('open_key', key, (column) => column.unique())
        .addColumn('title', text, (column) => column.notNull())
        .addColumn('severity', key, (column) => column.notNull())
        .addColumn('source', key, (column) => column.notNull())
        .addColumn('opened_by', text, (column) => column.notNull())
        .addColumn('opened_ms', integer, (column) => column.notNull())
        .addColumn('acknowledged_ms', integer)
        .addColumn('acknowledged_by', text)
        .addColumn('resolved_ms', integer)
        .addColumn('resolved_by', text)
        .addColumn('summary', text, (column) => column.notNull())
        .addColumn('labels', text, (column) => column.notNull())
        .addColumn('roles', text, (column) => column.notNull())
        .addColumn('alerts', text, (column) => column.notNull())
        .addColumn('annotation_id', integer)
        .addColumn('updated_ms', integer, (column) => column.notNull())
        .execute()
      await db.schema.createIndex('incident_dedup').on('incident').column('dedup_key').execute()
      await withId(db.schema.createTable('incident_event'))
        .addColumn('incident_id', integer, (column) => column.notNull())
        .addColumn('time_ms', integer, (column) => column.notNull())
        .addColumn('kind', key, (column) => column.notNull())
        .addColumn('actor', text, (column) => column.notNull())
        .addColumn('text', text, (column) => column.notNull())
        .execute()
      await db.schema
        .createIndex('incident_event_incident')
        .on('incident_event')
        .column('incident_id')
        .execute()
    },
  },
}
