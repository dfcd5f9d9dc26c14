import {
  displayOf,
  displayText,
  fieldDisplayName,
  formatDate,
  objectOf,
  textOf,
  type Field,
  type Frame,
} from '@promontory/panels'
import { useMemo, useRef, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { NoData, useSize, type PanelProps } from './panel-props.tsx'
import { LeftAxis, MARGIN, roundTicks } from './xy.tsx'

/** Groups of bars drawn at most. */
const GROUPS_MAX = 400

/** A group of bars per row of a table: the first text (or time) names it, each number is a bar. */
export function BarChartPanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const host = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(host)
  const frame = useMemo(
    () => barFrame(data.frames, textOf(panel.options['xField'])),
    [data.frames, panel.options],
  )
  const bars = useMemo(
    () =>
      frame?.values.map((field, index) => {
        const name = fieldDisplayName(field, frame.frame, data.frames)
        const colored = {
          ...field,
          config: { ...field.config, color: field.config.color ?? { mode: 'palette-classic' } },
        }
        return { name, field, display: displayOf(colored, { theme, zone, index, name }) }
      }) ?? [],
    [frame, data.frames, theme, zone],
  )
  const count = Math.min(frame?.names.length ?? 0, GROUPS_MAX)
  const isStacked = panel.options['stacking'] === 'normal' || panel.options['stacking'] === 'percent'
  const numbers = (row: number): number[] => bars.map(({ field }) => Number(field.values[row] ?? 0) || 0)
  const sums = Array.from({ length: count }, (_, row) =>
    isStacked ? [numbers(row).reduce((a, b) => a + b, 0)] : numbers(row),
  )
  const max = Math.max(0, ...sums.flat())
  const min = Math.min(0, ...sums.flat())
  const top = bars[0]?.field.config.max ?? (max === min ? 1 : max * 1.05)
  const y = (value: number): number =>
    MARGIN.top + (height - MARGIN.top - MARGIN.bottom) * (1 - (value - min) / (top - min || 1))
  const group = (width - MARGIN.left - MARGIN.right) / Math.max(1, count)
  const each = (group * 0.8) / (isStacked ? 1 : Math.max(1, bars.length))
  const labelEvery = Math.max(1, Math.ceil(70 / group))
  const legend = objectOf(panel.options['legend'])
  return (
    <div className="plot-panel">
      <div ref={host} className="plot">
        {count === 0 || bars.length === 0 ? (
          <NoData {...props} />
        ) : (
          <svg width={width} height={height} role="img" aria-label={panel.title || 'Bar chart'}>
            <LeftAxis
              ticks={roundTicks(min, top)}
              y={y}
              width={width}
              format={(value) => displayText(bars[0]!.display(value))}
            />
            {Array.from({ length: count }, (_, row) => {
              let base = 0
              return (
                <g key={row} transform={`translate(${(MARGIN.left + group * row).toFixed(1)} 0)`}>
                  {bars.map(({ name, field, display }, i) => {
                    const value = Number(field.values[row] ?? 0) || 0
                    const from = isStacked ? base : 0
                    base += value
                    const [a, b] = [y(from), y(from + value)]
                    const shown = display(value)
                    return (
                      <rect
                        key={i}
                        x={group * 0.1 + (isStacked ? 0 : i * each)}
                        y={Math.min(a, b)}
                        width={Math.max(1, each - 1)}
                        height={Math.max(0.5, Math.abs(a - b))}
                        fill={shown.color}
                        data-mark
                      >
                        <title>{`${frame!.names[row]} ${name}: ${displayText(shown)}`}</title>
                      </rect>
                    )
                  })}
                  {row % labelEvery === 0 ? (
                    <text className="svg-label" x={group / 2} y={height - 8} textAnchor="middle">
                      {shortened(frame!.names[row]!, (group * labelEvery) / 7)}
                    </text>
                  ) : null}
                </g>
              )
            })}
          </svg>
        )}
      </div>
      {legend['showLegend'] === false ? null : (
        <ul className="plot-legend inline">
          {bars.map(({ name, display }, i) => (
            <li key={i}>
              <span className="legend-name">
                <span className="swatch" style={{ background: display(1).color }} />
                {name}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )

  function barFrame(
    frames: readonly Frame[],
    wanted: string | undefined,
  ): { frame: Frame; names: string[]; values: Field[] } | undefined {
    const single =
      frames.length > 1 && frames.every(({ fields }) => fields.every(({ type }) => type !== 'string'))
    const source = single ? lastValues(frames) : frames.find(({ length }) => length > 0)
    if (source === undefined) return undefined
    const key =
      source.fields.find((field) => wanted !== undefined && fieldDisplayName(field, source) === wanted) ??
      source.fields.find(({ type }) => type === 'string') ??
      source.fields.find(({ type }) => type === 'time')
    const values = source.fields.filter((field) => field !== key && field.type === 'number')
    const names = Array.from({ length: source.length }, (_, row) =>
      key === undefined
        ? String(row + 1)
        : key.type === 'time'
          ? formatDate(Number(key.values[row]), 'MM-DD HH:mm', zone)
          : String(key.values[row] ?? ''),
    )
    return { frame: source, names, values }
  }
}

/** Series without a table: each series' last value is a bar. */
function lastValues(frames: readonly Frame[]): Frame {
  const rows = frames.flatMap((frame) =>
    frame.fields
      .filter(({ type }) => type === 'number')
      .map((field) => ({
        name: fieldDisplayName(field, frame, frames),
        value: field.values.at(-1) ?? null,
        field,
      })),
  )
  return {
    length: rows.length,
    fields: [
      { name: 'Name', type: 'string', config: {}, values: rows.map(({ name }) => name) },
      {
        name: 'Value',
        type: 'number',
        config: { ...rows[0]?.field.config, displayName: 'Value' },
        values: rows.map(({ value }) => value),
      },
    ],
  }
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(1, Math.floor(length) - 1))}…`
}
