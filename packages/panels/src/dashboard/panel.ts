import { listOf, numberOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'

/** Where a panel lies on the grid of 24 columns. */
export interface GridPos {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export const GRID_COLUMNS = 24

/** A panel in its current form: old kinds are translated, what is not understood is still in `json`. */
export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description: string
  readonly isTransparent: boolean
  readonly gridPos: GridPos
  readonly datasource: unknown
  readonly targets: readonly JsonObject[]
  readonly fieldConfig: JsonObject
  readonly options: JsonObject
  readonly transformations: readonly JsonObject[]
  readonly links: readonly JsonObject[]
  readonly repeat: string | undefined
  readonly repeatDirection: 'h' | 'v'
  readonly maxPerRow: number
  /** Least step of the queries, as written. */
  readonly interval: string | undefined
  readonly maxDataPoints: number | undefined
  readonly timeFrom: string | undefined
  readonly timeShift: string | undefined
  readonly hidesTimeOverride: boolean
  /** Panels inside a collapsed row. */
  readonly panels: readonly Panel[]
  readonly isCollapsed: boolean
  readonly json: JsonObject
}

const ID_MAX = 2 ** 31

/** Reads a panel that has been brought up to date. */
export function panelOf(json: JsonObject): Panel {
  const type = textOf(json['type']) ?? 'timeseries'
  return {
    id: numberOf(json['id']) ?? ID_MAX,
    type,
    title: textOf(json['title']) ?? '',
    description: textOf(json['description']) ?? '',
    isTransparent: json['transparent'] === true,
    gridPos: gridPosOf(json['gridPos'], type),
    datasource: json['datasource'],
    targets: objectsOf(json['targets']),
    fieldConfig: objectOf(json['fieldConfig']),
    options: objectOf(json['options']),
    transformations: objectsOf(json['transformations']),
    links: objectsOf(json['links']),
    repeat: textOf(json['repeat']) || undefined,
    repeatDirection: json['repeatDirection'] === 'v' ? 'v' : 'h',
    maxPerRow: numberOf(json['maxPerRow']) ?? 4,
    interval: textOf(json['interval']) || undefined,
    maxDataPoints: numberOf(json['maxDataPoints']),
    timeFrom: textOf(json['timeFrom']) || undefined,
    timeShift: textOf(json['timeShift']) || undefined,
    hidesTimeOverride: json['hideTimeOverride'] === true,
    panels: objectsOf(json['panels']).map(panelOf),
    isCollapsed: json['collapsed'] === true,
    json,
  }
}

function gridPosOf(json: unknown, type: string): GridPos {
  const { x, y, w, h } = objectOf(json)
  const width = clamp(numberOf(w) ?? GRID_COLUMNS, 1, GRID_COLUMNS)
  return {
    w: type === 'row' ? GRID_COLUMNS : width,
    h: type === 'row' ? 1 : clamp(numberOf(h) ?? 8, 1, 1000),
    x: type === 'row' ? 0 : clamp(numberOf(x) ?? 0, 0, GRID_COLUMNS - width),
    y: clamp(numberOf(y) ?? 0, 0, 1e6),
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, Math.round(value)))
}

/** Every panel of a model, those inside collapsed rows too, rows left out. */
export function allPanels(panels: readonly Panel[]): Panel[] {
  return panels.flatMap((panel) => (panel.type === 'row' ? allPanels(panel.panels) : [panel]))
}

/** Whether a panel asks anything. */
export function hasTargets(panel: Panel): boolean {
  return listOf(panel.json['targets']).length > 0
}
