import type { Incident, IncidentEvent } from './incident.ts'

/** A mark of another kind that belongs into the timeline, such as a deployment. */
export interface TimelineMark {
  readonly timeMs: number
  readonly text: string
}

/** The incident as a document in Markdown: facts and timeline filled in, questions left to people. */
export function postmortem(
  incident: Incident,
  events: readonly IncidentEvent[],
  marks: readonly TimelineMark[] = [],
): string {
  const { openedAtMs, acknowledgedAtMs, resolvedAtMs } = incident
  const facts: readonly (readonly [string, string])[] = [
    ['Severity', incident.severity],
    ['State', incident.state],
    ['Opened', `${time(openedAtMs)} by ${incident.openedBy || 'alerts'}`],
    ['Acknowledged', since(acknowledgedAtMs, openedAtMs, incident.acknowledgedBy)],
    ['Resolved', since(resolvedAtMs, openedAtMs, incident.resolvedBy)],
    ...Object.entries(incident.roles).map(([role, who]) => [capital(role), who] as const),
    ...Object.entries(incident.labels).map(([name, value]) => [`\`${name}\``, value] as const),
  ]
  const lines = [
    ...events.map(({ timeMs, kind, actor, text }) => ({
      timeMs,
      line: `| ${time(timeMs)} | ${kind} | ${cell(actor)} | ${cell(text)} |`,
    })),
    ...marks.map(({ timeMs, text }) => ({
      timeMs,
      line: `| ${time(timeMs)} | deployment |  | ${cell(text)} |`,
    })),
  ].sort((a, b) => a.timeMs - b.timeMs)
  return [
    `# Postmortem: ${incident.title} (incident ${incident.id})`,
    '',
    '| | |',
    '|---|---|',
    ...facts.map(([name, value]) => `| ${name} | ${cell(value)} |`),
    '',
    '## Summary',
    '',
    incident.summary || '_What happened, in two sentences._',
    '',
    '## Impact',
    '',
    '_Who noticed what, for how long?_',
    '',
    '## Timeline (UTC)',
    '',
    '| time | what | who | |',
    '|---|---|---|---|',
    ...lines.map(({ line }) => line),
    '',
    '## Alerts',
    '',
    ...incident.alerts.map(
      (alert) =>
        `- ${alert.status}: \`${Object.entries(alert.labels)
          .map(([name, value]) => `${name}="${value}"`)
          .join(', ')
          .replaceAll(
            '`',
            "'",
          )}\` since ${time(alert.startsAtMs)}${alert.endsAtMs === undefined ? '' : ` until ${time(alert.endsAtMs)}`}`,
    ),
    ...(incident.alerts.length === 0 ? ['- none'] : []),
    '',
    '## Causes',
    '',
    '_Why did it happen, and why was it not prevented?_',
    '',
    '## What went well, what went badly',
    '',
    '## Actions',
    '',
    '| action | owner | until |',
    '|---|---|---|',
    '',
  ].join('\n')
}

function time(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')
}

function since(timeMs: number | undefined, openedAtMs: number, who: string | undefined): string {
  if (timeMs === undefined) return 'not yet'
  return `${time(timeMs)} by ${who || 'alerts'}, after ${span(timeMs - openedAtMs)}`
}

/** `2 h 5 min`, `40 s` */
function span(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Text in a cell of a table: on one line, no bars, no HTML. */
function cell(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
