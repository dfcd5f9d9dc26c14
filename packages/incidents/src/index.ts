/** Incidents: what people do about alerts, from the first alert to the postmortem. */
export * from './incident.ts'
export type { IncidentMarks, IncidentsOptions } from './incident-records.ts'
export * from './incidents.ts'
export * from './postmortem.ts'
export { incidentSteps } from './tables.ts'
export * from './webhook-message.ts'
