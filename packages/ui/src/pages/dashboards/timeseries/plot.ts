import {
  absoluteSteps,
  displayText,
  formatDate,
  hasThresholds,
  numberOf,
  objectOf,
  resolveColor,
  textOf,
  thresholdsOf,
  unitFormat,
  formattedText,
  withAlpha,
  type ColorTheme,
  type TimeRange,
} from '@promontory/panels'
import uPlot from 'uplot'
import { themeColor } from '../../../parts/palette.ts'
import type { AnnotationMark } from '../view/context.ts'
import { stackedColumns, type PlotData, type PlotSeries } from './plot-data.ts'

export interface PlotInput {
  readonly data: PlotData
  readonly shown: readonly boolean[]
  readonly range: TimeRange
  readonly zone: string
  readonly theme: ColorTheme
  readonly annotations: readonly AnnotationMark[]
  readonly width: number
  readonly height: number
  readonly syncKey: string | undefined
  readonly onCursor: (plot: uPlot) => void
  readonly onZoom: (fromMs: number, toMs: number) => void
  /** A stretch or a moment chosen with Ctrl held; undefined where nothing can be marked. */
  readonly onMark: ((fromMs: number, toMs: number) => void) | undefined
}

/** Options and columns of uPlot for a panel. */
export function plotOf(input: PlotInput): { options: uPlot.Options; columns: uPlot.AlignedData } {
  const { data, shown, range } = input
  const { columns, bands } = stackedColumns(data, shown)
  const scales = scalesOf(data.series, shown)
  let isMarking = false
  const options: uPlot.Options = {
    width: input.width,
    height: input.height,
    ms: 1,
    padding: [8, scales.length > 1 ? 0 : 12, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { size: 6, show: data.series.length <= 60 },
      focus: { prox: -1 },
      ...(input.syncKey === undefined
        ? {}
        : { sync: { key: input.syncKey, setSeries: false, scales: ['x', null] } }),
    },
    scales: {
      x: { time: true, range: () => [range.fromMs, range.toMs] },
      ...Object.fromEntries(scales.map((scale) => [scale.key, scale.options])),
    },
    axes: [timeAxis(range, input.zone), ...scales.map((scale, i) => valueAxis(scale, i))],
    series: [
      {},
      ...data.series.map((one, i) =>
        seriesOptions(
          one,
          shown[i]!,
          bands.some(({ series }) => series[0] === i + 1),
        ),
      ),
    ],
    bands: [
      ...bands.map(({ series }) => ({
        series,
        fill: areaFill(data.series[series[0] - 1]!) ?? 'transparent',
      })),
      ...fillBelowBands(data),
    ],
    hooks: {
      ready: [
        (plot) =>
          plot.over.addEventListener('mousedown', (event) => {
            const { onMark } = input
            isMarking = onMark !== undefined && (event.ctrlKey || event.metaKey)
            if (onMark !== undefined && isMarking) markWith(plot, event, onMark)
          }),
      ],
      setCursor: [input.onCursor],
      drawClear: [(plot) => drawThresholds(plot, input)],
      draw: [(plot) => drawAnnotations(plot, input)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (isMarking && width > 0) plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          if (isMarking || width < 4) return
          const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          input.onZoom(Math.round(from), Math.round(to))
        },
      ],
    },
  }
  return { options, columns: [data.times as number[], ...columns] as uPlot.AlignedData }
}

/** Follows the pointer until its button is let go, and tells what it went over. */
function markWith(
  plot: uPlot,
  { clientX }: MouseEvent,
  onMark: (fromMs: number, toMs: number) => void,
): void {
  const { left } = plot.over.getBoundingClientRect()
  document.addEventListener(
    'mouseup',
    (event) => {
      const [from = 0, to = 0] = [clientX - left, event.clientX - left].sort((a, b) => a - b)
      const fromMs = Math.round(plot.posToVal(from, 'x'))
      onMark(fromMs, to - from < 4 ? fromMs : Math.round(plot.posToVal(to, 'x')))
    },
    { once: true },
  )
}

interface ValueScale {
  readonly key: string
  readonly isRight: boolean
  readonly isHidden: boolean
  readonly first: PlotSeries
  readonly options: uPlot.Scale
}

/** Which scale a series is on: one per unit and side. */
export function scaleKey(one: PlotSeries): string {
  const placement = textOf(one.custom['axisPlacement']) ?? 'auto'
  const side = placement === 'right' ? 'right' : placement === 'hidden' ? 'hidden' : 'left'
  return `${side}|${one.field.config.unit ?? ''}|${textOf(one.custom['axisLabel']) ?? ''}`
}

function scalesOf(series: readonly PlotSeries[], shown: readonly boolean[]): ValueScale[] {
  const keys = [...new Set(series.map(scaleKey))]
  let hasLeft = false
  return keys.map((key) => {
    const own = series.filter((one) => scaleKey(one) === key)
    const visible = own.filter((one) => shown[series.indexOf(one)])
    const first = visible[0] ?? own[0]!
    const placement = textOf(first.custom['axisPlacement']) ?? 'auto'
    const isRight = placement === 'right' || (placement === 'auto' && hasLeft)
    if (!isRight) hasLeft = true
    return { key, isRight, isHidden: placement === 'hidden', first, options: scaleOptions(first) }
  })
}

function scaleOptions({ field, custom }: PlotSeries): uPlot.Scale {
  const distribution = objectOf(custom['scaleDistribution'])
  const { min, max } = field.config
  const [softMin, softMax] = [numberOf(custom['axisSoftMin']), numberOf(custom['axisSoftMax'])]
  const isCentered = custom['axisCenteredZero'] === true
  const isBars = custom['drawStyle'] === 'bars'
  const stacking = objectOf(custom['stacking'])['mode']
  if (distribution['type'] === 'log' || distribution['type'] === 'symlog') {
    const isSym = distribution['type'] === 'symlog'
    return {
      distr: isSym ? 4 : 3,
      log: numberOf(distribution['log']) === 2 ? 2 : 10,
      ...(isSym ? { asinh: numberOf(distribution['linearThreshold']) ?? 1 } : {}),
      range: (_plot, low, high) => {
        if (low === null || high === null) return [1, 10]
        if (!isSym) return logRange(low, high, min, max)
        const [a, b] = uPlot.rangeAsinh(low, high, 10, true)
        return ordered(min ?? a!, max ?? b!)
      },
    }
  }
  if (stacking === 'percent') return { range: () => ordered(min ?? 0, max ?? 1) }
  return {
    range: (_plot, low, high) => {
      let [from, to] = [low ?? 0, high ?? 1]
      if (softMin !== undefined) from = Math.min(from, softMin)
      if (softMax !== undefined) to = Math.max(to, softMax)
      if (isCentered) {
        const size = Math.max(Math.abs(from), Math.abs(to)) || 1
        ;[from, to] = [-size, size]
      }
      if (from === to) {
        if (from === 0) to = 1
        else if (from > 0) from = 0
        else to = 0
        if (from === to) to = from + 1
      }
      const [a, b] = uPlot.rangeNum(from, to, {
        min: { pad: 0.1, soft: 0, mode: isBars ? 1 : 3 },
        max: { pad: 0.1, soft: 0, mode: 3 },
      })
      return ordered(min ?? a!, max ?? b!)
    },
  }
}

/** Powers of ten shown below the greatest value where the least one is not positive. */
const LOG_DEPTH = 1e-4

/** A logarithmic axis has no place for zero and below: neither for such values nor for such configured ends. */
function logRange(
  low: number,
  high: number,
  min: number | undefined,
  max: number | undefined,
): [number, number] {
  const top = max !== undefined && max > 0 ? max : high > 0 ? high : 10
  const bottom = min !== undefined && min > 0 ? min : low > 0 ? low : top * LOG_DEPTH
  if (!(bottom < top)) return [bottom / 10, bottom * 10]
  const [a, b] = uPlot.rangeLog(bottom, top, 10, true)
  return [min !== undefined && min > 0 ? min : a!, max !== undefined && max > 0 ? max : b!]
}

/**
 * Ends of an axis, the lower first, and far enough from each other that there are numbers between them: ends that are
 * set can lie on the wrong side of all values.
 */
function ordered(from: number, to: number): [number, number] {
  const least = Math.max(Math.abs(from), Math.abs(to), 1e-300) * 1e-9
  return to - from > least ? [from, to] : [from, from + Math.max(least * 10, Math.abs(from) * 0.1)]
}

function axisStyle(): Pick<uPlot.Axis, 'stroke' | 'grid' | 'ticks' | 'font'> {
  const line = themeColor('--line')
  return {
    stroke: themeColor('--text-soft'),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    font: '12px system-ui, sans-serif',
  }
}

function timeAxis(range: TimeRange, zone: string): uPlot.Axis {
  const span = range.toMs - range.fromMs
  return {
    ...axisStyle(),
    space: 80,
    size: 28,
    values: (_plot, ticks, _axis, _space, step) =>
      ticks.map((tick) => {
        if (step >= 86_400_000 * 28) return formatDate(tick, 'YYYY-MM', zone)
        if (step >= 86_400_000) return formatDate(tick, 'MM-DD', zone)
        if (span > 86_400_000 * 1.5) return formatDate(tick, 'MM-DD HH:mm', zone)
        return formatDate(tick, step < 1000 ? 'HH:mm:ss.SSS' : step < 60_000 ? 'HH:mm:ss' : 'HH:mm', zone)
      }),
  }
}

function valueAxis(scale: ValueScale, index: number): uPlot.Axis {
  const { field, custom } = scale.first
  const format = unitFormat(
    objectOf(custom['stacking'])['mode'] === 'percent' ? 'percentunit' : field.config.unit,
  )
  const label = textOf(custom['axisLabel'])
  const isColored = custom['axisColorMode'] === 'series'
  const style = axisStyle()
  return {
    ...style,
    ...(isColored ? { stroke: scale.first.color } : {}),
    scale: scale.key,
    side: scale.isRight ? 1 : 3,
    show: !scale.isHidden,
    grid: { ...style.grid, show: index === 0 && custom['axisGridShow'] !== false },
    ...(label ? { label, labelSize: 20, labelFont: '12px system-ui, sans-serif' } : {}),
    size: (_plot, values) => {
      const fixed = numberOf(custom['axisWidth'])
      const longest = Math.max(0, ...(values ?? []).map((text) => String(text).length))
      return fixed ?? Math.min(120, Math.max(36, longest * 7 + 14))
    },
    values: (_plot, ticks) => {
      const decimals = field.config.decimals ?? decimalsOf(ticks, field.config.unit)
      return ticks.map((tick) =>
        tick === null ? '' : formattedText(format(tick, decimals, { zone: 'browser' })),
      )
    },
  }
}

/** Few decimals that still tell neighbouring ticks apart; scaled units find theirs alone. */
function decimalsOf(ticks: readonly number[], unit: string | undefined): number | undefined {
  const isPlain = unit === undefined || unit === '' || unit === 'none' || unit === 'percent'
  if (!isPlain || ticks.length < 2) return undefined
  const step = Math.abs(ticks[1]! - ticks[0]!)
  return step === 0 ? undefined : Math.max(0, Math.min(10, -Math.floor(Math.log10(step) + 1e-9)))
}

function seriesOptions(one: PlotSeries, isShown: boolean, isBand: boolean): uPlot.Series {
  const { custom } = one
  const style = textOf(custom['drawStyle']) ?? 'line'
  const width = numberOf(custom['lineWidth']) ?? 1
  const points = textOf(custom['showPoints']) ?? 'auto'
  const pointSize = numberOf(custom['pointSize']) ?? 5
  const dash = objectOf(custom['lineStyle'])
  const fill = isBand ? undefined : areaFill(one)
  return {
    label: one.name,
    scale: scaleKey(one),
    show: isShown,
    stroke: one.color,
    width: style === 'points' ? 0 : width,
    spanGaps: custom['spanNulls'] === true,
    ...(fill === undefined ? {} : { fill }),
    ...(dash['fill'] === 'dash' ? { dash: dashOf(dash['dash'], [10, 10]) } : {}),
    ...(dash['fill'] === 'dot' ? { dash: dashOf(dash['dash'], [0, 10]), cap: 'round' as const } : {}),
    points: {
      size: pointSize,
      stroke: one.color,
      fill: one.color,
      ...(style === 'points' || points === 'always'
        ? { show: true }
        : style === 'bars'
          ? { show: false }
          : points === 'never'
            ? { show: true, filter: lonelyPoints }
            : {
                filter: (plot, series, show, gaps) => (show ? null : lonelyPoints(plot, series, show, gaps)),
              }),
    },
    paths: pathsOf(style, custom),
  } as uPlot.Series
}

function dashOf(json: unknown, fallback: readonly number[]): number[] {
  return Array.isArray(json) && json.length > 0 ? json.map((part) => numberOf(part) ?? 1) : [...fallback]
}

/** Points that no line shows, since both neighbours are missing. */
function lonelyPoints(plot: uPlot, seriesIndex: number, _show: boolean, _gaps?: unknown): number[] | null {
  const column = plot.data[seriesIndex]!
  const out: number[] = []
  for (let i = 0; i < column.length; i++)
    if (column[i] != null && column[i - 1] == null && column[i + 1] == null) out.push(i)
  return out.length > 0 ? out : []
}

function pathsOf(style: string, custom: PlotSeries['custom']): uPlot.Series.PathBuilder | undefined {
  const paths = uPlot.paths
  if (style === 'bars') {
    const align = numberOf(custom['barAlignment']) ?? 0
    return paths.bars!({
      size: [numberOf(custom['barWidthFactor']) ?? 0.6, 200, 1],
      align: align as -1 | 0 | 1,
    })
  }
  if (style === 'points') return () => null
  switch (custom['lineInterpolation']) {
    case 'smooth': return paths.spline!()
    case 'stepBefore': return paths.stepped!({ align: -1 })
    case 'stepAfter': return paths.stepped!({ align: 1 })
    default: return paths.linear!()
  } // prettier-ignore
}

function areaFill(one: PlotSeries): string | uPlot.Series.Fill | undefined {
  const opacity = (numberOf(one.custom['fillOpacity']) ?? 0) / 100
  if (opacity <= 0 || one.custom['drawStyle'] === 'points') return undefined
  const mode = one.custom['gradientMode']
  if (mode !== 'opacity' && mode !== 'hue' && mode !== 'scheme') return withAlpha(one.color, opacity)
  return (plot) => {
    const { top, height } = plot.bbox
    if (!Number.isFinite(top) || height <= 0) return withAlpha(one.color, opacity)
    const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height)
    gradient.addColorStop(0, withAlpha(one.color, opacity))
    gradient.addColorStop(1, withAlpha(one.color, opacity * 0.1))
    return gradient
  }
}

/** `fillBelowTo`: the area between a series and another. */
function fillBelowBands(data: PlotData): uPlot.Band[] {
  return data.series.flatMap((one, i) => {
    const target = data.series.findIndex(({ name }) => name === one.custom['fillBelowTo'])
    if (target === -1) return []
    const opacity = (numberOf(one.custom['fillOpacity']) ?? 35) / 100
    return [{ series: [i + 1, target + 1] as [number, number], fill: withAlpha(one.color, opacity || 0.35) }]
  })
}

function drawThresholds(plot: uPlot, { data, theme }: PlotInput): void {
  const done = new Set<string>()
  for (const one of data.series) {
    const style = textOf(objectOf(one.custom['thresholdsStyle'])['mode']) ?? 'off'
    const key = scaleKey(one)
    const given = one.field.config.thresholds
    if (style === 'off' || done.has(key) || !hasThresholds(given)) continue
    done.add(key)
    const { min = 0, max = 0 } = plot.scales[key] ?? {}
    const steps = absoluteSteps(thresholdsOf(given), one.field.config.min ?? 0, one.field.config.max ?? 100)
    const { left, top, width, height } = plot.bbox
    const { ctx } = plot
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, top, width, height)
    ctx.clip()
    steps.forEach((step, i) => {
      const color = resolveColor(step.color, theme)
      if (color === 'transparent') return
      const from = Math.max(step.value, min)
      const to = Math.min(steps[i + 1]?.value ?? Infinity, max)
      const yFrom = plot.valToPos(from, key, true)
      const yTo = plot.valToPos(to, key, true)
      if (style.includes('area') && to > from) {
        ctx.fillStyle = withAlpha(color, 0.12)
        ctx.fillRect(left, yTo, width, yFrom - yTo)
      }
      if ((style.includes('line') || style.startsWith('dashed')) && step.value > min && step.value < max) {
        ctx.strokeStyle = color
        ctx.lineWidth = 1.5
        ctx.setLineDash(style.startsWith('dashed') ? [8, 6] : [])
        ctx.beginPath()
        ctx.moveTo(left, yFrom)
        ctx.lineTo(left + width, yFrom)
        ctx.stroke()
      }
    })
    ctx.restore()
  }
}

function drawAnnotations(plot: uPlot, { annotations }: PlotInput): void {
  const { left, top, width, height } = plot.bbox
  const { ctx } = plot
  for (const mark of annotations) {
    const x = plot.valToPos(mark.timeMs, 'x', true)
    const end = plot.valToPos(mark.endMs, 'x', true)
    if (end < left || x > left + width) continue
    ctx.save()
    ctx.strokeStyle = mark.color
    ctx.fillStyle = withAlpha(mark.color, 0.12)
    if (end > x + 1)
      ctx.fillRect(Math.max(x, left), top, Math.min(end, left + width) - Math.max(x, left), height)
    if (x >= left) {
      ctx.setLineDash([4, 3])
      ctx.beginPath()
      ctx.moveTo(x, top)
      ctx.lineTo(x, top + height)
      ctx.stroke()
      ctx.setLineDash([])
      ctx.fillStyle = mark.color
      ctx.beginPath()
      ctx.moveTo(x - 5, top + height + 6)
      ctx.lineTo(x + 5, top + height + 6)
      ctx.lineTo(x, top + height)
      ctx.fill()
    }
    ctx.restore()
  }
}

/** A series' value as the tooltip and the legend write it. */
export function seriesText(one: PlotSeries, value: number | null | undefined): string {
  const original = one.custom['transform'] === 'negative-Y' && value != null ? -value : value
  return displayText(one.format(original ?? null)) || '-'
}
