import {
  commonLabels,
  formatDate,
  logRows,
  textOf,
  type Dedup,
  type JsonObject,
  type LogRow,
} from '@promontory/panels'
import { useMemo, useState, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { NoData, type PanelProps } from './panel-props.tsx'

/** Rows drawn before one asks for more. */
const ROWS_FIRST = 200

/** Lines with their times and levels; a line that is opened shows its labels. */
export function LogsPanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { zone } = useDashboard()
  const { options } = panel
  const [shown, setShown] = useState(ROWS_FIRST)
  const dedup = dedupOf(options['dedupStrategy'])
  const order = options['sortOrder'] === 'Ascending' ? 'ascending' : 'descending'
  const rows = useMemo(() => logRows(data.frames, dedup, order), [data.frames, dedup, order])
  const common = useMemo(() => commonLabels(rows), [rows])
  if (rows.length === 0) return <NoData {...props} />
  return (
    <div className={`log-lines ${options['wrapLogMessage'] === true ? 'wrap' : ''}`} data-mark tabIndex={0}>
      {options['showCommonLabels'] === true ? <LabelLine labels={common} /> : null}
      <ul>
        {rows.slice(0, shown).map((row, i) => (
          <Line key={`${row.timeMs};${i}`} row={row} options={options} common={common} zone={zone} />
        ))}
      </ul>
      {rows.length > shown ? (
        <button type="button" className="button" onClick={() => setShown(shown + 5 * ROWS_FIRST)}>
          More of {rows.length} lines
        </button>
      ) : null}
    </div>
  )
}

function dedupOf(value: unknown): Dedup {
  return value === 'exact' || value === 'numbers' || value === 'signature' ? value : 'none'
}

function Line({
  row,
  options,
  common,
  zone,
}: {
  row: LogRow
  options: JsonObject
  common: Readonly<Record<string, string>>
  zone: string
}): ReactNode {
  const text = options['prettifyLogMessage'] === true ? prettified(row.line) : row.line
  const own = Object.fromEntries(Object.entries(row.labels).filter(([name]) => common[name] === undefined))
  const head = (
    <>
      {options['showTime'] === true ? (
        <time>{formatDate(row.timeMs, 'YYYY-MM-DD HH:mm:ss.SSS', zone)} </time>
      ) : null}
      {options['showLabels'] === true ? <span className="soft">{labelText(own)} </span> : null}
      <span className="visually-hidden">{row.level === 'unknown' ? '' : `${row.level}: `}</span>
      {text}
      {row.repeats > 0 ? <span className="badge plain">{row.repeats + 1} ×</span> : null}
    </>
  )
  if (options['enableLogDetails'] === false) return <li data-level={row.level}>{head}</li>
  return (
    <li data-level={row.level}>
      <details>
        <summary>{head}</summary>
        <dl className="facts">
          {Object.entries(row.labels).map(([name, value]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  )
}

function LabelLine({ labels }: { labels: Readonly<Record<string, string>> }): ReactNode {
  const text = labelText(labels)
  return text === '' ? null : <p className="soft small">All: {text}</p>
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

/** JSON over several lines; anything else as it is. */
function prettified(line: string): string {
  if (textOf(line)?.trimStart().startsWith('{') !== true) return line
  try {
    return JSON.stringify(JSON.parse(line), undefined, 2)
  } catch {
    return line
  }
}
