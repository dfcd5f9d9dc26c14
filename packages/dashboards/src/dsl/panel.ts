import type { JsonObject } from '../json.ts'

/** One query of a panel. */
export interface Target {
  readonly expr: string
  /** `{{job}}`; Grafana's own naming when not given. */
  readonly legend?: string
  readonly instant?: boolean
  readonly format?: 'time_series' | 'table' | 'heatmap'
  readonly exemplars?: boolean
  readonly hidden?: boolean
}

/** From a value on, the colour. The first step has no value: it is what lies below. */
export type Thresholds = readonly [
  base: string,
  ...steps: readonly (readonly [from: number, color: string])[],
]

export type Calculation = 'lastNotNull' | 'mean' | 'max' | 'min' | 'sum' | 'first' | 'count' | 'range'

/** What every panel has. */
export interface PanelSpec {
  readonly title: string
  readonly description?: string
  /** Columns of 24. */
  readonly width?: number
  /** In units of 30 pixels. */
  readonly height?: number
  /** Queries; a text stands for one without options. */
  readonly targets?: readonly (Target | string)[]
  /** Uid of the data source, or `$datasource`; the default one when not given. */
  readonly source?: string
  /** Grafana's id of a unit: `bytes`, `reqps`, `percentunit`, … */
  readonly unit?: string
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
  readonly thresholds?: Thresholds
  /** Settings of single fields by name. */
  readonly overrides?: readonly Override[]
  /** Name of the variable for each of whose values the panel is drawn. */
  readonly repeat?: string
  /** Smallest step, `1m`. */
  readonly interval?: string
  readonly transformations?: readonly { readonly id: string; readonly options?: JsonObject }[]
  /** Anything of Grafana's JSON that has no word here; wins over what the words say. */
  readonly json?: JsonObject
}

export interface Override {
  /** Name of the field, or a regex between slashes. */
  readonly field: string
  readonly unit?: string
  readonly color?: string
  readonly displayName?: string
  readonly axis?: 'left' | 'right'
}

/** A panel that can be put on a dashboard. */
export interface Panel {
  readonly kind: 'panel'
  readonly width: number
  readonly height: number
  /** Without id and place. */
  readonly json: JsonObject
}

export interface TimeseriesSpec extends PanelSpec {
  readonly draw?: 'line' | 'bars' | 'points'
  readonly stack?: boolean | 'percent'
  /** 0 to 100. */
  readonly fill?: number
  readonly lineWidth?: number
  readonly logarithmic?: 2 | 10
  readonly legend?: 'list' | 'table' | 'hidden'
  readonly calculations?: readonly Calculation[]
}

/** A graph over time. */
export function timeseries(spec: TimeseriesSpec): Panel {
  const stacking =
    spec.stack === undefined || spec.stack === false
      ? 'none'
      : spec.stack === 'percent'
        ? 'percent'
        : 'normal'
  const custom = {
    drawStyle: spec.draw ?? 'line',
    fillOpacity: spec.fill ?? (stacking === 'none' ? 10 : 60),
    lineWidth: spec.lineWidth ?? 1,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: stacking, group: 'A' },
    ...(spec.logarithmic === undefined ? {} : { scaleDistribution: { type: 'log', log: spec.logarithmic } }),
  }
  const options = {
    legend: {
      displayMode: spec.legend === 'table' ? 'table' : 'list',
      placement: 'bottom',
      showLegend: spec.legend !== 'hidden',
      calcs: [...(spec.calculations ?? [])],
    },
    tooltip: { mode: 'multi', sort: 'desc' },
  }
  return panel('timeseries', spec, options, custom)
}

export interface StatSpec extends PanelSpec {
  readonly calculation?: Calculation
  readonly graph?: boolean
  readonly color?: 'value' | 'background' | 'none'
}

/** One number, large. */
export function stat(spec: StatSpec): Panel {
  return panel(
    'stat',
    { width: 4, height: 4, ...spec },
    {
      ...reduced(spec.calculation),
      graphMode: spec.graph === false ? 'none' : 'area',
      colorMode: spec.color ?? 'value',
      textMode: 'auto',
      justifyMode: 'auto',
      orientation: 'auto',
    },
  )
}

export interface GaugeSpec extends PanelSpec {
  readonly calculation?: Calculation
}

/** A number between its bounds. */
export function gauge(spec: GaugeSpec): Panel {
  return panel('gauge', { width: 6, ...spec }, { ...reduced(spec.calculation), showThresholdMarkers: true })
}

/** Bars of numbers. */
export function barGauge(spec: GaugeSpec): Panel {
  return panel('bargauge', spec, {
    ...reduced(spec.calculation),
    displayMode: 'gradient',
    orientation: 'horizontal',
  })
}

/** Shares of a whole. */
export function pie(spec: GaugeSpec & { readonly donut?: boolean }): Panel {
  const legend = { displayMode: 'table', placement: 'right', showLegend: true, values: ['percent'] }
  return panel(
    'piechart',
    { width: 8, ...spec },
    { ...reduced(spec.calculation), pieType: spec.donut === true ? 'donut' : 'pie', legend },
  )
}

/** Rows and columns. Its queries are asked at one time, as tables, unless they say otherwise. */
export function table(spec: PanelSpec): Panel {
  const targets = (spec.targets ?? []).map((target): Target => ({
    instant: true,
    format: 'table',
    ...(typeof target === 'string' ? { expr: target } : target),
  }))
  return panel('table', { ...spec, targets }, { showHeader: true, cellHeight: 'sm' })
}

/** Buckets over time: a query of `…_bucket` by `le`. */
export function heatmap(spec: PanelSpec): Panel {
  const targets = (spec.targets ?? []).map((target): Target => ({
    format: 'heatmap',
    legend: '{{le}}',
    ...(typeof target === 'string' ? { expr: target } : target),
  }))
  return panel(
    'heatmap',
    { ...spec, targets },
    { calculate: false, cellGap: 1, yAxis: { unit: spec.unit ?? 'short' } },
  )
}

/** Markdown. */
export function text(spec: Omit<PanelSpec, 'targets'> & { readonly markdown: string }): Panel {
  const { markdown, ...rest } = spec
  return panel('text', { height: 4, ...rest }, { mode: 'markdown', content: markdown })
}

const WIDTH = 12
const HEIGHT = 8

/** A panel of any type, for those that have no function here. */
export function panel(
  type: string,
  spec: PanelSpec,
  options: JsonObject = {},
  custom: JsonObject = {},
): Panel {
  const source = spec.source === undefined ? {} : { datasource: { type: 'prometheus', uid: spec.source } }
  const json: JsonObject = {
    type,
    title: spec.title,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...source,
    targets: (spec.targets ?? []).map((target, index) => targetJson(target, index, source)),
    fieldConfig: {
      defaults: { ...fieldDefaults(spec), custom },
      overrides: (spec.overrides ?? []).map(overrideJson),
    },
    options,
    ...(spec.transformations === undefined
      ? {}
      : { transformations: spec.transformations.map(({ id, options: of = {} }) => ({ id, options: of })) }),
    ...(spec.repeat === undefined ? {} : { repeat: spec.repeat, repeatDirection: 'h' }),
    ...(spec.interval === undefined ? {} : { interval: spec.interval }),
    ...spec.json,
  }
  return { kind: 'panel', width: spec.width ?? WIDTH, height: spec.height ?? HEIGHT, json }
}

function targetJson(target: Target | string, index: number, source: JsonObject): JsonObject {
  const given: Target = typeof target === 'string' ? { expr: target } : target
  return {
    refId: refId(index),
    ...source,
    expr: given.expr,
    legendFormat: given.legend ?? '__auto',
    format: given.format ?? 'time_series',
    instant: given.instant === true,
    range: given.instant !== true,
    ...(given.exemplars === undefined ? {} : { exemplar: given.exemplars }),
    ...(given.hidden === undefined ? {} : { hide: given.hidden }),
  }
}

/** A … Z, AA … */
function refId(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : refId(Math.floor(index / 26) - 1) + letter
}

function fieldDefaults(spec: PanelSpec): JsonObject {
  const { unit, decimals, min, max, thresholds } = spec
  const given = Object.entries({ unit, decimals, min, max }).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(given),
    color: { mode: thresholds === undefined ? 'palette-classic' : 'thresholds' },
    ...(thresholds === undefined ? {} : { thresholds: thresholdsJson(thresholds) }),
  }
}

function thresholdsJson([base, ...steps]: Thresholds): JsonObject {
  return {
    mode: 'absolute',
    steps: [{ color: base, value: null }, ...steps.map(([value, color]) => ({ color, value }))],
  }
}

function overrideJson(override: Override): JsonObject {
  const isRegex = /^\/.*\/$/.test(override.field)
  const properties: JsonObject[] = []
  if (override.unit !== undefined) properties.push({ id: 'unit', value: override.unit })
  if (override.displayName !== undefined) properties.push({ id: 'displayName', value: override.displayName })
  if (override.color !== undefined)
    properties.push({ id: 'color', value: { mode: 'fixed', fixedColor: override.color } })
  if (override.axis !== undefined) properties.push({ id: 'custom.axisPlacement', value: override.axis })
  return { matcher: { id: isRegex ? 'byRegexp' : 'byName', options: override.field }, properties }
}

function reduced(calculation: Calculation = 'lastNotNull'): JsonObject {
  return { reduceOptions: { calcs: [calculation], fields: '', values: false } }
}
