import { displayOf, displayText, fieldDisplayName, reduce } from '@promontory/panels'
import { useMemo, useRef, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { NoData, useSize, type PanelProps } from './panel-props.tsx'
import { LeftAxis, MARGIN, roundTicks } from './xy.tsx'

const BOXES_MAX = 60

/** Least, quarters, median and greatest of each series. */
export function BoxPlotPanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const host = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(host)
  const boxes = useMemo(
    () =>
      data.frames
        .flatMap((frame) =>
          frame.fields
            .filter(({ type }) => type === 'number')
            .map((field) => ({ field, name: fieldDisplayName(field, frame, data.frames) })),
        )
        .slice(0, BOXES_MAX)
        .flatMap(({ field, name }) => {
          const finite = { ...field, values: field.values.filter((value) => Number.isFinite(value)) }
          if (finite.values.length === 0) return []
          const [min, low, median, high, max] = ['min', 'p25', 'median', 'p75', 'max'].map((id) =>
            Number(reduce(finite, id)),
          )
          return [{ field, name, min: min!, low: low!, median: median!, high: high!, max: max! }]
        }),
    [data.frames],
  )
  const [least, most] = [Math.min(...boxes.map(({ min }) => min)), Math.max(...boxes.map(({ max }) => max))]
  const y = (value: number): number =>
    MARGIN.top + (height - MARGIN.top - MARGIN.bottom) * (1 - (value - least) / (most - least || 1))
  // Before the first layout there is no room at all.
  const each = Math.max(0, width - MARGIN.left - MARGIN.right) / Math.max(1, boxes.length)
  const format = boxes[0] === undefined ? undefined : displayOf(boxes[0].field, { theme, zone })
  return (
    <div ref={host} className="plot">
      {format === undefined ? (
        <NoData {...props} />
      ) : (
        <svg width={width} height={height} role="img" aria-label={panel.title || 'Box plot'}>
          <LeftAxis
            ticks={roundTicks(least, most)}
            y={y}
            width={width}
            format={(value) => displayText(format(value))}
          />
          {boxes.map(({ name, min, low, median, high, max }, i) => {
            const middle = MARGIN.left + each * (i + 0.5)
            const half = Math.min(28, each * 0.35)
            const color = theme.series[i % theme.series.length]!
            const text = [min, low, median, high, max].map((value) => displayText(format(value))).join(' · ')
            return (
              <g key={i} stroke={color} strokeWidth="1.5" data-mark>
                <title>{`${name}: ${text}`}</title>
                <line x1={middle} x2={middle} y1={y(min)} y2={y(max)} />
                <line x1={middle - half / 2} x2={middle + half / 2} y1={y(min)} y2={y(min)} />
                <line x1={middle - half / 2} x2={middle + half / 2} y1={y(max)} y2={y(max)} />
                <rect
                  x={middle - half}
                  width={half * 2}
                  y={y(high)}
                  height={Math.max(1, y(low) - y(high))}
                  fill={`${color}55`}
                />
                <line x1={middle - half} x2={middle + half} y1={y(median)} y2={y(median)} strokeWidth="2.5" />
                <text className="svg-label" stroke="none" x={middle} y={height - 8} textAnchor="middle">
                  {name.length * 7 > each ? `${name.slice(0, Math.max(2, Math.floor(each / 7) - 1))}…` : name}
                </text>
              </g>
            )
          })}
        </svg>
      )}
    </div>
  )
}
