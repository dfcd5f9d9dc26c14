import {
  at,
  isObject,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  without,
  type JsonObject,
} from '../json.ts'
import { fromGraph } from './old-graph.ts'
import { fromOldHeatmap } from './old-heatmap.ts'
import { fromFieldOptions, fromOldPie, fromSinglestat } from './old-stat.ts'
import { fromOldTable } from './old-table.ts'
import { GRID_COLUMNS } from './panel.ts'

/** Rows had a height in pixels: a grid row is this much of it. */
const OLD_ROW_PX = 38
const OLD_HEIGHT_PX = 250

/** A dashboard's model in today's form: `panels[]` on a grid, each with an id and of a kind that is drawn today. */
export function upgradeModel(model: JsonObject): JsonObject {
  const laidOut = Array.isArray(model['rows']) && !Array.isArray(model['panels']) ? fromRows(model) : model
  const panels = withIds(objectsOf(laidOut['panels']))
  return { ...laidOut, panels: placed(panels.map(upgradePanel)) }
}

/** Rows of spans (12 to the row) become panels on the grid; rows with a title, or folded ones, become row panels. */
function fromRows(model: JsonObject): JsonObject {
  const rows = objectsOf(model['rows'])
  const hasRows = rows.some((row) => row['collapse'] === true || row['showTitle'] === true || !!row['repeat'])
  const out: JsonObject[] = []
  let y = 0
  for (const row of rows) {
    const children = objectsOf(row['panels'])
    const isCollapsed = row['collapse'] === true
    const heightOf = (panel: JsonObject): number => gridHeight(panel['height'] ?? row['height'])
    const top = hasRows ? y + 1 : y
    let [x, lineY, lineHeight] = [0, top, 0]
    const placedChildren = children.map((panel) => {
      const w = Math.max(1, Math.min(GRID_COLUMNS, Math.floor((numberOf(panel['span']) ?? 4) * 2)))
      const h = heightOf(panel)
      if (x + w > GRID_COLUMNS) {
        x = 0
        lineY += lineHeight
        lineHeight = 0
      }
      const placedPanel = { ...without(panel, 'span', 'height'), gridPos: { x, y: lineY, w, h } }
      x += w
      lineHeight = Math.max(lineHeight, h)
      return placedPanel
    })
    if (hasRows) {
      out.push({
        ...without(row, 'panels', 'collapse', 'showTitle', 'height', 'titleSize', 'editable'),
        type: 'row',
        title: row['showTitle'] === false && !isCollapsed ? '' : (textOf(row['title']) ?? ''),
        collapsed: isCollapsed,
        gridPos: { x: 0, y, w: GRID_COLUMNS, h: 1 },
        panels: isCollapsed ? placedChildren : [],
      })
    }
    if (!isCollapsed || !hasRows) out.push(...placedChildren)
    y = hasRows && isCollapsed ? y + 1 : lineY + lineHeight
  }
  return { ...without(model, 'rows'), panels: out }
}

function gridHeight(height: unknown): number {
  const px = typeof height === 'string' ? Number.parseInt(height, 10) : numberOf(height)
  return Math.max(3, Math.ceil((px || OLD_HEIGHT_PX) / OLD_ROW_PX))
}

/** Panels without an id, or with one that another has, get the next free one. */
function withIds(panels: readonly JsonObject[]): JsonObject[] {
  const used = new Set<number>()
  const flat = panels.flatMap((panel) => [panel, ...objectsOf(panel['panels'])])
  let next = Math.max(0, ...flat.map((panel) => numberOf(panel['id']) ?? 0)) + 1
  const fresh = (panel: JsonObject): JsonObject => {
    const id = numberOf(panel['id'])
    const isFree = id !== undefined && Number.isInteger(id) && !used.has(id)
    const own = isFree ? id : next++
    used.add(own)
    return own === panel['id'] ? panel : { ...panel, id: own }
  }
  return panels.map((panel) => {
    const own = fresh(panel)
    return Array.isArray(panel['panels']) ? { ...own, panels: objectsOf(panel['panels']).map(fresh) } : own
  })
}

/** Panels without a place stand below each other at the end, two to a line. */
function placed(panels: readonly JsonObject[]): JsonObject[] {
  let bottom = 0
  for (const panel of panels) {
    const grid = panel['gridPos']
    if (isObject(grid)) bottom = Math.max(bottom, (numberOf(grid['y']) ?? 0) + (numberOf(grid['h']) ?? 8))
  }
  let column = 0
  return panels.map((panel) => {
    if (isObject(panel['gridPos'])) return panel
    if (panel['type'] === 'row') {
      if (column > 0) bottom += 8
      column = 0
      bottom += 1
      return { ...panel, gridPos: { x: 0, y: bottom - 1, w: GRID_COLUMNS, h: 1 } }
    }
    const gridPos = { x: column * 12, y: bottom, w: 12, h: 8 }
    column = 1 - column
    if (column === 0) bottom += 8
    return { ...panel, gridPos }
  })
}

/** A panel of any age in today's form. */
export function upgradePanel(panel: JsonObject): JsonObject {
  const current = modernMappings(upgradeKind(panel))
  if (!Array.isArray(current['panels'])) return current
  return { ...current, panels: objectsOf(current['panels']).map(upgradePanel) }
}

function upgradeKind(panel: JsonObject): JsonObject {
  switch (panel['type']) {
    case 'graph':
      return fromGraph(panel)
    case 'singlestat':
    case 'grafana-singlestat-panel':
      return fromSinglestat(panel)
    case 'table-old':
      return fromOldTable(panel)
    case 'table':
      return Array.isArray(panel['styles']) && !isObject(panel['fieldConfig']) ? fromOldTable(panel) : panel
    case 'grafana-piechart-panel':
      return fromOldPie(panel)
    case 'heatmap':
      return panel['dataFormat'] !== undefined && at(panel, 'options', 'calculate') === undefined
        ? fromOldHeatmap(panel)
        : panel
    case 'text':
      return panel['content'] !== undefined && at(panel, 'options', 'content') === undefined
        ? {
            ...without(panel, 'content', 'mode'),
            options: {
              ...objectOf(panel['options']),
              content: panel['content'],
              mode: panel['mode'] ?? 'markdown',
            },
          }
        : panel
    case 'stat':
    case 'gauge':
    case 'bargauge':
      return at(panel, 'options', 'fieldOptions') === undefined ? panel : fromFieldOptions(panel)
    default:
      return panel
  }
}

/** Mappings of before Grafana 8 had numbers for types and one entry per value. */
function modernMappings(panel: JsonObject): JsonObject {
  const defaults = objectOf(at(panel, 'fieldConfig', 'defaults'))
  const mappings = listOf(defaults['mappings'])
  if (!mappings.some((one) => isObject(one) && typeof one['type'] === 'number')) return panel
  const modern = objectsOf(mappings).map(modernMapping)
  return {
    ...panel,
    fieldConfig: { ...objectOf(panel['fieldConfig']), defaults: { ...defaults, mappings: modern } },
  }
}

function modernMapping(old: JsonObject): JsonObject {
  if (typeof old['type'] !== 'number') return old
  const result = { text: textOf(old['text']) ?? '' }
  if (old['type'] === 2)
    return {
      type: 'range',
      options: { from: numberOf(old['from']) ?? null, to: numberOf(old['to']) ?? null, result },
    }
  if (old['value'] === 'null' || old['value'] === null)
    return { type: 'special', options: { match: 'null', result } }
  return { type: 'value', options: { [String(old['value'])]: result } }
}
