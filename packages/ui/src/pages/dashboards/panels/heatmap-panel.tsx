import {
  formatDate,
  formattedText,
  numberOf,
  objectOf,
  sampleValue,
  scaleColor,
  textOf,
  timeFieldOf,
  unitFormat,
  type Frame,
} from '@promontory/panels'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useDashboard } from '../view/context.ts'
import { NoData, useSize, type PanelProps } from './panel-props.tsx'
import { MARGIN } from './xy.tsx'

interface Cells {
  readonly times: readonly number[]
  readonly stepMs: number
  /** Upper bounds, lowest first, as texts. */
  readonly bounds: readonly string[]
  /** By bucket, then time. */
  readonly counts: readonly (readonly (number | null)[])[]
}

/** Buckets made from plain series when they are counted here. */
const BUCKETS = 20

/** How many values lay in which range, over time. */
export function HeatmapPanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const host = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width, height } = useSize(host)
  const [tip, setTip] = useState<{ x: number; y: number; text: string } | undefined>(undefined)
  const cells = useMemo(
    () => cellsOf(data.frames, panel.options['calculate'] === true),
    [data.frames, panel.options],
  )
  const color = objectOf(panel.options['color'])
  const scheme = schemeOf(textOf(color['scheme']))
  const greatest = useMemo(
    () => Math.max(0, ...(cells?.counts.flatMap((row) => row.map((count) => count ?? 0)) ?? [])),
    [cells],
  )
  const least = numberOf(objectOf(panel.options['filterValues'])['le']) ?? 1e-9
  const unit = textOf(objectOf(panel.options['yAxis'])['unit'])
  const exponent = numberOf(color['exponent']) ?? 0.5
  const plotWidth = Math.max(1, width - MARGIN.left - MARGIN.right)
  const plotHeight = Math.max(1, height - MARGIN.top - MARGIN.bottom)
  const { fromMs, toMs } = data.range
  useEffect(() => {
    const target = canvas.current
    if (target === null || cells === undefined || width === 0) return
    const ratio = window.devicePixelRatio || 1
    target.width = Math.round(plotWidth * ratio)
    target.height = Math.round(plotHeight * ratio)
    const context = target.getContext('2d')!
    context.scale(ratio, ratio)
    context.clearRect(0, 0, plotWidth, plotHeight)
    const cellHeight = plotHeight / cells.counts.length
    const cellWidth = Math.max(1, (cells.stepMs / (toMs - fromMs)) * plotWidth)
    cells.counts.forEach((row, bucket) =>
      row.forEach((count, i) => {
        if (count === null || count <= least) return
        const x = ((cells.times[i]! - fromMs) / (toMs - fromMs)) * plotWidth
        context.fillStyle = scaleColor(scheme, (count / greatest) ** exponent, theme)
        context.fillRect(x, plotHeight - (bucket + 1) * cellHeight, cellWidth + 0.5, cellHeight - 0.5)
      }),
    )
    target.dataset['marks'] = String(cells.counts.length * cells.times.length)
  }, [cells, width, plotWidth, plotHeight, fromMs, toMs, greatest, least, scheme, exponent, theme])
  const format = (text: string): string => {
    const value = sampleValue(text)
    return Number.isNaN(value) ? text : value === Infinity ? '+Inf' : formattedText(unitFormat(unit)(value))
  }
  const pointed = (event: { readonly clientX: number; readonly clientY: number }): void => {
    const box = canvas.current?.getBoundingClientRect()
    if (box === undefined || cells === undefined) return
    const time = fromMs + ((event.clientX - box.left) / box.width) * (toMs - fromMs)
    const column = cells.times.findLastIndex((at) => at <= time)
    const bucket = Math.min(
      cells.counts.length - 1,
      Math.max(0, Math.floor((1 - (event.clientY - box.top) / box.height) * cells.counts.length)),
    )
    const count = cells.counts[bucket]?.[column]
    if (count === null || count === undefined) setTip(undefined)
    else
      setTip({
        x: event.clientX,
        y: event.clientY,
        text: `${formatDate(cells.times[column]!, 'YYYY-MM-DD HH:mm:ss', zone)} · up to ${format(cells.bounds[bucket]!)}: ${formattedText(unitFormat('short')(count))}`,
      })
  }
  const labelEvery = Math.max(1, Math.ceil(((cells?.bounds.length ?? 1) * 16) / plotHeight))
  return (
    <div ref={host} className="heatmap">
      {cells === undefined || cells.times.length === 0 ? (
        <NoData {...props} />
      ) : (
        <>
          <canvas
            ref={canvas}
            style={{ left: MARGIN.left, top: MARGIN.top, width: plotWidth, height: plotHeight }}
            role="img"
            aria-label={panel.title || 'Heat map'}
            onMouseMove={pointed}
            onMouseLeave={() => setTip(undefined)}
          />
          <svg width={width} height={height} aria-hidden="true" className="svg-axis">
            {cells.bounds.map((bound, i) =>
              i % labelEvery === 0 ? (
                <text
                  key={bound + i}
                  x={MARGIN.left - 6}
                  y={MARGIN.top + plotHeight - ((i + 0.5) * plotHeight) / cells.bounds.length}
                  textAnchor="end"
                  dominantBaseline="middle"
                >
                  {format(bound)}
                </text>
              ) : null,
            )}
            {[0, 0.25, 0.5, 0.75, 1].map((share) => (
              <text
                key={share}
                x={MARGIN.left + share * plotWidth}
                y={height - 8}
                textAnchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
              >
                {formatDate(
                  fromMs + share * (toMs - fromMs),
                  toMs - fromMs > 130_000_000 ? 'MM-DD HH:mm' : 'HH:mm',
                  zone,
                )}
              </text>
            ))}
          </svg>
          {tip === undefined ? null : (
            <div
              className="plot-tip"
              style={{ left: Math.min(tip.x + 14, window.innerWidth - 320), top: tip.y + 14 }}
            >
              {tip.text}
            </div>
          )}
        </>
      )}
    </div>
  )
}

function schemeOf(name: string | undefined): string {
  const known: Readonly<Record<string, string>> = {
    Spectral: 'continuous-RdYlGr',
    RdYlGn: 'continuous-RdYlGr',
    Blues: 'continuous-blues',
    Greens: 'continuous-greens',
    Reds: 'continuous-reds',
    Purples: 'continuous-purples',
    Viridis: 'continuous-viridis',
    Magma: 'continuous-magma',
    Plasma: 'continuous-plasma',
    Inferno: 'continuous-inferno',
    Cividis: 'continuous-cividis',
    Oranges: 'continuous-YlRd',
    YlOrRd: 'continuous-YlRd',
    Turbo: 'continuous-viridis',
  }
  return known[name ?? ''] ?? 'continuous-blues'
}

/** Buckets as the source answers them, series named by their bounds, or plain values counted here. */
function cellsOf(frames: readonly Frame[], isCounted: boolean): Cells | undefined {
  const usable = frames.filter((frame) => timeFieldOf(frame) !== undefined && frame.length > 0)
  if (usable.length === 0) return undefined
  if (isCounted) return counted(usable)
  const rows = usable.flatMap((frame) =>
    frame.fields
      .filter(({ type }) => type === 'number')
      .map((field) => ({
        times: timeFieldOf(frame)!.values as number[],
        bound:
          field.labels?.['le'] ?? field.config.displayName ?? field.config.displayNameFromDS ?? field.name,
        values: field.values as (number | null)[],
      })),
  )
  const times = [...new Set(rows.flatMap((row) => row.times))].sort((a, b) => a - b)
  const sorted = rows.every(({ bound }) => !Number.isNaN(sampleValue(bound)))
    ? [...rows].sort((a, b) => sampleValue(a.bound) - sampleValue(b.bound))
    : rows
  return {
    times,
    stepMs: stepOf(times, usable[0]!),
    bounds: sorted.map(({ bound }) => bound),
    counts: sorted.map((row) => {
      if (row.times.length === times.length) return row.values
      const byTime = new Map(row.times.map((time, i) => [time, row.values[i] ?? null]))
      return times.map((time) => byTime.get(time) ?? null)
    }),
  }
}

function counted(frames: readonly Frame[]): Cells | undefined {
  const points = frames
    .flatMap((frame) => {
      const times = timeFieldOf(frame)!.values as number[]
      return frame.fields
        .filter(({ type }) => type === 'number')
        .flatMap(({ values }) => values.map((value, i) => [times[i]!, value as number] as const))
    })
    .filter(([, value]) => Number.isFinite(value))
  if (points.length === 0) return undefined
  const times = [...new Set(points.map(([time]) => time))].sort((a, b) => a - b)
  let [min, max] = [Infinity, -Infinity]
  for (const [, value] of points) {
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  const size = (max - min || 1) / BUCKETS
  const row = new Map(times.map((time, i) => [time, i]))
  const counts = Array.from({ length: BUCKETS }, () => Array<number>(times.length).fill(0))
  for (const [time, value] of points)
    counts[Math.min(BUCKETS - 1, Math.floor((value - min) / size))]![row.get(time)!]!++
  return {
    times,
    stepMs: stepOf(times, frames[0]!),
    bounds: counts.map((_, i) => String(Number((min + size * (i + 1)).toPrecision(4)))),
    counts,
  }
}

function stepOf(times: readonly number[], frame: Frame): number {
  return frame.meta?.grid?.stepMs ?? (times.length > 1 ? times[1]! - times[0]! : 60_000)
}
