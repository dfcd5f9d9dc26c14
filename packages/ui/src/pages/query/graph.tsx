import { useMemo, useState, type MouseEvent, type ReactNode } from 'react'
import { shortNumber } from '../../data/format.ts'
import { Chart, type ChartData } from '../../parts/chart.tsx'
import { seriesColors } from '../../parts/palette.ts'
import { useTheme } from '../../shell/theme.ts'

/** Series in the legend at most; the chart draws as many. */
const SERIES_MAX = 300
const NOTHING: ReadonlySet<number> = new Set()

/** The chart and its legend: a click shows one series alone, with Ctrl it switches one off. */
export function Graph({
  data,
  stacked,
  onZoom,
}: {
  data: ChartData
  stacked: boolean
  onZoom: (fromS: number, toS: number) => void
}): ReactNode {
  const [hidden, setHidden] = useState<ReadonlySet<number>>(NOTHING)
  useTheme()
  const colors = seriesColors()
  const drawn = useMemo(() => ({ ...data, series: data.series.slice(0, SERIES_MAX) }), [data])
  const click = (index: number, event: MouseEvent): void => {
    const alone = hidden.size === drawn.series.length - 1 && !hidden.has(index)
    if (event.ctrlKey || event.metaKey) {
      const next = new Set(hidden)
      if (!next.delete(index)) next.add(index)
      setHidden(next)
    } else setHidden(alone ? NOTHING : new Set(drawn.series.map((_, i) => i).filter((i) => i !== index)))
  }
  return (
    <div>
      <Chart
        data={drawn}
        height={340}
        stacked={stacked}
        hidden={hidden}
        onZoom={onZoom}
        label={`Graph of ${data.series.length} series`}
      />
      <ul className="legend">
        {drawn.series.map((series, i) => (
          <li key={series.name + i}>
            <button
              type="button"
              aria-pressed={!hidden.has(i)}
              onClick={(event) => click(i, event)}
              title={`${series.name}\nClick: show alone. Ctrl click: switch off.`}
            >
              <span className="swatch" style={{ background: colors[i % colors.length] }} />
              <span className="name">{series.name}</span>
              <span className="number soft">{lastOf(series.values)}</span>
            </button>
          </li>
        ))}
      </ul>
      {data.series.length > SERIES_MAX ? (
        <p className="soft small">
          {data.series.length - SERIES_MAX} further series are not drawn. Aggregate, or narrow the selector.
        </p>
      ) : null}
    </div>
  )
}

function lastOf(values: readonly (number | null)[]): string {
  const last = values.findLast((value) => value !== null)
  return last === undefined || last === null ? '' : shortNumber(last)
}
