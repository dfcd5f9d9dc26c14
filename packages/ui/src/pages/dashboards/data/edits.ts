import { listOf, numberOf, objectOf, objectsOf, type GridPos, type JsonObject } from '@promontory/panels'

/** The model with one of its panels changed, also one inside a collapsed row; undefined removes it. */
export function changePanel(
  model: JsonObject,
  id: number,
  change: (panel: JsonObject) => JsonObject | undefined,
): JsonObject {
  const walk = (panels: readonly JsonObject[]): JsonObject[] =>
    panels.flatMap((panel) => {
      if (panel['id'] === id) {
        const next = change(panel)
        return next === undefined ? [] : [next]
      }
      return Array.isArray(panel['panels'])
        ? [{ ...panel, panels: walk(objectsOf(panel['panels'])) }]
        : [panel]
    })
  return { ...model, panels: walk(objectsOf(model['panels'])) }
}

export function nextId(model: JsonObject): number {
  const ids = objectsOf(model['panels'])
    .flatMap((panel) => [panel, ...objectsOf(panel['panels'])])
    .map((panel) => numberOf(panel['id']) ?? 0)
  return Math.max(0, ...ids) + 1
}

/** A panel at the end of the dashboard. */
export function addPanel(
  model: JsonObject,
  panel: JsonObject,
  size: { readonly w: number; readonly h: number } = { w: 12, h: 8 },
): { readonly model: JsonObject; readonly id: number } {
  const panels = objectsOf(model['panels'])
  const bottom = Math.max(
    0,
    ...panels.map(
      (one) =>
        (numberOf(objectOf(one['gridPos'])['y']) ?? 0) + (numberOf(objectOf(one['gridPos'])['h']) ?? 0),
    ),
  )
  const last = objectOf(panels.at(-1)?.['gridPos'])
  const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((key) => numberOf(last[key]) ?? 0) as [
    number,
    number,
    number,
    number,
  ]
  const fits = panels.at(-1)?.['type'] !== 'row' && x + w + size.w <= 24 && w > 0 && y + h === bottom
  const id = nextId(model)
  const gridPos = { ...size, x: fits ? x + w : 0, y: fits ? y : bottom }
  return { id, model: { ...model, panels: [...panels, { ...panel, id, gridPos }] } }
}

export function newPanel(expr = ''): JsonObject {
  return {
    type: 'timeseries',
    title: 'New panel',
    datasource: null,
    targets: [{ refId: 'A', expr, legendFormat: '__auto', range: true, instant: false }],
    fieldConfig: {
      defaults: {
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: 10,
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: 'none', group: 'A' },
        },
        thresholds: { mode: 'absolute', steps: [{ color: 'green', value: null }] },
        mappings: [],
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  }
}

/** The model with the legend of one of its panels shown, or hidden. */
export function toggleLegend(model: JsonObject, id: number): JsonObject {
  return changePanel(model, id, (panel) => {
    const { legend } = objectOf(panel['options'])
    if (legend === undefined) return panel
    const isShown = objectOf(legend)['showLegend'] !== false
    return setAt(panel, ['options', 'legend', 'showLegend'], !isShown)
  })
}

/** The model with the next of three crosshairs: each panel's own, shared, shared with tooltips. */
export function nextCrosshair(model: JsonObject): JsonObject {
  return setAt(model, ['graphTooltip'], ((numberOf(model['graphTooltip']) ?? 0) + 1) % 3)
}

/** Puts a panel to a place; others make room downwards. */
export function placePanel(model: JsonObject, id: number, pos: GridPos): JsonObject {
  return pushDown(
    changePanel(model, id, (panel) => ({ ...panel, gridPos: pos })),
    id,
  )
}

/** Panels that the moved one lies on go below it, and push others in turn. */
function pushDown(model: JsonObject, movedId: number): JsonObject {
  const panels = objectsOf(model['panels'])
  const posOf = (panel: JsonObject): GridPos => panel['gridPos'] as GridPos
  const placed: JsonObject[] = panels.filter((panel) => panel['id'] === movedId)
  const rest = panels
    .filter((panel) => panel['id'] !== movedId)
    .sort((a, b) => posOf(a).y - posOf(b).y || posOf(a).x - posOf(b).x)
  for (const panel of rest) {
    let pos = posOf(panel)
    for (;;) {
      const below = placed.filter((other) => overlaps(pos, posOf(other)))
      if (below.length === 0) break
      pos = { ...pos, y: Math.max(...below.map((other) => posOf(other).y + posOf(other).h)) }
    }
    placed.push(pos === posOf(panel) ? panel : { ...panel, gridPos: pos })
  }
  const byId = new Map(placed.map((panel) => [panel['id'], panel]))
  return { ...model, panels: panels.map((panel) => byId.get(panel['id']) ?? panel) }
}

function overlaps(a: GridPos, b: GridPos): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

/** The value at a path of keys replaced; undefined takes the key out. */
export function setAt(object: JsonObject, path: readonly (string | number)[], value: unknown): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) return object
  const next = { ...object } as Record<string, unknown>
  if (rest.length === 0) {
    if (value === undefined) delete next[key]
    else next[key] = value
    return next
  }
  if (typeof rest[0] === 'number') {
    const list = [...listOf(object[key])]
    const [index, ...deeper] = rest as [number, ...(string | number)[]]
    if (deeper.length > 0) list[index] = setAt(objectOf(list[index]), deeper, value)
    else if (value === undefined) list.splice(index, 1)
    else list[index] = value
    next[key] = list
    return next
  }
  next[key] = setAt(objectOf(object[key]), rest, value)
  return next
}
