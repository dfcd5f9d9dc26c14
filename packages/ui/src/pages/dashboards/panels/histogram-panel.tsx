import { displayOf, displayText, numberOf } from '@promontory/panels'
import { useMemo, useRef, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { NoData, useSize, type PanelProps } from './panel-props.tsx'
import { LeftAxis, MARGIN, roundTicks } from './xy.tsx'

const BUCKETS_MAX = 200

/** How often values lie in which range, over the whole time. */
export function HistogramPanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const host = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(host)
  const buckets = useMemo(() => {
    const values = data.frames
      .flatMap(({ fields }) =>
        fields.filter(({ type }) => type === 'number').flatMap((field) => field.values as number[]),
      )
      .filter(Number.isFinite)
    return bucketsOf(
      values,
      numberOf(panel.options['bucketSize']),
      numberOf(panel.options['bucketCount']) ?? 30,
    )
  }, [data.frames, panel.options])
  const field = data.frames[0]?.fields.find(({ type }) => type === 'number')
  const greatest = Math.max(1, ...buckets.map(({ count }) => count))
  const y = (value: number): number =>
    MARGIN.top + (height - MARGIN.top - MARGIN.bottom) * (1 - value / greatest)
  const each = (width - MARGIN.left - MARGIN.right) / Math.max(1, buckets.length)
  const format = field === undefined ? undefined : displayOf(field, { theme, zone })
  const every = Math.max(1, Math.ceil(70 / each))
  return (
    <div ref={host} className="plot">
      {buckets.length === 0 || format === undefined ? (
        <NoData {...props} />
      ) : (
        <svg width={width} height={height} role="img" aria-label={panel.title || 'Histogram'}>
          <LeftAxis ticks={roundTicks(0, greatest)} y={y} width={width} format={String} />
          {buckets.map(({ from, to, count }, i) => (
            <g key={i}>
              <rect
                x={MARGIN.left + each * i + 0.5}
                y={y(count)}
                width={Math.max(1, each - 1)}
                height={Math.max(0, y(0) - y(count))}
                fill={theme.series[0]}
                data-mark
              >
                <title>{`${displayText(format(from))} to ${displayText(format(to))}: ${count}`}</title>
              </rect>
              {i % every === 0 ? (
                <text className="svg-label" x={MARGIN.left + each * i} y={height - 8}>
                  {displayText(format(from))}
                </text>
              ) : null}
            </g>
          ))}
        </svg>
      )}
    </div>
  )
}

interface Bucket {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** Ranges of one round size from the least value to the greatest. */
export function bucketsOf(
  values: readonly number[],
  wantedSize: number | undefined,
  wantedCount: number,
): Bucket[] {
  if (values.length === 0) return []
  let [min, max] = [Infinity, -Infinity]
  for (const value of values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  const ticks = roundTicks(min, max, wantedCount)
  const size =
    Math.max(wantedSize ?? (ticks.length > 1 ? ticks[1]! - ticks[0]! : 1), (max - min) / BUCKETS_MAX) || 1
  const first = Math.floor(min / size)
  const counts = Array<number>(Math.floor(max / size) - first + 1).fill(0)
  for (const value of values) counts[Math.floor(value / size) - first]!++
  return counts.map((count, i) => ({ from: (first + i) * size, to: (first + i + 1) * size, count }))
}
