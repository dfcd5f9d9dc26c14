import { listOf, numberOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { frameOf, type Frame } from './frame.ts'

/** Traces of Jaeger's API as a table: one row per trace. */
export function traceListFrame(refId: string, traces: readonly JsonObject[]): Frame {
  const rows = traces.map(summaryOf).sort((a, b) => b.startMs - a.startMs)
  return frameOf(
    [
      { name: 'Trace ID', type: 'string', values: rows.map(({ id }) => id), config: {} },
      { name: 'Trace name', type: 'string', values: rows.map(({ name }) => name), config: {} },
      { name: 'Start time', type: 'time', values: rows.map(({ startMs }) => startMs), config: {} },
      { name: 'Duration', type: 'number', values: rows.map(({ us }) => us), config: { unit: 'µs' } },
      { name: 'Spans', type: 'number', values: rows.map(({ spans }) => spans), config: {} },
    ],
    { refId },
  )
}

/** The spans of one trace as a table, in the order of time. */
export function spanFrame(refId: string, trace: JsonObject): Frame {
  const processes = objectOf(trace['processes'])
  const spans = [...objectsOf(trace['spans'])].sort((a, b) => startOf(a) - startOf(b))
  const first = spans.length === 0 ? 0 : startOf(spans[0]!)
  return frameOf(
    [
      {
        name: 'Service',
        type: 'string',
        values: spans.map((span) => serviceOf(span, processes)),
        config: {},
      },
      {
        name: 'Operation',
        type: 'string',
        values: spans.map((span) => textOf(span['operationName']) ?? ''),
        config: {},
      },
      {
        name: 'Start',
        type: 'number',
        values: spans.map((span) => startOf(span) - first),
        config: { unit: 'µs' },
      },
      {
        name: 'Duration',
        type: 'number',
        values: spans.map((span) => numberOf(span['duration']) ?? 0),
        config: { unit: 'µs' },
      },
      {
        name: 'Span ID',
        type: 'string',
        values: spans.map((span) => textOf(span['spanID']) ?? ''),
        config: {},
      },
      { name: 'Parent', type: 'string', values: spans.map(parentOf), config: {} },
    ],
    { refId },
  )
}

interface Summary {
  readonly id: string
  readonly name: string
  readonly startMs: number
  readonly us: number
  readonly spans: number
}

/** A trace is called after its first span; it lasts from its first start to its last end. */
function summaryOf(trace: JsonObject): Summary {
  const spans = objectsOf(trace['spans'])
  const root =
    spans.find((span) => parentOf(span) === '') ??
    spans.reduce<JsonObject>((first, span) => (startOf(span) < startOf(first) ? span : first), spans[0] ?? {})
  const start = Math.min(...spans.map(startOf))
  const end = Math.max(...spans.map((span) => startOf(span) + (numberOf(span['duration']) ?? 0)))
  const service = serviceOf(root, objectOf(trace['processes']))
  return {
    id: textOf(trace['traceID']) ?? '',
    name: `${service}: ${textOf(root['operationName']) ?? ''}`,
    startMs: spans.length === 0 ? 0 : start / 1000,
    us: spans.length === 0 ? 0 : end - start,
    spans: spans.length,
  }
}

/** Microseconds. */
function startOf(span: JsonObject): number {
  return numberOf(span['startTime']) ?? 0
}

function serviceOf(span: JsonObject, processes: JsonObject): string {
  const process = objectOf(processes[textOf(span['processID']) ?? ''])
  return textOf(process['serviceName']) ?? ''
}

function parentOf(span: JsonObject): string {
  const parents = listOf(span['references']).map(objectOf)
  return textOf(parents.find(({ refType }) => refType === 'CHILD_OF')?.['spanID']) ?? ''
}
