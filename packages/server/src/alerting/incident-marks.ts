import type { AnnotationInput } from '@promontory/dashboards'
import type { Clock, Logger, Registry } from '@promontory/base'
import { Incidents, type Incident } from '@promontory/incidents'
import type { Backend } from '../routes/grafana/backend.ts'

/** Who the marks on dashboards are from. */
const PROGRAM = { id: 0, login: 'promontory' }

/** Incidents in the state database, each with an annotation on dashboards for as long as it lasts. @throws StateError */
export function openIncidents(
  backend: Backend,
  clock: Clock,
  logger: Logger,
  registry: Registry,
): Promise<Incidents> {
  const { annotations, state } = backend
  return Incidents.open({
    state,
    clock,
    logger: logger.with({ component: 'incidents' }),
    registry,
    marks: {
      open: (opened) => annotations.addAll(opened.map(markOf), PROGRAM),
      close: (id, incident) =>
        annotations.change(id, {
          timeEndMs: incident.resolvedAtMs,
          text: markText(incident),
          tags: ['incident', incident.severity],
        }),
    },
  })
}

function markOf(incident: Incident): AnnotationInput {
  return {
    dashboardUid: '',
    panelId: 0,
    timeMs: incident.openedAtMs,
    timeEndMs: undefined,
    text: markText(incident),
    tags: ['incident', incident.severity],
    data: JSON.stringify({ incident: incident.id }),
  }
}

function markText({ id, title }: Incident): string {
  return `Incident ${id}: ${title}`
}
