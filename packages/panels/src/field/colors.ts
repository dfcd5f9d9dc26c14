import { numberOf, objectOf, textOf } from '../json.ts'

/** What colours are drawn in: the page's palette of series, and whether the ground is dark. */
export interface ColorTheme {
  readonly isDark: boolean
  /** Colours of series in order, as `#rrggbb`. */
  readonly series: readonly string[]
  readonly text: string
  readonly ground: string
}

/** The five shades of a hue, from dark to very light. */
const HUES: Readonly<Record<string, readonly [string, string, string, string, string]>> = {
  red: ['#b3261e', '#d13a34', '#e5534b', '#f58a84', '#fcc2be'],
  orange: ['#b35309', '#d9660f', '#f0863a', '#f7ab73', '#fcd4b6'],
  yellow: ['#a87b00', '#cf9b0a', '#e8b923', '#f3d26b', '#fae9b3'],
  green: ['#1a6b37', '#2a8a4b', '#43a563', '#7cc795', '#bfe5cb'],
  blue: ['#14508c', '#2168b0', '#3f8fd0', '#7fb8e6', '#bfdcf4'],
  purple: ['#5b3594', '#744bb3', '#9670cc', '#b99de0', '#dccff0'],
}
const SHADES = ['dark', 'semi-dark', '', 'light', 'super-light']

/** Stops from low to high of the continuous schemes. */
const SCALES: Readonly<Record<string, readonly string[]>> = {
  'continuous-GrYlRd': ['#43a563', '#e8b923', '#e5534b'],
  'continuous-RdYlGr': ['#e5534b', '#e8b923', '#43a563'],
  'continuous-BlYlRd': ['#3f8fd0', '#e8b923', '#e5534b'],
  'continuous-YlRd': ['#fae9b3', '#e5534b'],
  'continuous-BlPu': ['#3f8fd0', '#9670cc'],
  'continuous-YlBl': ['#e8b923', '#3f8fd0'],
  'continuous-blues': ['ground', '#3f8fd0'],
  'continuous-reds': ['ground', '#e5534b'],
  'continuous-greens': ['ground', '#43a563'],
  'continuous-purples': ['ground', '#9670cc'],
  'continuous-viridis': ['#440154', '#3b528b', '#21918c', '#5ec962', '#fde725'],
  'continuous-magma': ['#000004', '#51127c', '#b73779', '#fc8961', '#fcfdbf'],
  'continuous-plasma': ['#0d0887', '#7e03a8', '#cc4778', '#f89540', '#f0f921'],
  'continuous-inferno': ['#000004', '#57106e', '#bc3754', '#f98e09', '#fcffa4'],
  'continuous-cividis': ['#00224e', '#434e6c', '#7d7c78', '#bcae6c', '#fee838'],
}

const CSS_COLOR = /^(#[0-9a-f]{3,8}|(rgb|hsl)a?\([\d\s.,%/deg-]+\)|[a-z]{3,24})$/i

/** A dashboard's colour (a named hue, `text`, or CSS) as CSS; grey for anything else, so that no text of it is trusted. */
export function resolveColor(name: string, theme: ColorTheme): string {
  if (name === 'text') return theme.text
  if (name === 'panel-bg' || name === 'background') return theme.ground
  const parts = /^(?:(super-light|semi-dark|light|dark)-)?(red|orange|yellow|green|blue|purple)$/.exec(name)
  if (parts !== null) {
    const shade = SHADES.indexOf(parts[1] ?? '')
    return HUES[parts[2]!]![theme.isDark && shade < 2 ? shade + 1 : shade]!
  }
  return CSS_COLOR.test(name) ? name : '#808080'
}

/** How a field's colour is found: one colour, by its place among the series, or by value. */
export interface ColorMode {
  readonly mode: string
  readonly fixedColor: string | undefined
  /** Which of a series' values decides where colours follow values. */
  readonly seriesBy: 'last' | 'min' | 'max'
}

export function colorModeOf(json: unknown): ColorMode {
  const { mode, fixedColor, seriesBy } = objectOf(json)
  return {
    mode: textOf(mode) ?? 'thresholds',
    fixedColor: textOf(fixedColor),
    seriesBy: seriesBy === 'min' || seriesBy === 'max' ? seriesBy : 'last',
  }
}

export function isByValue({ mode }: ColorMode): boolean {
  return mode === 'thresholds' || mode.startsWith('continuous-')
}

/** The colour of a series that does not follow its values. */
export function seriesColor(color: ColorMode, index: number, name: string, theme: ColorTheme): string {
  if (color.mode === 'fixed') return resolveColor(color.fixedColor ?? 'grey', theme)
  if (color.mode === 'shades') return shade(resolveColor(color.fixedColor ?? 'blue', theme), index)
  if (color.mode === 'palette-classic-by-name') return theme.series[hash(name) % theme.series.length]!
  return theme.series[index % theme.series.length]!
}

/** The colour of a share between 0 and 1 in a continuous scheme. */
export function scaleColor(scheme: string, share: number, theme: ColorTheme): string {
  const stops = SCALES[scheme] ?? SCALES['continuous-GrYlRd']!
  const colors = stops.map((stop) => (stop === 'ground' ? (theme.isDark ? '#22303f' : '#e4ebf2') : stop))
  const position = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0)) * (colors.length - 1)
  const low = Math.min(Math.floor(position), colors.length - 2)
  return mix(colors[low]!, colors[low + 1]!, position - low)
}

/** Names of the continuous schemes, for pickers. */
export const COLOR_SCALES: readonly string[] = Object.keys(SCALES)

/** `#rrggbb` between two others. */
export function mix(from: string, to: string, share: number): string {
  const [a, b] = [channels(from), channels(to)]
  return `#${a.map((channel, i) => hex(channel + (b[i]! - channel) * share)).join('')}`
}

/** The colour with an opacity of 0 to 1; colours that are not `#rrggbb` through `color-mix`. */
export function withAlpha(color: string, alpha: number): string {
  if (/^#[0-9a-f]{6}$/i.test(color)) return `${color}${hex(alpha * 255)}`
  return `color-mix(in srgb, ${color} ${Math.round(alpha * 100)}%, transparent)`
}

/** Black or white, whichever is easier to read on the colour. */
export function readableOn(color: string): string {
  const [r = 0, g = 0, b = 0] = channels(color)
  const linear = (value: number): number =>
    value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
  const light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  return light > 0.179 ? '#0b1016' : '#ffffff'
}

function channels(color: string): number[] {
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(color)
  if (long !== null) return long.slice(1).map((part) => Number.parseInt(part, 16))
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])/i.exec(color)
  if (short !== null) return short.slice(1).map((part) => Number.parseInt(part + part, 16))
  const rgb = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(color)
  return rgb === null ? [128, 128, 128] : rgb.slice(1).map((part) => numberOf(part) ?? 0)
}

function hex(channel: number): string {
  return Math.max(0, Math.min(255, Math.round(channel)))
    .toString(16)
    .padStart(2, '0')
}

function shade(color: string, index: number): string {
  const step = (index % 7) * 0.11
  return index % 2 === 0 ? mix(color, '#ffffff', step) : mix(color, '#000000', step)
}

function hash(text: string): number {
  let value = 5381
  for (const char of text) value = (Math.imul(value, 33) ^ char.codePointAt(0)!) >>> 0
  return value
}
