import { defined, listOf, numberOf, objectOf, objectsOf, textOf, without, type JsonObject } from '../json.ts'

const CALCS: readonly (readonly [old: string, calc: string])[] = [
  ['min', 'min'],
  ['max', 'max'],
  ['avg', 'mean'],
  ['current', 'lastNotNull'],
  ['total', 'sum'],
]

const UNDERSTOOD = [
  'yaxes', 'xaxis', 'yaxis', 'lines', 'linewidth', 'fill', 'fillGradient', 'bars', 'points', 'pointradius', 'stack', 'percentage',
  'nullPointMode', 'steppedLine', 'seriesOverrides', 'aliasColors', 'legend', 'tooltip', 'thresholds', 'dashes',
  'dashLength', 'spaceLength', 'renderer', 'timeRegions', 'hiddenSeries', 'decimals', 'format', 'leftYAxisLabel', 'y_formats', 'grid',
] // prettier-ignore

/** The panel of before Grafana 8 as a time series (or a bar chart or a histogram, when its x axis says so). */
export function fromGraph(old: JsonObject): JsonObject {
  const mode = objectOf(old['xaxis'])['mode']
  const type = mode === 'histogram' ? 'histogram' : mode === 'series' ? 'bargauge' : 'timeseries'
  const axes = axesOf(old)
  const existing = objectOf(old['fieldConfig'])
  const defaults = {
    ...objectOf(existing['defaults']),
    ...defined({
      ...axisConfig(axes[0]),
      decimals: numberOf(old['decimals']) ?? axisConfig(axes[0])['decimals'],
    }),
    ...thresholdDefaults(old),
    color: { mode: 'palette-classic' },
    custom: custom(old, axes[0]),
  }
  return {
    ...without(old, ...UNDERSTOOD),
    type,
    fieldConfig: {
      ...existing,
      defaults,
      overrides: [
        ...listOf(existing['overrides']),
        ...colorOverrides(objectOf(old['aliasColors'])),
        ...objectsOf(old['seriesOverrides']).map((one) => seriesOverride(one, old, axes)),
      ],
    },
    options: type === 'bargauge' ? barOptions(old) : { legend: legend(old), tooltip: tooltip(old) },
  }
}

/** Left and right axis; before version 4 they stood elsewhere. */
function axesOf(old: JsonObject): readonly [JsonObject, JsonObject] {
  const [left, right] = objectsOf(old['yaxes'])
  if (left !== undefined) return [left, right ?? {}]
  const formats = listOf(old['y_formats'])
  const grid = objectOf(old['grid'])
  return [
    defined({ format: formats[0], label: old['leftYAxisLabel'], min: grid['leftMin'], max: grid['leftMax'] }),
    defined({ format: formats[1], min: grid['rightMin'], max: grid['rightMax'] }),
  ]
}

function axisConfig(axis: JsonObject): JsonObject {
  return defined({
    unit: textOf(axis['format']),
    min: numberOf(axis['min']),
    max: numberOf(axis['max']),
    decimals: numberOf(axis['decimals']),
  })
}

function axisCustom(axis: JsonObject): JsonObject {
  const base = numberOf(axis['logBase']) ?? 1
  return defined({
    axisLabel: textOf(axis['label']) || undefined,
    scaleDistribution: base > 1 ? { type: 'log', log: base } : undefined,
  })
}

function drawStyle({ bars, lines, points }: JsonObject): string | undefined {
  if (bars === true) return 'bars'
  if (lines === false && points === true) return 'points'
  return lines === false ? undefined : 'line'
}

function custom(old: JsonObject, left: JsonObject): JsonObject {
  const isHidden = old['lines'] === false && old['bars'] !== true && old['points'] !== true
  const fill = numberOf(old['fill']) ?? 1
  const gradient = numberOf(old['fillGradient']) ?? 0
  return {
    ...axisCustom(left),
    ...(left['show'] === false ? { axisPlacement: 'hidden' } : {}),
    drawStyle: drawStyle(old) ?? 'line',
    lineWidth: isHidden ? 0 : (numberOf(old['linewidth']) ?? 1),
    fillOpacity: old['bars'] === true ? 100 : gradient > 0 ? gradient * 10 : fill * 10,
    gradientMode: gradient > 0 ? 'opacity' : 'none',
    lineInterpolation: old['steppedLine'] === true ? 'stepAfter' : 'linear',
    showPoints: old['points'] === true ? 'always' : 'never',
    pointSize: (numberOf(old['pointradius']) ?? 2) * 2 + 1,
    spanNulls: old['nullPointMode'] === 'connected',
    ...(old['nullPointMode'] === 'null as zero' ? { nullAsZero: true } : {}),
    ...(old['dashes'] === true ? { lineStyle: dash(old) } : {}),
    stacking: {
      mode: old['stack'] !== true ? 'none' : old['percentage'] === true ? 'percent' : 'normal',
      group: 'A',
    },
  }
}

function dash({ dashLength, spaceLength }: JsonObject): JsonObject {
  return { fill: 'dash', dash: [numberOf(dashLength) ?? 10, numberOf(spaceLength) ?? 10] }
}

function thresholdDefaults(old: JsonObject): JsonObject {
  const list = objectsOf(old['thresholds']).filter((one) => numberOf(one['value']) !== undefined)
  if (list.length === 0) return {}
  const colors: Readonly<Record<string, string>> = { critical: 'red', warning: 'orange', ok: 'green' }
  const colorOf = (one: JsonObject): string =>
    colors[String(one['colorMode'])] ?? textOf(one['fillColor']) ?? textOf(one['lineColor']) ?? 'red'
  const steps = list
    .map((one) => ({ value: numberOf(one['value'])!, color: colorOf(one), isBelow: one['op'] === 'lt' }))
    .sort((a, b) => a.value - b.value)
  const isBelow = steps[0]!.isBelow
  return {
    thresholds: {
      mode: 'absolute',
      steps: isBelow
        ? [
            { value: null, color: steps[0]!.color },
            ...steps.map(({ value }, i) => ({ value, color: steps[i + 1]?.color ?? 'transparent' })),
          ]
        : [{ value: null, color: 'transparent' }, ...steps.map(({ value, color }) => ({ value, color }))],
    },
  }
}

function colorOverrides(aliasColors: JsonObject): JsonObject[] {
  return Object.entries(aliasColors).flatMap(([name, color]) =>
    typeof color !== 'string' || color === ''
      ? []
      : [
          {
            matcher: { id: 'byName', options: name },
            properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
          },
        ],
  )
}

function seriesOverride(
  one: JsonObject,
  old: JsonObject,
  [, right]: readonly [JsonObject, JsonObject],
): JsonObject {
  const alias = textOf(one['alias']) ?? ''
  const isPattern = alias.startsWith('/')
  const properties: JsonObject[] = []
  const set = (id: string, value: unknown): void => {
    if (value !== undefined) properties.push({ id, value })
  }
  if (one['yaxis'] === 2) {
    const { unit, min, max, decimals } = axisConfig(right)
    set('custom.axisPlacement', 'right')
    for (const [id, value] of Object.entries({ unit, min, max, decimals })) set(id, value)
    for (const [id, value] of Object.entries(axisCustom(right))) set(`custom.${id}`, value)
  }
  const color = textOf(one['color'])
  if (color !== undefined) set('color', { mode: 'fixed', fixedColor: color })
  const fill = numberOf(one['fill'])
  if (fill !== undefined) set('custom.fillOpacity', fill * 10)
  set('custom.lineWidth', numberOf(one['linewidth']))
  if (one['bars'] === true) {
    set('custom.drawStyle', 'bars')
    if (fill === undefined) set('custom.fillOpacity', 100)
  } else if (one['lines'] === true) set('custom.drawStyle', 'line')
  if (one['lines'] === false && one['bars'] !== true)
    set('custom.drawStyle', one['points'] === true || old['points'] === true ? 'points' : undefined)
  if (one['lines'] === false && one['points'] === undefined && one['bars'] !== true)
    set('custom.lineWidth', 0)
  if (one['points'] === true) set('custom.showPoints', 'always')
  if (one['steppedLine'] === true) set('custom.lineInterpolation', 'stepAfter')
  if (one['dashes'] === true) set('custom.lineStyle', dash({ ...old, ...one }))
  if (one['transform'] === 'negative-Y') set('custom.transform', 'negative-Y')
  if (one['fillBelowTo'] !== undefined) set('custom.fillBelowTo', one['fillBelowTo'])
  if (one['nullPointMode'] === 'connected') set('custom.spanNulls', true)
  if (one['stack'] !== undefined)
    set('custom.stacking', {
      mode: one['stack'] === false ? 'none' : 'normal',
      group: typeof one['stack'] === 'string' ? one['stack'] : 'A',
    })
  if (one['legend'] === false || one['hideTooltip'] === true)
    set('custom.hideFrom', {
      legend: one['legend'] === false,
      tooltip: one['hideTooltip'] === true,
      viz: false,
    })
  return { matcher: { id: isPattern ? 'byRegexp' : 'byName', options: alias }, properties }
}

function legend(old: JsonObject): JsonObject {
  const given = objectOf(old['legend'])
  const hasValues = given['values'] === true
  const calcs = hasValues ? CALCS.filter(([name]) => given[name] === true).map(([, calc]) => calc) : []
  const sorted = CALCS.find(([name]) => name === given['sort'])?.[1]
  return defined({
    showLegend: given['show'] !== false,
    displayMode: given['alignAsTable'] === true ? 'table' : 'list',
    placement: given['rightSide'] === true ? 'right' : 'bottom',
    calcs,
    width: numberOf(given['sideWidth']),
    sortBy: sorted === undefined ? undefined : LEGEND_NAMES[sorted],
    sortDesc: sorted === undefined ? undefined : given['sortDesc'] === true,
  })
}

const LEGEND_NAMES: Readonly<Record<string, string>> = { min: 'Min', max: 'Max', mean: 'Mean', lastNotNull: 'Last *', sum: 'Total' } // prettier-ignore

function tooltip(old: JsonObject): JsonObject {
  const { shared, sort } = objectOf(old['tooltip'])
  return {
    mode: shared === false ? 'single' : 'multi',
    sort: sort === 2 ? 'desc' : sort === 1 ? 'asc' : 'none',
  }
}

function barOptions(old: JsonObject): JsonObject {
  const [value] = listOf(objectOf(old['xaxis'])['values'])
  const calc = CALCS.find(([name]) => name === value)?.[1] ?? 'sum'
  return {
    displayMode: 'basic',
    orientation: 'horizontal',
    reduceOptions: { calcs: [calc], values: false },
    showUnfilled: true,
  }
}
