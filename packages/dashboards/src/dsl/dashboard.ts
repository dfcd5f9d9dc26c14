import { checkModel } from '../check/dashboard-check.ts'
import type { JsonObject } from '../json.ts'
import { layOut, type Row } from './layout.ts'
import type { Panel } from './panel.ts'
import type { Variable } from './variable.ts'

/** A dashboard, written down. */
export interface DashboardSpec {
  readonly title: string
  /** Up to 40 characters of `a-z A-Z 0-9 - _`: what addresses and provisioning know it by. */
  readonly uid: string
  readonly description?: string
  readonly tags?: readonly string[]
  /** `['now-6h', 'now']` when not given. */
  readonly time?: readonly [from: string, to: string]
  /** `30s`; none when not given. */
  readonly refresh?: string
  readonly timezone?: 'browser' | 'utc' | (string & {})
  /** `shared`: the crosshair of one panel shows in all. */
  readonly crosshair?: 'none' | 'shared' | 'shared-tooltip'
  readonly variables?: readonly Variable[]
  readonly links?: readonly DashboardLink[]
  /** Panels flow from left to right, 24 columns wide; rows of {@link row} have a title and may be collapsed. */
  readonly panels: readonly (Panel | Row)[]
}

export interface DashboardLink {
  readonly title: string
  /** An address, or tags of the dashboards to list. */
  readonly url?: string
  readonly tags?: readonly string[]
  readonly keepTime?: boolean
  readonly includeVariables?: boolean
}

/** The version of Grafana's schema that is written. */
const SCHEMA_VERSION = 39

/** A dashboard that was written with a mistake: bad PromQL, an undeclared variable, an unknown unit. */
export class DashboardSpecError extends Error {
  override readonly name = 'DashboardSpecError'
  readonly faults: readonly string[]

  constructor(title: string, faults: readonly string[]) {
    super(`dashboard "${title}":\n  ${faults.join('\n  ')}`)
    this.faults = faults
  }
}

/**
 * Compiles to Grafana's JSON: ready for a provisioning folder or `POST /api/dashboards/db`. The same spec gives the same
 * text, so that it can be kept under version control.
 * @throws DashboardSpecError naming each panel and query at fault
 */
export function dashboard(spec: DashboardSpec): JsonObject {
  const model: JsonObject = {
    uid: spec.uid,
    title: spec.title,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    tags: [...(spec.tags ?? [])],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    timezone: spec.timezone ?? 'browser',
    graphTooltip: { none: 0, shared: 1, 'shared-tooltip': 2 }[spec.crosshair ?? 'none'],
    time: { from: spec.time?.[0] ?? 'now-6h', to: spec.time?.[1] ?? 'now' },
    refresh: spec.refresh ?? '',
    templating: { list: (spec.variables ?? []).map((variable) => variable.json) },
    annotations: { list: [] },
    links: (spec.links ?? []).map(linkJson),
    panels: layOut(spec.panels),
  }
  const faults = checkModel(model).findings.map(({ place, text }) =>
    place === '' ? text : `${place}: ${text}`,
  )
  if (faults.length > 0) throw new DashboardSpecError(spec.title, faults)
  return model
}

function linkJson(link: DashboardLink): JsonObject {
  return {
    title: link.title,
    type: link.url === undefined ? 'dashboards' : 'link',
    url: link.url ?? '',
    tags: [...(link.tags ?? [])],
    asDropdown: link.tags !== undefined,
    keepTime: link.keepTime ?? true,
    includeVars: link.includeVariables ?? true,
    targetBlank: false,
    icon: 'external link',
    tooltip: '',
  }
}
