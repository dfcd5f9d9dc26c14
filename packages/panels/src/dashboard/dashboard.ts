import {
  at,
  isObject,
  isSameJson,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  type JsonObject,
} from '../json.ts'
import { variablesOf, type Variable } from '../variables/variable.ts'
import { panelOf, type Panel } from './panel.ts'
import { upgradeModel } from './upgrade.ts'

/** A dashboard that cannot be opened; the message says what was expected. */
export class DashboardError extends Error {
  override readonly name = 'DashboardError'
}

/** Bytes of JSON that are opened at most: the largest dashboards of the wild have about one megabyte. */
export const DASHBOARD_BYTES_MAX = 10_000_000
/** Panels that are opened at most. */
export const PANELS_MAX = 2000

/** A dashboard as it is drawn: `model` is its JSON in today's form, the rest is read from it. */
export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly version: number
  readonly isEditable: boolean
  readonly timezone: string
  readonly weekStart: string
  readonly fiscalYearStartMonth: number
  readonly time: { readonly from: string; readonly to: string }
  readonly refresh: string
  readonly refreshIntervals: readonly string[]
  readonly hidesTimepicker: boolean
  readonly nowDelay: string
  /** 0 each panel alone, 1 a shared crosshair, 2 shared tooltips. */
  readonly graphTooltip: number
  readonly variables: readonly Variable[]
  readonly annotations: readonly JsonObject[]
  readonly links: readonly JsonObject[]
  readonly panels: readonly Panel[]
  readonly model: JsonObject
}

/** A dashboard with what it was opened from, so that saving can give back what was not changed. */
export interface OpenedDashboard {
  /** As it was read, without the wrapper. */
  readonly source: JsonObject
  /** The source in today's form. */
  readonly model: JsonObject
}

const REFRESH_INTERVALS = ['5s', '10s', '30s', '1m', '5m', '15m', '30m', '1h', '2h', '1d']

/**
 * Opens a dashboard's JSON of any age: bare, as `{ "dashboard": … }`, or as a resource with a `spec`. Nothing is changed
 * in what was given.
 * @throws DashboardError
 */
export function openDashboard(json: unknown): OpenedDashboard {
  const source = unwrap(json)
  if (isObject(source['elements']) && isObject(source['layout']))
    throw new DashboardError(
      'This dashboard has the v2 schema (elements and layout), which is not read yet: export it in the classic form.',
    )
  const model = upgradeModel(source)
  const count = objectsOf(model['panels']).reduce((sum, panel) => sum + 1 + listOf(panel['panels']).length, 0)
  if (count > PANELS_MAX)
    throw new DashboardError(`The dashboard has ${count} panels; at most ${PANELS_MAX} are opened.`)
  return { source, model }
}

/** @throws DashboardError  for text that is too long, no JSON, or no dashboard */
export function openDashboardText(text: string): OpenedDashboard {
  if (text.length > DASHBOARD_BYTES_MAX)
    throw new DashboardError(
      `The dashboard has ${text.length} characters; at most ${DASHBOARD_BYTES_MAX} are opened.`,
    )
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new DashboardError(`This is no JSON: ${(error as Error).message}`, { cause: error })
  }
  return openDashboard(json)
}

function unwrap(json: unknown): JsonObject {
  if (!isObject(json))
    throw new DashboardError(
      `A dashboard is a JSON object; this is ${Array.isArray(json) ? 'a list' : String(json)}.`,
    )
  if (isObject(json['dashboard']) && !Array.isArray(json['panels'])) return json['dashboard']
  if (isObject(json['spec']) && typeof json['apiVersion'] === 'string') return json['spec']
  return json
}

/** Reads what is drawn from a model in today's form. */
export function dashboardOf(model: JsonObject): Dashboard {
  const time = objectOf(model['time'])
  const picker = objectOf(model['timepicker'])
  const intervals = listOf(picker['refresh_intervals']).filter((text) => typeof text === 'string')
  return {
    uid: textOf(model['uid']) ?? '',
    title: textOf(model['title']) || 'Untitled dashboard',
    description: textOf(model['description']) ?? '',
    tags: listOf(model['tags']).map(String),
    version: numberOf(model['version']) ?? 0,
    isEditable: model['editable'] !== false,
    timezone: textOf(model['timezone']) || 'browser',
    weekStart: textOf(model['weekStart']) ?? '',
    fiscalYearStartMonth: numberOf(model['fiscalYearStartMonth']) ?? 0,
    time: { from: String(time['from'] ?? 'now-6h'), to: String(time['to'] ?? 'now') },
    refresh: textOf(model['refresh']) ?? '',
    refreshIntervals: intervals.length > 0 ? intervals : REFRESH_INTERVALS,
    hidesTimepicker: picker['hidden'] === true || model['hideControls'] === true,
    nowDelay: textOf(picker['nowDelay']) ?? '',
    graphTooltip: numberOf(model['graphTooltip']) ?? (model['sharedCrosshair'] === true ? 1 : 0),
    variables: variablesOf(model),
    annotations: objectsOf(at(model, 'annotations', 'list')),
    links: objectsOf(model['links']),
    panels: objectsOf(model['panels']).map(panelOf),
    model,
  }
}

/**
 * The JSON to store for a model that was opened and perhaps changed: parts that were not touched are as they were read,
 * old forms included; a dashboard without changes is exactly its source.
 */
export function saveDashboard(opened: OpenedDashboard, model: JsonObject): JsonObject {
  if (model === opened.model || isSameJson(model, opened.model)) return opened.source
  const out: Record<string, unknown> = { ...model }
  for (const key of Object.keys(model))
    if (key !== 'panels' && isSameJson(model[key], opened.model[key]) && key in opened.source)
      out[key] = opened.source[key]
  if (Array.isArray(opened.source['panels']))
    out['panels'] = restorePanels(objectsOf(model['panels']), opened)
  return out
}

function restorePanels(panels: readonly JsonObject[], opened: OpenedDashboard): JsonObject[] {
  const originals = objectsOf(opened.source['panels'])
  const before = objectsOf(opened.model['panels'])
  return panels.map((panel) => {
    const index = before.findIndex((one) => one === panel || isSameJson(one, panel))
    return index === -1 ? panel : originals[index]!
  })
}

/** A new dashboard without panels. */
export function emptyDashboard(title = 'New dashboard'): JsonObject {
  return {
    title,
    tags: [],
    timezone: 'browser',
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-1h', to: 'now' },
    refresh: '',
    templating: { list: [] },
    annotations: { list: [] },
    links: [],
    panels: [],
  }
}

/** What an exported file asks for when it is imported: a data source or a constant. */
export interface ImportInput {
  readonly name: string
  readonly label: string
  readonly type: 'datasource' | 'constant'
  readonly pluginId: string
  readonly value: string
}

export function importInputs(model: JsonObject): ImportInput[] {
  return objectsOf(model['__inputs']).map((input) => ({
    name: String(input['name'] ?? ''),
    label: String(input['label'] ?? input['name'] ?? ''),
    type: input['type'] === 'constant' ? 'constant' : 'datasource',
    pluginId: String(input['pluginId'] ?? ''),
    value: String(input['value'] ?? ''),
  }))
}

/** The model with `${DS_…}` replaced everywhere, and without what was only for importing. */
export function fillInputs(model: JsonObject, values: Readonly<Record<string, string>>): JsonObject {
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.replace(/\$\{(\w+)\}/g, (whole, name: string) =>
        Object.hasOwn(values, name) ? values[name]! : whole,
      )
    if (Array.isArray(value)) return value.map(fill)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]))
  }
  const { __inputs: _, __requires: __, __elements: ___, ...rest } = model
  return fill(rest) as JsonObject
}
