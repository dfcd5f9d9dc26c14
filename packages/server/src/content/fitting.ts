import type { JsonObject } from '@promontory/dashboards'
import { checkExpression } from '@promontory/dashboards/check'

interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}
const COLUMNS = 24

/**
 * A dashboard with those panels whose metrics are there, moved together.
 * @returns undefined when the metric that its variable asks for, or all of its panels, are missing
 */
export function dashboardForMetrics(model: JsonObject, names: ReadonlySet<string>): JsonObject | undefined {
  if (!variableMetrics(model).every((name) => names.has(name))) return undefined
  const panels = (model['panels'] as JsonObject[]).filter(
    (panel) => panel['type'] === 'row' || hasData(panel, names),
  )
  const kept = panels.filter((panel, i) => panel['type'] !== 'row' || isFilled(panels, i))
  if (kept.length === 0) return undefined
  return { ...model, panels: moveTogether(kept) }
}

function variableMetrics(model: JsonObject): string[] {
  const { list = [] } = (model['templating'] ?? {}) as { readonly list?: readonly JsonObject[] }
  return list.flatMap((variable) => {
    const metric = /^label_values\(([\w:]+),/.exec(String(variable['definition'] ?? ''))?.[1]
    return metric === undefined ? [] : [metric]
  })
}

/** Whether one of its queries asks for nothing that is not there. */
function hasData(panel: JsonObject, names: ReadonlySet<string>): boolean {
  const targets = (panel['targets'] ?? []) as readonly JsonObject[]
  if (targets.length === 0) return true
  return targets.some((target) => {
    const checked = checkExpression(String(target['expr'] ?? ''))
    return checked.kind === 'valid' && [...checked.use.metrics.keys()].every((name) => names.has(name))
  })
}

function isFilled(panels: readonly JsonObject[], rowIndex: number): boolean {
  const next = panels[rowIndex + 1]
  return next !== undefined && next['type'] !== 'row'
}

/** The order stays; lines are filled from left to right. */
function moveTogether(panels: readonly JsonObject[]): JsonObject[] {
  let x = 0
  let y = 0
  let lineHeight = 0
  return panels.map((panel) => {
    const { w, h } = panel['gridPos'] as Place
    if (x + w > COLUMNS || panel['type'] === 'row') {
      y += lineHeight
      x = 0
      lineHeight = 0
    }
    const placed = { ...panel, gridPos: { x, y, w, h } }
    x += w
    lineHeight = Math.max(lineHeight, h)
    return placed
  })
}
