/**
 * Counts, from the JSON alone and without the renderer's code, which panels of a folder of dashboards use something that
 * is not drawn: kinds, transformations, override matchers, query languages.
 *
 *   node tools/dashboard-features.ts DIR
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const KINDS = new Set('timeseries graph trend stat singlestat gauge bargauge table table-old text piechart grafana-piechart-panel barchart heatmap histogram state-timeline status-history alertlist dashlist annolist boxplot logs grafana-polystat-panel'.split(' ')) // prettier-ignore
const TRANSFORMATIONS = new Set('organize merge joinByField seriesToColumns renameByRegex filterFieldsByName groupBy calculateField reduce sortBy labelsToFields prepareTimeSeries filterByValue extractFields timeSeriesTable seriesToRows convertFieldType groupingToMatrix joinByLabels limit configFromData filterByRefId concatenate append formatTime rowsToFields partitionByValues transpose'.split(' ')) // prettier-ignore
const MATCHERS = new Set('byName byRegexp byNames byType byTypes byFrameRefID byValue numeric time first firstTimeField byRegexpOrNames'.split(' ')) // prettier-ignore
const SOURCES = new Set(['', 'prometheus', 'datasource', 'grafana', 'victoriametrics-metrics-datasource', 'alertmanager', 'loki', 'jaeger']) // prettier-ignore

interface PanelJson {
  readonly type?: string
  readonly panels?: readonly PanelJson[]
  readonly datasource?: unknown
  readonly targets?: readonly { readonly datasource?: unknown; readonly hide?: boolean }[]
  readonly transformations?: readonly { readonly id: string; readonly disabled?: boolean }[]
  readonly fieldConfig?: { readonly overrides?: readonly { readonly matcher?: { readonly id?: string } }[] }
}

interface DashboardJson {
  readonly dashboard?: DashboardJson
  readonly panels?: readonly PanelJson[]
  readonly rows?: readonly PanelJson[]
}

function panelsOf(json: DashboardJson): PanelJson[] {
  const model = json.dashboard ?? json
  const all = [...(model.panels ?? []), ...(model.rows ?? []).flatMap((row) => row.panels ?? [])]
  return all.flatMap((panel) => (panel.type === 'row' ? [...(panel.panels ?? [])] : [panel]))
}

function sourceType(datasource: unknown): string {
  return typeof datasource === 'object' && datasource !== null
    ? String((datasource as { type?: unknown }).type ?? '')
    : ''
}

function unsupported(panel: PanelJson): string[] {
  const found: string[] = []
  if (!KINDS.has(panel.type ?? '')) found.push(`kind ${panel.type}`)
  for (const { id, disabled } of panel.transformations ?? [])
    if (disabled !== true && !TRANSFORMATIONS.has(id)) found.push(`transformation ${id}`)
  for (const { matcher } of panel.fieldConfig?.overrides ?? [])
    if (!MATCHERS.has(matcher?.id ?? '')) found.push(`matcher ${matcher?.id}`)
  return found
}

function foreignSource(panel: PanelJson): string | undefined {
  const types = [panel.datasource, ...(panel.targets ?? []).map(({ datasource }) => datasource)].map(
    sourceType,
  )
  return types.find((type) => !SOURCES.has(type))
}

const directory = process.argv[2]
if (directory === undefined) throw new Error('usage: node tools/dashboard-features.ts DIR')
const counts = new Map<string, number>()
const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
let [panels, faulty, foreign, dashboards] = [0, 0, 0, 0]
for (const name of readdirSync(directory)) {
  if (!name.endsWith('.json') || name === 'MANIFEST.json') continue
  dashboards++
  for (const panel of panelsOf(JSON.parse(readFileSync(join(directory, name), 'utf8')) as DashboardJson)) {
    panels++
    const source = foreignSource(panel)
    if (source !== undefined) {
      foreign++
      count(`source ${source}`)
      continue
    }
    const found = unsupported(panel)
    if (found.length > 0) faulty++
    found.forEach(count)
  }
}
for (const [name, times] of [...counts].sort(([, a], [, b]) => b - a)) console.log(`${times} × ${name}`)
const share = ((100 * faulty) / panels).toFixed(2)
console.log(
  `${dashboards} dashboards, ${panels} panels: ${faulty} (${share} %) use something that is not drawn; ${foreign} ask other data sources`,
)
