import { defined, listOf, numberOf, objectsOf, textOf, without, type JsonObject } from '../json.ts'

const UNDERSTOOD = ['styles', 'columns', 'transform', 'pageSize', 'scroll', 'showHeader', 'sort', 'fontSize']

const CALCS: Readonly<Record<string, string>> = { avg: 'mean', current: 'lastNotNull', total: 'sum' }

/** The table of before Grafana 7: its styles become overrides, its transform a transformation. */
export function fromOldTable(old: JsonObject): JsonObject {
  const styles = objectsOf(old['styles'])
  const sort = old['sort'] as { col?: unknown; desc?: unknown } | undefined
  const all = styles.filter((style) => style['pattern'] === '/.*/' || style['pattern'] === '')
  return {
    ...without(old, ...UNDERSTOOD),
    type: 'table',
    transformations: [...transformations(old), ...objectsOf(old['transformations'])],
    fieldConfig: {
      defaults: all.reduce<JsonObject>((defaults, style) => ({ ...defaults, ...defaultsOf(style) }), {}),
      overrides: styles.filter((style) => !all.includes(style)).map(override),
    },
    options: {
      showHeader: old['showHeader'] !== false,
      ...(typeof sort?.col === 'number' ? { sortColumn: { index: sort.col, desc: sort.desc === true } } : {}),
    },
  }
}

function transformations(old: JsonObject): JsonObject[] {
  switch (old['transform']) {
    case 'timeseries_to_rows':
      return [{ id: 'seriesToRows', options: {} }]
    case 'timeseries_to_columns':
      return [{ id: 'joinByField', options: {} }]
    case 'timeseries_aggregations': {
      const reducers = objectsOf(old['columns']).map((column) => {
        const value = String(column['value'])
        return CALCS[value] ?? value
      })
      return [{ id: 'reduce', options: { reducers, labelsToFields: false } }]
    }
    case 'table':
      return listOf(old['targets']).length > 1 ? [{ id: 'merge', options: {} }] : []
    default:
      return []
  }
}

function defaultsOf(style: JsonObject): JsonObject {
  const steps = stepsOf(style)
  return defined({
    unit: style['type'] === 'number' ? textOf(style['unit']) : undefined,
    decimals: numberOf(style['decimals']),
    thresholds: steps.length > 0 ? { mode: 'absolute', steps } : undefined,
  })
}

function override(style: JsonObject): JsonObject {
  const pattern = textOf(style['pattern']) ?? ''
  const properties: JsonObject[] = []
  const set = (id: string, value: unknown): void => {
    if (value !== undefined && value !== '') properties.push({ id, value })
  }
  set('displayName', textOf(style['alias']))
  for (const [id, value] of Object.entries(defaultsOf(style))) set(id, value)
  if (style['type'] === 'hidden') set('custom.hidden', true)
  if (style['type'] === 'date') set('unit', `time:${textOf(style['dateFormat']) ?? 'YYYY-MM-DD HH:mm:ss'}`)
  if (style['colorMode'] === 'cell' || style['colorMode'] === 'row')
    set('custom.cellOptions', { type: 'color-background' })
  if (style['colorMode'] === 'value') set('custom.cellOptions', { type: 'color-text' })
  set('custom.align', style['align'] === 'auto' ? undefined : textOf(style['align']))
  if (style['link'] === true)
    set('links', [
      defined({
        title: textOf(style['linkTooltip']) ?? '',
        url: cellReferences(textOf(style['linkUrl']) ?? ''),
        targetBlank: style['linkTargetBlank'] === true ? true : undefined,
      }),
    ])
  const maps = objectsOf(style['valueMaps']).map((map) => ({
    type: 'value',
    options: { [String(map['value'])]: { text: textOf(map['text']) ?? '' } },
  }))
  if (maps.length > 0 && style['mappingType'] !== 2) set('mappings', maps)
  return {
    matcher: { id: pattern.startsWith('/') ? 'byRegexp' : 'byName', options: pattern },
    properties,
  }
}

/** `$__cell` and `$__cell_2` are understood as they stand; the form with a format is written out. */
function cellReferences(url: string): string {
  return url.replace(/\$__cell:(\w+)/g, (_, form: string) => `\${__cell:${form}}`)
}

function stepsOf({ thresholds, colors, colorMode }: JsonObject): JsonObject[] {
  if (colorMode === null || colorMode === undefined) return []
  const values = listOf(thresholds).flatMap((value) => numberOf(value) ?? [])
  return listOf(colors)
    .slice(0, values.length + 1)
    .map((color, i) => ({ color: String(color), value: i === 0 ? null : values[i - 1]! }))
}
