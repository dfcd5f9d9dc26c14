import {
  displayText,
  listOf,
  numberOf,
  reduce,
  reducerOf,
  textOf,
  unitFormat,
  formattedText,
  type JsonObject,
} from '@promontory/panels'
import { useMemo, useState, type ReactNode } from 'react'
import type { PlotSeries } from './plot-data.ts'

/** Lines of a legend drawn at most. */
const ROWS_MAX = 200

/** Names and calculations of the series. A click shows one alone, with Ctrl or Shift it switches one. */
export function PlotLegend({
  series,
  shown,
  options,
  onToggle,
}: {
  series: readonly PlotSeries[]
  shown: readonly boolean[]
  options: JsonObject
  onToggle: (shown: ReadonlySet<string> | undefined) => void
}): ReactNode {
  const calcs = listOf(options['calcs']).map(String)
  const [sort, setSort] = useState<{ by: string; desc: boolean } | undefined>(() => {
    const by = textOf(options['sortBy'])
    return by === undefined ? undefined : { by, desc: options['sortDesc'] === true }
  })
  const rows = useMemo(
    () =>
      series.flatMap((one, index) => {
        if (!one.isInLegend) return []
        const values = calcs.map((id) => ({ id, value: reduce(one.field, id) }))
        return [{ one, index, values }]
      }),
    [series, options],
  )
  const sorted = useMemo(() => {
    if (sort === undefined) return rows
    const key = calcs.find((id) => (reducerOf(id)?.name ?? id) === sort.by)
    const order = [...rows].sort((a, b) =>
      key === undefined
        ? a.one.name.localeCompare(b.one.name, 'en', { numeric: true })
        : (numberOf(a.values.find(({ id }) => id === key)?.value) ?? -Infinity) -
          (numberOf(b.values.find(({ id }) => id === key)?.value) ?? -Infinity),
    )
    return sort.desc ? order.reverse() : order
  }, [rows, sort])
  const toggle = (name: string, isMany: boolean): void => {
    const now = new Set(series.filter((_, i) => shown[i]).map((one) => one.name))
    if (isMany) {
      if (!now.delete(name)) now.add(name)
      onToggle(now.size === series.length ? undefined : now)
    } else onToggle(now.size === 1 && now.has(name) ? undefined : new Set([name]))
  }
  const isTable = options['displayMode'] === 'table'
  const head = (name: string): ReactNode => (
    <th
      key={name}
      scope="col"
      aria-sort={sort?.by === name ? (sort.desc ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        onClick={() =>
          setSort(
            sort?.by === name
              ? sort.desc
                ? { by: name, desc: false }
                : undefined
              : { by: name, desc: true },
          )
        }
      >
        {name}
        {sort?.by === name ? (sort.desc ? ' ▾' : ' ▴') : ''}
      </button>
    </th>
  )
  const nameButton = (one: PlotSeries, index: number): ReactNode => (
    <button
      type="button"
      className="legend-name"
      aria-pressed={shown[index]}
      title={one.name}
      onClick={(event) => toggle(one.name, event.ctrlKey || event.metaKey || event.shiftKey)}
    >
      <span className="swatch" style={{ background: one.color }} />
      <span className="name">{one.name}</span>
    </button>
  )
  if (isTable)
    return (
      <div className="plot-legend" tabIndex={-1}>
        <table>
          <thead>
            <tr>
              {head('Name')}
              {calcs.map((id) => head(reducerOf(id)?.name ?? id))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, ROWS_MAX).map(({ one, index, values }) => (
              <tr key={index}>
                <td>{nameButton(one, index)}</td>
                {values.map(({ id, value }) => (
                  <td key={id} className="number">
                    {calcText(one, id, value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )
  return (
    <ul className="plot-legend inline">
      {sorted.slice(0, ROWS_MAX).map(({ one, index, values }) => (
        <li key={index}>
          {nameButton(one, index)}
          {values.map(({ id, value }) => (
            <span key={id} className="number soft small">
              {reducerOf(id)?.name ?? id}: {calcText(one, id, value)}
            </span>
          ))}
        </li>
      ))}
      {sorted.length > ROWS_MAX ? <li className="soft small">and {sorted.length - ROWS_MAX} more</li> : null}
    </ul>
  )
}

function calcText(one: PlotSeries, id: string, value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (reducerOf(id)?.keepsUnit === false)
    return typeof value === 'number'
      ? formattedText(unitFormat(id === 'diffperc' ? 'percent' : 'none')(value))
      : String(value)
  return displayText(one.format(value))
}
