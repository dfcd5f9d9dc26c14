import { listOf, objectOf, textOf } from '@promontory/panels'
import { useMemo, useState, type ReactNode } from 'react'
import { singleValues, valueText } from '../data/single-values.ts'
import { useDashboard } from '../view/context.ts'
import { NoData, type PanelProps } from './panel-props.tsx'

/** Shares of a whole. */
export function PiePanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const { options } = panel
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const all = useMemo(() => {
    const colored = data.frames.map((frame) => ({
      ...frame,
      fields: frame.fields.map((field) => ({
        ...field,
        config: { ...field.config, color: field.config.color ?? { mode: 'palette-classic' } },
      })),
    }))
    const values = singleValues({ frames: colored, options, theme, zone, scope: data.scope })
    const present = values.filter(({ display }) => Number.isFinite(display.numeric))
    return options['sort'] === 'none'
      ? present
      : [...present].sort(
          (a, b) => (options['sort'] === 'asc' ? 1 : -1) * (a.display.numeric - b.display.numeric),
        )
  }, [data.frames, options, theme, zone, data.scope])
  if (all.length === 0) return <NoData {...props} />
  const values = all.filter(({ name }) => !hidden.has(name))
  const total = values.reduce((sum, { display }) => sum + Math.max(0, display.numeric), 0)
  const legend = objectOf(options['legend'])
  const labels = listOf(options['displayLabels']).map(String)
  const shownValues = listOf(legend['values']).map(String)
  const percent = (value: number): string => `${total === 0 ? 0 : Math.round((value / total) * 100)}%`
  let angle = 0
  const inner = options['pieType'] === 'donut' ? 52 : 0
  return (
    <div className={`pie-panel${legend['placement'] === 'right' ? ' legend-right' : ''}`}>
      <svg viewBox="-100 -100 200 200" role="img" aria-label={panel.title || 'Pie chart'}>
        {values.map((value) => {
          const share = total === 0 ? 1 / values.length : Math.max(0, value.display.numeric) / total
          const from = angle
          angle += share
          const middle = (from + share / 2) * 2 * Math.PI
          const text = [
            labels.includes('name') ? value.name : '',
            labels.includes('value') ? valueText(value) : '',
            labels.includes('percent') ? percent(value.display.numeric) : '',
          ].filter((part) => part !== '')
          return (
            <g key={value.key}>
              <path
                d={slice(from, from + share, 92, inner)}
                fill={value.display.color}
                stroke="var(--surface)"
                strokeWidth="1.5"
                data-mark
              >
                <title>{`${value.name}: ${valueText(value)} (${percent(value.display.numeric)})`}</title>
              </path>
              {text.length > 0 && share > 0.05 ? (
                <text
                  x={72 * Math.sin(middle)}
                  y={-72 * Math.cos(middle)}
                  className="pie-label"
                  textAnchor="middle"
                >
                  {text.join(' ')}
                </text>
              ) : null}
            </g>
          )
        })}
      </svg>
      {legend['showLegend'] === false || textOf(legend['displayMode']) === 'hidden' ? null : (
        <ul className="plot-legend inline">
          {all.map((value) => (
            <li key={value.key}>
              <button
                type="button"
                className="legend-name"
                aria-pressed={!hidden.has(value.name)}
                onClick={() => {
                  const next = new Set(hidden)
                  if (!next.delete(value.name)) next.add(value.name)
                  setHidden(next)
                }}
              >
                <span className="swatch" style={{ background: value.display.color }} />
                <span className="name">{value.name}</span>
              </button>
              {shownValues.includes('value') ? (
                <span className="number small" data-value>
                  {valueText(value)}
                </span>
              ) : null}
              {shownValues.includes('percent') ? (
                <span className="number small soft">{percent(value.display.numeric)}</span>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function slice(from: number, to: number, outer: number, inner: number): string {
  const end = Math.min(to, from + 0.99999)
  const at = (radius: number, share: number): string =>
    `${(radius * Math.sin(share * 2 * Math.PI)).toFixed(3)} ${(-radius * Math.cos(share * 2 * Math.PI)).toFixed(3)}`
  const large = end - from > 0.5 ? 1 : 0
  const back = inner === 0 ? 'L0 0' : `L${at(inner, end)}A${inner} ${inner} 0 ${large} 0 ${at(inner, from)}`
  return `M${at(outer, from)}A${outer} ${outer} 0 ${large} 1 ${at(outer, end)}${back}Z`
}
