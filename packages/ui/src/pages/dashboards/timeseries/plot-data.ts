import {
  colorModeOf,
  displayOf,
  fieldDisplayName,
  fieldRange,
  isByValue,
  objectOf,
  reduce,
  resolveColor,
  seriesColor,
  splitLong,
  stepOf,
  scaleColor,
  textOf,
  thresholdsOf,
  timeFieldOf,
  type ColorTheme,
  type Display,
  type Field,
  type Frame,
  type JsonObject,
} from '@promontory/panels'

/** A line of the chart, with its field's options read. */
export interface PlotSeries {
  readonly name: string
  readonly field: Field
  readonly frame: Frame
  readonly custom: JsonObject
  readonly color: string
  readonly format: (value: unknown) => Display
  /** On the times of the plot; null is a gap, undefined is nothing. */
  readonly values: (number | null | undefined)[]
  readonly isHidden: boolean
  readonly isInLegend: boolean
  readonly isInTooltip: boolean
}

export interface PlotData {
  /** Milliseconds. */
  readonly times: readonly number[]
  readonly series: readonly PlotSeries[]
}

/** Series drawn at most; the rest is named in a notice. */
export const SERIES_MAX = 500

/** Frames as lines on one axis of times. */
export function plotData(frames: readonly Frame[], theme: ColorTheme, zone: string): PlotData {
  const wide = frames.some((frame) => frame.fields.some(({ type }) => type === 'string'))
    ? frames.flatMap(splitLong)
    : frames
  const usable = wide.filter((frame) => timeFieldOf(frame) !== undefined && frame.length > 0)
  const times = commonTimes(usable)
  const at = rowFinder(usable, times)
  const series: PlotSeries[] = []
  for (const frame of usable) {
    const own = timeFieldOf(frame)!.values as number[]
    for (const field of frame.fields) {
      if (field.type !== 'number' && field.type !== 'boolean') continue
      if (series.length >= SERIES_MAX) break
      series.push(
        plotSeries(field, frame, wide, series.length, theme, zone, alignedValues(field, own, times, at)),
      )
    }
  }
  return { times, series }
}

function plotSeries(
  field: Field,
  frame: Frame,
  frames: readonly Frame[],
  index: number,
  theme: ColorTheme,
  zone: string,
  values: (number | null | undefined)[],
): PlotSeries {
  const custom = objectOf(field.config.custom)
  const hideFrom = objectOf(custom['hideFrom'])
  const name = fieldDisplayName(field, frame, frames)
  const spanNulls = custom['spanNulls']
  if (typeof spanNulls === 'number')
    bridgeShortGaps(values, timeFieldOf(frame)!.values as number[], spanNulls)
  if (custom['nullAsZero'] === true) values.forEach((value, i) => (values[i] = value ?? 0))
  if (custom['transform'] === 'negative-Y')
    values.forEach((value, i) => (values[i] = value == null ? value : -value))
  if (custom['transform'] === 'constant' && values.length > 0)
    values.fill(values.find((value) => value != null) ?? null)
  return {
    name,
    field,
    frame,
    custom,
    color: colorOf(field, index, name, theme),
    format: displayOf(field, { theme, zone, index, name }, rangeForColors(field)),
    values,
    isHidden: hideFrom['viz'] === true,
    isInLegend: hideFrom['legend'] !== true,
    isInTooltip: hideFrom['tooltip'] !== true,
  }
}

function rangeForColors(field: Field): { readonly min: number; readonly max: number } {
  return isByValue(colorModeOf(field.config.color)) ? fieldRange(field) : { min: 0, max: 100 }
}

/** The colour of a line: where colours follow values, that of its last (or least, or greatest) one. */
function colorOf(field: Field, index: number, name: string, theme: ColorTheme): string {
  const mode = colorModeOf(field.config.color ?? { mode: 'palette-classic' })
  if (!isByValue(mode)) return seriesColor(mode, index, name, theme)
  const { min, max } = fieldRange(field)
  const value = Number(reduce(field, mode.seriesBy === 'last' ? 'lastNotNull' : mode.seriesBy) ?? NaN)
  if (mode.mode !== 'thresholds') return scaleColor(mode.mode, (value - min) / (max - min || 1), theme)
  return resolveColor(stepOf(thresholdsOf(field.config.thresholds), value, min, max).color, theme)
}

/** Times of all frames; series of one range query share theirs. */
function commonTimes(frames: readonly Frame[]): readonly number[] {
  const [first] = frames
  if (first === undefined) return []
  const shared = timeFieldOf(first)!.values as number[]
  if (frames.every((frame) => timeFieldOf(frame)!.values === shared)) return shared
  const grid = first.meta?.grid
  if (grid !== undefined && frames.every(({ meta }) => isSameGrid(meta?.grid, grid))) {
    const count = Math.floor((grid.endMs - grid.startMs) / grid.stepMs + 1e-6) + 1
    return Array.from({ length: Math.max(count, 0) }, (_, i) => grid.startMs + i * grid.stepMs)
  }
  return [...new Set(frames.flatMap((frame) => timeFieldOf(frame)!.values as number[]))].sort((a, b) => a - b)
}

type Grid = NonNullable<NonNullable<Frame['meta']>['grid']>

function isSameGrid(a: Grid | undefined, b: Grid): boolean {
  return a !== undefined && a.startMs === b.startMs && a.stepMs === b.stepMs && a.endMs === b.endMs
}

function rowFinder(
  frames: readonly Frame[],
  times: readonly number[],
): (timeMs: number) => number | undefined {
  const grid = frames[0]?.meta?.grid
  if (grid !== undefined && frames.every(({ meta }) => isSameGrid(meta?.grid, grid)))
    return (timeMs) => Math.round((timeMs - grid.startMs) / grid.stepMs)
  const rows = new Map(times.map((time, i) => [time, i]))
  return (timeMs) => rows.get(timeMs)
}

/** A series' values on the common times. A step of its own grid without a value is a gap; another series' time is not. */
function alignedValues(
  field: Field,
  own: readonly number[],
  times: readonly number[],
  at: (timeMs: number) => number | undefined,
): (number | null | undefined)[] {
  const read = (value: unknown): number | null => {
    const number = typeof value === 'boolean' ? Number(value) : (value as number | null | undefined)
    return number === null || number === undefined || !Number.isFinite(number) ? null : number
  }
  if (own === times) return field.values.map(read)
  const step = field.config.interval ?? stepOfTimes(own)
  const aligned = Array<number | null | undefined>(times.length).fill(undefined)
  let before = -Infinity
  own.forEach((time, i) => {
    const row = at(time)
    if (row === undefined || row < 0 || row >= aligned.length) return
    if (time - before > step * 1.5 && row > 0 && aligned[row - 1] === undefined && before !== -Infinity)
      aligned[row - 1] = null
    aligned[row] = read(field.values[i])
    before = time
  })
  return aligned
}

function stepOfTimes(times: readonly number[]): number {
  let least = Infinity
  for (let i = 1; i < Math.min(times.length, 50); i++) least = Math.min(least, times[i]! - times[i - 1]!)
  return least
}

/** Gaps shorter than a limit are bridged. */
function bridgeShortGaps(
  values: (number | null | undefined)[],
  times: readonly number[],
  limitMs: number,
): void {
  let last = -1
  values.forEach((value, i) => {
    if (value == null) return
    if (last !== -1 && i - last > 1 && (times[i] ?? 0) - (times[last] ?? 0) <= limitMs)
      for (let k = last + 1; k < i; k++) values[k] = undefined
    last = i
  })
}

/** Columns as they are drawn: those of one stack on top of each other, negative ones apart. */
export function stackedColumns(
  data: PlotData,
  shown: readonly boolean[],
): { readonly columns: (number | null | undefined)[][]; readonly bands: { series: [number, number] }[] } {
  const columns = data.series.map((one) => one.values)
  const bands: { series: [number, number] }[] = []
  const stacks = new Map<string, { members: number[]; isPercent: boolean }>()
  data.series.forEach((one, i) => {
    const { mode, group } = objectOf(one.custom['stacking'])
    if ((mode !== 'normal' && mode !== 'percent') || !shown[i]) return
    const sign = one.custom['transform'] === 'negative-Y' ? '-' : '+'
    const style = textOf(one.custom['drawStyle']) === 'bars' ? 'bars' : 'line'
    const key = `${String(group ?? 'A')}${sign}${style}${one.field.config.unit ?? ''}`
    const stack = stacks.get(key) ?? { members: [], isPercent: mode === 'percent' }
    stack.members.push(i)
    stacks.set(key, stack)
  })
  for (const { members, isPercent } of stacks.values()) {
    const total = Array<number>(data.times.length).fill(0)
    const sums = isPercent
      ? data.times.map((_, row) =>
          members.reduce((sum, i) => sum + Math.abs(data.series[i]!.values[row] ?? 0), 0),
        )
      : undefined
    members.forEach((i, k) => {
      columns[i] = data.series[i]!.values.map((value, row) => {
        if (value == null) return members.length > 1 && value === null ? total[row]! : value
        total[row]! += sums === undefined ? value : value / (sums[row]! || 1)
        return total[row]!
      })
      if (k > 0) bands.push({ series: [i + 1, members[k - 1]! + 1] })
    })
  }
  return { columns, bands }
}
