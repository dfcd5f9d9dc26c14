import { frameOf, type Frame, type Labels } from './frame.ts'

/** A stream of Loki's API: lines with their times in nanoseconds, as text. */
export interface LogStream {
  readonly stream: Labels
  readonly values: readonly (readonly [nanoseconds: string, line: string, ...more: unknown[]])[]
}

/** Loki's answer that holds lines; one that holds numbers has Prometheus's shape. */
export interface LogData {
  readonly resultType: 'streams'
  readonly result: readonly LogStream[]
}

/** A line of a log, as panels show it. */
export interface LogRow {
  readonly timeMs: number
  readonly line: string
  readonly labels: Labels
  readonly level: LogLevel
  /** How many equal ones follow it, which are left out. */
  readonly repeats: number
}

export type LogLevel = 'critical' | 'error' | 'warning' | 'info' | 'debug' | 'trace' | 'unknown'

/** The lines of all streams as one table, the newest first unless the query asked forwards. */
export function logFrame(refId: string, { result }: LogData, direction: 'backward' | 'forward'): Frame {
  const sign = direction === 'forward' ? 1 : -1
  const rows = result
    .flatMap(({ stream, values }) => values.map(([at, line]) => ({ at, line, stream })))
    // Nanoseconds are more than a number holds: texts of one length compare as numbers do.
    .sort((a, b) => sign * (a.at.length - b.at.length || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)))
  return frameOf(
    [
      { name: 'labels', type: 'other', values: rows.map(({ stream }) => stream), config: {} },
      {
        name: 'Time',
        type: 'time',
        values: rows.map(({ at }) => Math.floor(Number(at.slice(0, -6) || '0'))),
        config: {},
      },
      { name: 'Line', type: 'string', values: rows.map(({ line }) => line), config: {} },
      {
        name: 'tsNs',
        type: 'string',
        values: rows.map(({ at }) => at),
        config: { custom: { hidden: true } },
      },
    ],
    { refId, meta: { kind: 'logs' } },
  )
}

/** How lines that resemble the one before are left out. */
export type Dedup = 'none' | 'exact' | 'numbers' | 'signature'

/** The lines of frames: any frame with a time and a text has some. */
export function logRows(frames: readonly Frame[], dedup: Dedup, order: 'ascending' | 'descending'): LogRow[] {
  const sign = order === 'ascending' ? 1 : -1
  const rows = frames.flatMap(rowsOf).sort((a, b) => sign * (a.timeMs - b.timeMs))
  if (dedup === 'none') return rows
  const kept: LogRow[] = []
  for (const row of rows) {
    const last = kept.at(-1)
    if (last !== undefined && essence(last.line, dedup) === essence(row.line, dedup))
      kept[kept.length - 1] = { ...last, repeats: last.repeats + 1 }
    else kept.push(row)
  }
  return kept
}

function essence(line: string, dedup: Dedup): string {
  if (dedup === 'numbers') return line.replace(/\d+/g, '')
  return dedup === 'signature' ? line.replace(/[\p{L}\p{N}_]+/gu, '') : line
}

function rowsOf(frame: Frame): LogRow[] {
  const time = frame.fields.find(({ type }) => type === 'time')
  const body =
    frame.fields.find(({ name, type }) => type === 'string' && /^(line|body|message)$/i.test(name)) ??
    frame.fields.find(({ type }) => type === 'string')
  if (time === undefined || body === undefined) return []
  const labels = frame.fields.find(({ name, type }) => name === 'labels' && type === 'other')
  return time.values.map((at, row) => {
    const own = (labels?.values[row] ?? body.labels ?? {}) as Labels
    const line = String(body.values[row] ?? '')
    return { timeMs: Number(at), line, labels: own, level: levelOf(own, line), repeats: 0 }
  })
}

const LEVELS: readonly (readonly [LogLevel, RegExp])[] = [
  ['critical', /^(crit|critical|emerg|emergency|fatal|alert|panic)$/],
  ['error', /^(err|eror|error)$/],
  ['warning', /^(warn|warning)$/],
  ['info', /^(info|information|informational|notice)$/],
  ['debug', /^(dbug|debug)$/],
  ['trace', /^trace$/],
]

/** Level of a line: what a label says, else what stands in the line after `level=`, else the first word that is one. */
function levelOf(labels: Labels, line: string): LogLevel {
  const told = labels['detected_level'] ?? labels['level'] ?? labels['severity']
  if (told !== undefined) return levelNamed(told) ?? 'unknown'
  const start = line.slice(0, 500)
  const named = /\b(?:level|lvl|severity)"?\s*[=:]\s*"?([a-zA-Z]+)/i.exec(start)?.[1]
  if (named !== undefined) return levelNamed(named) ?? 'unknown'
  for (const [word] of start.matchAll(/[a-zA-Z]+/g)) {
    const level = levelNamed(word)
    if (level !== undefined) return level
  }
  return 'unknown'
}

function levelNamed(text: string): LogLevel | undefined {
  const lower = text.toLowerCase()
  return LEVELS.find(([, pattern]) => pattern.test(lower))?.[0]
}

/** The labels that all lines have with the same value. */
export function commonLabels(rows: readonly LogRow[]): Labels {
  const [first] = rows
  if (first === undefined) return {}
  const same = Object.entries(first.labels).filter(([name, value]) =>
    rows.every(({ labels }) => labels[name] === value),
  )
  return Object.fromEntries(same)
}
