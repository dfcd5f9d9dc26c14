import { defined, listOf, numberOf, objectOf, objectsOf, textOf, without, type JsonObject } from '../json.ts'

const CALCS: Readonly<Record<string, string>> = {
  avg: 'mean',
  current: 'lastNotNull',
  total: 'sum',
  min: 'min',
  max: 'max',
  first: 'first',
  delta: 'delta',
  diff: 'diff',
  range: 'range',
}

const UNDERSTOOD = [
  'valueName', 'format', 'colors', 'colorValue', 'colorBackground', 'colorPrefix', 'colorPostfix', 'sparkline', 'gauge', 'prefix', 'postfix',
  'prefixFontSize', 'postfixFontSize', 'valueFontSize', 'valueMaps', 'rangeMaps', 'mappingType', 'mappingTypes', 'nullText',
  'nullPointMode', 'thresholds', 'tableColumn', 'decimals', 'NaN_text', 'valueFontColor',
] // prettier-ignore

/** The single number of before Grafana 7 as a stat, or as a gauge when it showed one. */
export function fromSinglestat(old: JsonObject): JsonObject {
  const gauge = objectOf(old['gauge'])
  const isGauge = gauge['show'] === true
  const existing = objectOf(old['fieldConfig'])
  const unit = unitOf(old)
  const steps = thresholdSteps(old)
  const column = textOf(old['tableColumn'])
  const mappings = mappingsOf(old)
  return {
    ...without(old, ...UNDERSTOOD),
    type: isGauge ? 'gauge' : 'stat',
    fieldConfig: {
      overrides: [],
      ...existing,
      defaults: {
        ...objectOf(existing['defaults']),
        ...defined({
          unit,
          decimals: numberOf(old['decimals']),
          min: isGauge ? (numberOf(gauge['minValue']) ?? 0) : undefined,
          max: isGauge ? (numberOf(gauge['maxValue']) ?? 100) : undefined,
          thresholds: steps.length > 0 ? { mode: 'absolute', steps } : undefined,
          mappings: mappings.length > 0 ? mappings : undefined,
          color: { mode: 'thresholds' },
        }),
      },
    },
    options: {
      reduceOptions: {
        calcs: [CALCS[String(old['valueName'])] ?? 'lastNotNull'],
        fields: column ? `/^${column.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$/` : '',
        values: false,
      },
      orientation: 'horizontal',
      colorMode:
        old['colorBackground'] === true ? 'background' : old['colorValue'] === true ? 'value' : 'none',
      graphMode: objectOf(old['sparkline'])['show'] === true ? 'area' : 'none',
      justifyMode: 'auto',
      textMode: old['valueName'] === 'name' ? 'name' : 'value',
      ...(isGauge
        ? {
            showThresholdLabels: gauge['thresholdLabels'] === true,
            showThresholdMarkers: gauge['thresholdMarkers'] !== false,
          }
        : {}),
    },
  }
}

/** What stood before and behind the number is kept where the unit says nothing itself. */
function unitOf(old: JsonObject): string | undefined {
  const format = textOf(old['format'])
  if (format !== undefined && format !== 'none') return format
  const postfix = textOf(old['postfix'])?.trim()
  const prefix = textOf(old['prefix'])?.trim()
  if (postfix) return `suffix:${postfix}`
  return prefix ? `prefix:${prefix}` : format
}

function thresholdSteps(old: JsonObject): JsonObject[] {
  const colors = listOf(old['colors']).map(String)
  const values = (textOf(old['thresholds']) ?? '')
    .split(',')
    .filter((text) => text.trim() !== '')
    .map((text) => numberOf(text.trim()) ?? 0)
  if (colors.length === 0) return []
  return colors
    .slice(0, values.length + 1)
    .map((color, i) => ({ color, value: i === 0 ? null : values[i - 1]! }))
}

function mappingsOf(old: JsonObject): JsonObject[] {
  const out: JsonObject[] = []
  const isRange = old['mappingType'] === 2
  if (!isRange)
    for (const map of objectsOf(old['valueMaps'])) {
      const [value, text] = [String(map['value'] ?? ''), textOf(map['text']) ?? '']
      if (value === 'null') out.push({ type: 'special', options: { match: 'null', result: { text } } })
      else if (value !== '') out.push({ type: 'value', options: { [value]: { text } } })
    }
  else
    for (const map of objectsOf(old['rangeMaps'])) {
      const [from, to] = [map['from'], map['to']]
      const result = { text: textOf(map['text']) ?? '' }
      if (from === 'null') out.push({ type: 'special', options: { match: 'null', result } })
      else
        out.push({
          type: 'range',
          options: { from: numberOf(from) ?? null, to: numberOf(to) ?? null, result },
        })
    }
  const nullText = textOf(old['nullText'])
  if (nullText) out.push({ type: 'special', options: { match: 'null', result: { text: nullText } } })
  return out
}

/** Stat, gauge and bar gauge of Grafana 6 and 7, whose options stood in `fieldOptions`. */
export function fromFieldOptions(old: JsonObject): JsonObject {
  const options = objectOf(old['options'])
  const given = objectOf(options['fieldOptions'])
  const defaults = objectOf(given['defaults'])
  const fieldConfig = objectOf(old['fieldConfig'])
  const thresholds = Array.isArray(given['thresholds'])
    ? {
        mode: 'absolute',
        steps: objectsOf(given['thresholds']).map((step, i) => (i === 0 ? { ...step, value: null } : step)),
      }
    : undefined
  return {
    ...old,
    options: {
      ...without(options, 'fieldOptions'),
      reduceOptions: {
        calcs: listOf(given['calcs']),
        values: given['values'] === true,
        ...objectOf(options['reduceOptions']),
      },
    },
    fieldConfig: {
      ...fieldConfig,
      defaults: {
        ...defined({ thresholds, mappings: given['mappings'] }),
        ...without(defaults, 'title'),
        ...(typeof defaults['title'] === 'string' ? { displayName: defaults['title'] } : {}),
        ...objectOf(fieldConfig['defaults']),
      },
      overrides: [...listOf(given['overrides']), ...listOf(fieldConfig['overrides'])],
    },
  }
}

/** Pie charts of the old plugin. */
export function fromOldPie(old: JsonObject): JsonObject {
  const legend = objectOf(old['legend'])
  return {
    ...without(
      old,
      'pieType',
      'legendType',
      'valueName',
      'format',
      'aliasColors',
      'strokeWidth',
      'legend',
      'combine',
    ),
    type: 'piechart',
    fieldConfig: {
      defaults: defined({
        unit: textOf(old['format']),
        decimals: numberOf(old['decimals']),
        color: { mode: 'palette-classic' },
      }),
      overrides: Object.entries(objectOf(old['aliasColors'])).map(([name, color]) => ({
        matcher: { id: 'byName', options: name },
        properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
      })),
    },
    options: {
      pieType: old['pieType'] === 'donut' ? 'donut' : 'pie',
      reduceOptions: { calcs: [CALCS[String(old['valueName'])] ?? 'lastNotNull'], values: false },
      legend: {
        showLegend: legend['show'] !== false,
        displayMode: 'table',
        placement: old['legendType'] === 'Right side' ? 'right' : 'bottom',
        values: [
          ...(legend['values'] === true ? ['value'] : []),
          ...(legend['percentage'] === true ? ['percent'] : []),
        ],
      },
    },
  }
}
