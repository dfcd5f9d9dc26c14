import { useEffect, useRef, type ReactNode } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clock, date, dateTime, shortNumber } from '../data/format.ts'
import { useTheme } from '../shell/theme.ts'
import { seriesColors, themeColor } from './palette.ts'

/** Series as columns: `times` in seconds, one array of values per name, null where there is no point. */
export interface ChartData {
  readonly times: readonly number[]
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[]
}

export interface ChartProps {
  readonly data: ChartData
  readonly height: number
  readonly stacked?: boolean
  readonly hidden?: ReadonlySet<number>
  readonly format?: (value: number) => string
  /** A range in seconds that was chosen by dragging. */
  readonly onZoom?: (fromS: number, toS: number) => void
  readonly label: string
}

/** Names in the tooltip at most: the nearest ones to the pointer. */
const TIP_LINES = 12

/** Lines over time. */
export function Chart(props: ChartProps): ReactNode {
  const host = useRef<HTMLDivElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const [theme] = useTheme()
  const { data, height, stacked = false, hidden, format = shortNumber, onZoom, label } = props
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const shown = data.series.map((_, i) => !(hidden?.has(i) ?? false))
    const columns = stacked ? stack(data, shown) : data.series.map((series) => series.values)
    const colors = seriesColors()
    const options: uPlot.Options = {
      width: element.clientWidth,
      height,
      padding: [12, 28, 0, 0],
      cursor: { drag: { x: onZoom !== undefined, y: false, setScale: false }, points: { size: 6 } },
      legend: { show: false },
      scales: { x: { time: true }, y: { range: yRange } },
      axes: [
        { ...axis(), values: timeTicks, space: 80 },
        { ...axis(), size: 64, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
      ],
      series: [
        {},
        ...data.series.map((series, i): uPlot.Series => ({
          label: series.name,
          show: shown[i]!,
          stroke: colors[i % colors.length]!,
          width: 1.5,
          ...(stacked || data.series.length === 1
            ? { fill: `${colors[i % colors.length]}${stacked ? '55' : '1f'}` }
            : {}),
          points: { show: isSparse(series.values) },
        })),
      ],
      hooks: {
        setCursor: [(plot) => showTip(plot, tip.current, data, shown, colors, format)],
        setSelect: [
          (plot) => {
            if (plot.select.width < 4) return
            onZoom?.(
              plot.posToVal(plot.select.left, 'x'),
              plot.posToVal(plot.select.left + plot.select.width, 'x'),
            )
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          },
        ],
      },
    }
    const plot = new uPlot(options, [data.times as number[], ...(columns as (number | null)[][])], element)
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [data, height, stacked, hidden, format, onZoom, theme])
  return (
    <div className="chart" style={{ height }} role="img" aria-label={label}>
      <div ref={host} />
      <div ref={tip} className="chart-tip" hidden />
    </div>
  )
}

function axis(): uPlot.Axis {
  const line = themeColor('--line')
  return {
    stroke: themeColor('--text-soft'),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    font: '12px system-ui, sans-serif',
  }
}

/** `03:04`, with seconds when ticks are closer than a minute, and the day below the first tick and each new day. */
function timeTicks(_plot: uPlot, ticks: number[], _axis: number, _space: number, stepS: number): string[] {
  let day = ''
  return ticks.map((timeS) => {
    const today = date(timeS * 1000)
    const isNew = today !== day
    day = today
    if (stepS >= 86_400) return today
    const time = clock(timeS * 1000).slice(0, stepS < 60 ? 8 : 5)
    return isNew ? `${time}\n${today}` : time
  })
}

/** A flat line gets room above and below; zero is kept in sight when it is near. */
function yRange(_plot: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1]
  if (min === max) return min === 0 ? [0, 1] : min > 0 ? [0, max * 1.5] : [min * 1.5, 0]
  const room = (max - min) * 0.08
  return [min >= 0 && min < (max - min) * 2 ? 0 : min - room, max <= 0 && -max < max - min ? 0 : max + room]
}

/** Points that lines do not show: those without a neighbour. */
function isSparse(values: readonly (number | null)[]): boolean {
  return values.some(
    (value, i) => value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null,
  )
}

function stack(data: ChartData, shown: readonly boolean[]): (number | null)[][] {
  const total = Array<number>(data.times.length).fill(0)
  return data.series.map((series, i) =>
    series.values.map((value, k) => {
      if (value === null || !shown[i]) return value
      total[k]! += value
      return total[k]!
    }),
  )
}

function showTip(
  plot: uPlot,
  tip: HTMLDivElement | null,
  data: ChartData,
  shown: readonly boolean[],
  colors: readonly string[],
  format: (value: number) => string,
): void {
  const { idx, left = -1, top = 0 } = plot.cursor
  if (tip === null) return
  if (idx === null || idx === undefined || left < 0) {
    tip.hidden = true
    return
  }
  const at = plot.posToVal(top, 'y')
  const lines = data.series
    .map((series, i) => ({
      name: series.name,
      value: series.values[idx] ?? null,
      color: colors[i % colors.length]!,
      index: i,
    }))
    .filter((line): line is typeof line & { value: number } => line.value !== null && shown[line.index]!)
    .sort((a, b) => Math.abs(a.value - at) - Math.abs(b.value - at))
  const rows = lines.slice(0, TIP_LINES).sort((a, b) => b.value - a.value)
  tip.replaceChildren(
    timeLine(data.times[idx]!),
    ...rows.map((line) => tipLine(line.color, line.name, format(line.value))),
  )
  if (lines.length > rows.length) tip.append(`… and ${lines.length - rows.length} more`)
  tip.hidden = false
  const width = plot.over.clientWidth
  const x = plot.over.offsetLeft + left
  tip.style.left = left > width / 2 ? 'auto' : `${x + 14}px`
  tip.style.right = left > width / 2 ? `${(tip.parentElement?.clientWidth ?? 0) - x + 14}px` : 'auto'
  tip.style.top = '0.75rem'
}

function timeLine(timeS: number): HTMLElement {
  const line = document.createElement('strong')
  line.textContent = dateTime(timeS * 1000)
  return line
}

function tipLine(color: string, name: string, value: string): HTMLElement {
  const line = document.createElement('li')
  const swatch = document.createElement('span')
  swatch.className = 'swatch'
  swatch.style.background = color
  const text = document.createElement('span')
  text.className = 'name'
  text.textContent = name
  const number = document.createElement('b')
  number.className = 'number'
  number.textContent = value
  line.append(swatch, text, number)
  return line
}
