import type { ComponentType, ReactNode } from 'react'
import { loaded, type Loaded } from '../../../parts/loaded.tsx'
import type { PanelProps } from './panel-props.tsx'

type Kind = Loaded<PanelProps>

function kind(load: () => Promise<ComponentType<PanelProps>>): Kind {
  return loaded(load, <div className="panel-wait" aria-busy="true" />)
}

const table = kind(async () => (await import('./table-panel.tsx')).TablePanel)

/** How each kind of panel is drawn; its code is loaded with the first panel of the kind. */
const KINDS: Readonly<Record<string, Kind>> = {
  timeseries: kind(async () => (await import('../timeseries/timeseries-panel.tsx')).TimeSeriesPanel),
  trend: kind(async () => (await import('../timeseries/timeseries-panel.tsx')).TimeSeriesPanel),
  stat: kind(async () => (await import('./stat-panel.tsx')).StatPanel),
  gauge: kind(async () => (await import('./gauge-panel.tsx')).GaugePanel),
  bargauge: kind(async () => (await import('./bar-gauge-panel.tsx')).BarGaugePanel),
  table,
  text: kind(async () => (await import('./text-panel.tsx')).TextPanel),
  piechart: kind(async () => (await import('./pie-panel.tsx')).PiePanel),
  barchart: kind(async () => (await import('./bar-chart-panel.tsx')).BarChartPanel),
  heatmap: kind(async () => (await import('./heatmap-panel.tsx')).HeatmapPanel),
  histogram: kind(async () => (await import('./histogram-panel.tsx')).HistogramPanel),
  'state-timeline': kind(async () => (await import('./state-panel.tsx')).StateTimelinePanel),
  'status-history': kind(async () => (await import('./state-panel.tsx')).StatusHistoryPanel),
  boxplot: kind(async () => (await import('./box-plot-panel.tsx')).BoxPlotPanel),
  alertlist: kind(async () => (await import('./alert-list-panel.tsx')).AlertListPanel),
  dashlist: kind(async () => (await import('./list-panels.tsx')).DashboardListPanel),
  annolist: kind(async () => (await import('./list-panels.tsx')).AnnotationListPanel),
  'grafana-polystat-panel': kind(async () => (await import('./polystat-panel.tsx')).PolystatPanel),
  logs: kind(async () => (await import('./logs-panel.tsx')).LogsPanel),
}

/** Fetches the code of kinds while their data is still being asked for. */
export function preloadKinds(types: Iterable<string>): void {
  // What fails here is told by the panel that needs it.
  for (const type of new Set(types))
    if (Object.hasOwn(KINDS, type)) KINDS[type]!.preload().catch(() => undefined)
}

/** Kinds for the picker of the editor: id, name, one line. */
export const PANEL_KINDS: readonly (readonly [id: string, name: string])[] = [
  ['timeseries', 'Time series'],
  ['stat', 'Stat'],
  ['gauge', 'Gauge'],
  ['bargauge', 'Bar gauge'],
  ['table', 'Table'],
  ['barchart', 'Bar chart'],
  ['piechart', 'Pie chart'],
  ['heatmap', 'Heat map'],
  ['histogram', 'Histogram'],
  ['state-timeline', 'State timeline'],
  ['status-history', 'Status history'],
  ['boxplot', 'Box plot'],
  ['grafana-polystat-panel', 'Hexagons (polystat)'],
  ['text', 'Text'],
  ['alertlist', 'Alert list'],
  ['dashlist', 'Dashboard list'],
  ['annolist', 'Annotation list'],
]

/** Kinds that draw without asking a data source. */
const WITHOUT_QUERIES = new Set(['text', 'alertlist', 'dashlist', 'annolist', 'logs'])

export function needsQueries(type: string): boolean {
  return !WITHOUT_QUERIES.has(type)
}

/** A panel's inside. A kind that is unknown shows its data as a table and names itself. */
export function PanelBody(props: PanelProps): ReactNode {
  const { type } = props.panel
  const Known = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined
  if (Known !== undefined) return <Known {...props} />
  const Table = table
  return (
    <div className="unknown-panel">
      <p className="soft small" data-mark>
        Panels of the type ‘{type}’ are not drawn here; this is their data.
      </p>
      <Table {...props} />
    </div>
  )
}
