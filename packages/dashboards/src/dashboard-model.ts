import { DashboardError } from './errors.ts'
import { isJsonObject, type JsonObject, textOf } from './json.ts'

/** Bytes of one dashboard's JSON. The largest of the public corpus has 0.9 MB. */
export const DASHBOARD_BYTES_MAX: number = 10 * 1024 * 1024
/** Panels of one dashboard, those inside of rows included. */
export const PANELS_MAX = 2000
const TITLE_CHARACTERS_MAX = 5000

/** Takes `{"dashboard": {…}}` off when it is there. */
export function unwrap(value: unknown): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined
  const inner = value['dashboard']
  return isJsonObject(inner) && !('panels' in value) && !('rows' in value) ? inner : value
}

/**
 * Checks what must hold of any dashboard that is stored.
 * @param bytes length of its JSON
 * @throws DashboardError
 */
export function checkDashboard(model: JsonObject, bytes: number): void {
  if (textOf(model, 'title').trim() === '')
    throw new DashboardError('empty-name', 'Dashboard title cannot be empty')
  if (textOf(model, 'title').length > TITLE_CHARACTERS_MAX)
    throw new DashboardError('invalid', `Dashboard title is longer than ${TITLE_CHARACTERS_MAX} characters`)
  if (bytes > DASHBOARD_BYTES_MAX)
    throw new DashboardError(
      'too-large',
      `the dashboard has ${bytes} bytes of JSON, at most ${DASHBOARD_BYTES_MAX} are taken; split it up`,
    )
  const panels = countPanels(model)
  if (panels > PANELS_MAX)
    throw new DashboardError(
      'too-large',
      `the dashboard has ${panels} panels, at most ${PANELS_MAX} are taken; split it up, or repeat panels by a variable`,
    )
}

/** Panels of both layouts, those of collapsed rows included; rows themselves do not count. */
export function countPanels(model: JsonObject): number {
  return panelsOf(model).length
}

/** Every panel: of `panels`, of rows inside of `panels`, of the old `rows`. */
export function panelsOf(model: JsonObject): JsonObject[] {
  const out: JsonObject[] = []
  const take = (list: unknown, depth: number): void => {
    if (!Array.isArray(list) || depth > 2) return
    for (const panel of list) {
      if (!isJsonObject(panel)) continue
      if (panel['type'] !== 'row') out.push(panel)
      if (Array.isArray(panel['panels'])) take(panel['panels'], depth + 1)
    }
  }
  take(model['panels'], 0)
  if (Array.isArray(model['rows']))
    for (const row of model['rows']) if (isJsonObject(row)) take(row['panels'], 1)
  return out
}
