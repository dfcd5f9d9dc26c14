import {
  chain,
  compareValues,
  dataScope,
  displayOf,
  displayText,
  fieldDisplayName,
  fieldRange,
  frameDisplayName,
  interpolate,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  readableOn,
  reduce,
  safeUrl,
  textOf,
  type Display,
  type Field,
  type Frame,
  type Scope,
} from '@promontory/panels'
import { useMemo, useState, type CSSProperties, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { NoData, type PanelProps } from './panel-props.tsx'
import { readableText } from './stat-panel.tsx'

/** Rows drawn at first; more come by the button. */
const ROWS_STEP = 200

/** Rows and columns; one frame at a time. */
export function TablePanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const [index, setIndex] = useState(numberOf(panel.options['frameIndex']) ?? 0)
  const frames = data.frames.filter(({ fields }) => fields.length > 0)
  const frame = frames[Math.min(index, frames.length - 1)]
  if (frame === undefined || frame.length === 0) return <NoData {...props} />
  return (
    <div className="table-panel">
      <Table key={frames.length} frame={frame} frames={data.frames} panel={panel} scope={data.scope} />
      {frames.length > 1 ? (
        <label className="row small">
          <span className="soft">Series</span>
          <select
            className="field"
            value={Math.min(index, frames.length - 1)}
            onChange={(event) => setIndex(Number(event.target.value))}
          >
            {frames.slice(0, 500).map((one, i) => (
              <option key={i} value={i}>
                {frameDisplayName(one, i)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
    </div>
  )
}

interface Column {
  readonly field: Field
  readonly name: string
  readonly display: (value: unknown) => Display
  readonly cell: string
  readonly style: CSSProperties
  readonly custom: Field['config']['custom']
}

interface Sort {
  readonly column: number
  readonly isDescending: boolean
}

function Table({
  frame,
  frames,
  panel,
  scope,
}: {
  frame: Frame
  frames: readonly Frame[]
  panel: PanelProps['panel']
  scope: Scope
}): ReactNode {
  const { theme, zone } = useDashboard()
  const columns = useMemo(
    () => columnsOf(frame, frames, theme, zone, scope),
    [frame, frames, theme, zone, scope],
  )
  const [sort, setSort] = useState<Sort | undefined>(undefined)
  const [filter, setFilter] = useState<Readonly<Record<number, string>>>({})
  const [limit, setLimit] = useState(ROWS_STEP)
  const given = useMemo(() => initialSort(panel, columns), [panel, columns])
  const order = sort ?? given
  const rows = useMemo(() => {
    let all = Array.from({ length: frame.length }, (_, i) => i)
    for (const [column, text] of Object.entries(filter)) {
      if (text === '') continue
      const { field, display } = columns[Number(column)]!
      all = all.filter((row) =>
        displayText(display(field.values[row])).toLowerCase().includes(text.toLowerCase()),
      )
    }
    const by = order === undefined ? undefined : columns[order.column]
    if (by === undefined) return all
    return [...all].sort(
      (a, b) => (order!.isDescending ? -1 : 1) * compareValues(by.field.values[a], by.field.values[b]),
    )
  }, [frame, columns, filter, order])
  const hasFilter = columns.some(
    ({ field, custom }) => objectOf(custom)['filterable'] === true && field.type !== 'other',
  )
  const footer = objectOf(panel.options['footer'])
  return (
    <div className="panel-table" tabIndex={0} role="group" aria-label={`Table ${panel.title}`}>
      <table>
        {panel.options['showHeader'] === false ? null : (
          <thead>
            <tr>
              {columns.map(({ name, style }, i) => (
                <th
                  key={i}
                  scope="col"
                  style={style}
                  aria-sort={order?.column === i ? (order.isDescending ? 'descending' : 'ascending') : 'none'}
                >
                  <button
                    type="button"
                    onClick={() =>
                      setSort(
                        order?.column === i && order.isDescending
                          ? { column: i, isDescending: false }
                          : { column: i, isDescending: true },
                      )
                    }
                  >
                    {name}
                    {order?.column === i ? (order.isDescending ? ' ▾' : ' ▴') : ''}
                  </button>
                </th>
              ))}
            </tr>
            {hasFilter ? (
              <tr className="filters">
                {columns.map(({ name, custom }, i) => (
                  <td key={i}>
                    {objectOf(custom)['filterable'] === true ? (
                      <input
                        className="field"
                        aria-label={`Filter ${name}`}
                        placeholder="Filter"
                        value={filter[i] ?? ''}
                        onChange={(event) => setFilter({ ...filter, [i]: event.target.value })}
                      />
                    ) : null}
                  </td>
                ))}
              </tr>
            ) : null}
          </thead>
        )}
        <tbody>
          {rows.slice(0, limit).map((row) => (
            <tr key={row}>
              {columns.map((column, i) => (
                <Cell key={i} column={column} frame={frame} frames={frames} row={row} scope={scope} />
              ))}
            </tr>
          ))}
        </tbody>
        {footer['show'] === true ? (
          <tfoot>
            <tr>
              {columns.map(({ field, display, style }, i) => (
                <td key={i} style={style} className="number">
                  {field.type === 'number' && isInFooter(field, footer)
                    ? displayText(display(reduce(field, String(listOf(footer['reducer'])[0] ?? 'sum'))))
                    : ''}
                </td>
              ))}
            </tr>
          </tfoot>
        ) : null}
      </table>
      {rows.length > limit ? (
        <button type="button" className="button quiet" onClick={() => setLimit(limit + ROWS_STEP * 5)}>
          {rows.length - limit} more rows
        </button>
      ) : null}
    </div>
  )
}

function isInFooter(field: Field, footer: Readonly<Record<string, unknown>>): boolean {
  const fields = listOf(footer['fields'])
  return fields.length === 0 || fields.includes(field.name)
}

function columnsOf(
  frame: Frame,
  frames: readonly Frame[],
  theme: ReturnType<typeof useDashboard>['theme'],
  zone: string,
  scope: Scope,
): Column[] {
  return frame.fields.flatMap((field, index) => {
    const custom = objectOf(field.config.custom)
    if (custom['hidden'] === true || objectOf(custom['hideFrom'])['viz'] === true) return []
    const name = interpolate(
      fieldDisplayName(field, frame, frames),
      chain(dataScope({ field, frame, frames }), scope),
    )
    const cell = cellType(custom)
    const align = textOf(custom['align'])
    const width = numberOf(custom['width'])
    return [
      {
        field,
        name,
        cell,
        custom,
        display: displayOf(
          field,
          { theme, zone, index, name },
          field.type === 'number' ? fieldRange(field) : { min: 0, max: 100 },
        ),
        style: {
          textAlign:
            align === 'left' || align === 'center' || align === 'right'
              ? align
              : field.type === 'number'
                ? 'right'
                : 'left',
          ...(width === undefined ? {} : { width, maxWidth: width }),
          ...(numberOf(custom['minWidth']) === undefined ? {} : { minWidth: numberOf(custom['minWidth'])! }),
        } satisfies CSSProperties,
      },
    ]
  })
}

/** Today's `cellOptions`, or the `displayMode` of before Grafana 9.5. */
function cellType(custom: Readonly<Record<string, unknown>>): string {
  const { type, mode } = objectOf(custom['cellOptions'])
  const name = textOf(type) ?? textOf(custom['displayMode']) ?? 'auto'
  if (name === 'gauge' && mode !== undefined) return 'gauge'
  return (
    (
      {
        'lcd-gauge': 'gauge',
        'gradient-gauge': 'gauge',
        basic: 'gauge',
        'color-background-solid': 'color-background',
      } as Record<string, string>
    )[name] ?? name
  )
}

function initialSort(panel: PanelProps['panel'], columns: readonly Column[]): Sort | undefined {
  const [first] = objectsOf(panel.options['sortBy'])
  const column = columns.findIndex(
    ({ name, field }) => name === first?.['displayName'] || field.name === first?.['displayName'],
  )
  if (column !== -1) return { column, isDescending: first?.['desc'] === true }
  const old = objectOf(panel.options['sortColumn'])
  const index = numberOf(old['index'])
  return index !== undefined && columns[index] !== undefined
    ? { column: index, isDescending: old['desc'] === true }
    : undefined
}

function Cell({
  column,
  frame,
  frames,
  row,
  scope,
}: {
  column: Column
  frame: Frame
  frames: readonly Frame[]
  row: number
  scope: Scope
}): ReactNode {
  const { theme } = useDashboard()
  const { field, display, cell, style } = column
  const value = field.values[row]
  if (cell === 'sparkline' || isSeries(value)) return <SparkCell value={value} display={display} />
  const shown = display(value)
  const text = displayText(shown)
  const className = field.type === 'number' ? 'number' : undefined
  const link = (field.config.links ?? [])[0]
  const href =
    link === undefined
      ? undefined
      : safeUrl(
          interpolate(
            textOf(link['url']) ?? '',
            chain(dataScope({ field, frame, frames, row, display }), scope),
          ),
        )
  const content =
    href === undefined ? (
      text
    ) : (
      <a href={href} {...(link?.['targetBlank'] === true ? { target: '_blank', rel: 'noreferrer' } : {})}>
        {text}
      </a>
    )
  switch (cell) {
    case 'color-text':
      return (
        <td style={{ ...style, color: readableText(shown.color, theme.isDark) }} className={className}>
          {content}
        </td>
      )
    case 'color-background':
      return (
        <td
          style={{ ...style, background: shown.color, color: readableOn(shown.color) }}
          className={className}
        >
          {content}
        </td>
      )
    case 'gauge':
      return (
        <td style={style} className="gauge-cell">
          <span className="track">
            <span
              className="fill"
              style={{ width: `${(shown.share || 0) * 100}%`, background: shown.color }}
            />
          </span>
          <b className="number">{content}</b>
        </td>
      )
    case 'json-view':
      return (
        <td style={style}>
          <code>{typeof value === 'object' ? JSON.stringify(value) : text}</code>
        </td>
      )
    case 'pill':
      return (
        <td style={style}>
          {text.split(',').map((part) => (
            <span key={part} className="badge plain">
              {part.trim()}
            </span>
          ))}
        </td>
      )
    default:
      return (
        <td style={style} className={className} title={text.length > 40 ? text : undefined}>
          {content}
        </td>
      )
  }
}

interface SeriesCell {
  readonly fields: readonly Field[]
  readonly value?: number | null
}

function isSeries(value: unknown): value is SeriesCell {
  return typeof value === 'object' && value !== null && Array.isArray((value as { fields?: unknown }).fields)
}

function SparkCell({ value, display }: { value: unknown; display: (value: unknown) => Display }): ReactNode {
  if (!isSeries(value)) return <td>{displayText(display(value))}</td>
  const values = (value.fields[1]?.values ?? []) as readonly number[]
  const present = values.filter(Number.isFinite)
  const [min, max] = [Math.min(...present), Math.max(...present)]
  const points = values.map(
    (one, i) =>
      `${((i / Math.max(1, values.length - 1)) * 100).toFixed(1)},${(22 - ((one - min) / (max - min || 1)) * 20).toFixed(1)}`,
  )
  return (
    <td className="spark-cell">
      <svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
        <polyline
          points={points.join(' ')}
          fill="none"
          stroke="var(--accent)"
          strokeWidth="1.5"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <b className="number">
        {value.value === null || value.value === undefined ? '' : displayText(display(value.value))}
      </b>
    </td>
  )
}
