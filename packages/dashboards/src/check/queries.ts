import { panelsOf } from '../dashboard-model.ts'
import { isJsonObject, type JsonObject, textOf } from '../json.ts'

/** One PromQL query of a dashboard. */
export interface DashboardQuery {
  /** `panel "CPU" (id 3), query A` */
  readonly place: string
  readonly text: string
  /** The panel asks for one time only, as tables do. */
  readonly isInstant?: boolean
}

/** Data source types whose queries are not PromQL. */
const OTHER_TYPES =
  /^(loki|jaeger|tempo|zipkin|elasticsearch|opensearch|influxdb|graphite|cloudwatch|mysql|mssql|postgres|grafana-.*|vertamedia-.*|__expr__|-- .*|datasource|alertmanager)/

/** Every PromQL query of panels, variables and annotations. */
export function queriesOf(model: JsonObject): DashboardQuery[] {
  return [...panelQueries(model), ...variableQueries(model), ...annotationQueries(model)]
}

/** `panel "CPU" (id 3)` */
export function describePanel(panel: JsonObject): string {
  const id = panel['id']
  return `panel "${textOf(panel, 'title')}"${typeof id === 'number' ? ` (id ${id})` : ''}`
}

/** Whether a query with this source is PromQL as far as can be told: what names no type is. */
export function isPrometheus(source: unknown): boolean {
  if (!isJsonObject(source)) return typeof source !== 'string' || !OTHER_TYPES.test(source.toLowerCase())
  return !OTHER_TYPES.test(textOf(source, 'type')) && !OTHER_TYPES.test(textOf(source, 'uid'))
}

function panelQueries(model: JsonObject): DashboardQuery[] {
  return panelsOf(model).flatMap((panel) => {
    const targets = Array.isArray(panel['targets']) ? panel['targets'].filter(isJsonObject) : []
    return targets.flatMap((target) => {
      const text = textOf(target, 'expr')
      if (text.trim() === '' || !isPrometheus(target['datasource'] ?? panel['datasource'])) return []
      const isInstant = target['instant'] === true && target['range'] !== true
      return [{ place: `${describePanel(panel)}, query ${textOf(target, 'refId') || 'A'}`, text, isInstant }]
    })
  })
}

/** The text of a variable's query in the old and the new form. */
export function variableText(variable: JsonObject): string {
  const { query } = variable
  if (typeof query === 'string') return query
  return isJsonObject(query) ? textOf(query, 'query') : textOf(variable, 'definition')
}

/** The list of `templating`. */
export function variablesOf(model: JsonObject): JsonObject[] {
  const templating = model['templating']
  const list = isJsonObject(templating) ? templating['list'] : undefined
  return Array.isArray(list) ? list.filter(isJsonObject) : []
}

function variableQueries(model: JsonObject): DashboardQuery[] {
  return variablesOf(model).flatMap((variable) => {
    if (variable['type'] !== 'query' || !isPrometheus(variable['datasource'])) return []
    const text = promqlOfVariable(variableText(variable))
    return text === undefined ? [] : [{ place: `variable ${textOf(variable, 'name')}`, text }]
  })
}

/** What of a variable's query is PromQL: `label_values(up{job="a"}, instance)` → `sum by (instance) (up{job="a"})`. */
export function promqlOfVariable(text: string): string | undefined {
  const values = /^\s*label_values\s*\(([\s\S]*),\s*([a-zA-Z_]\w*)\s*\)\s*$/.exec(text)
  if (values !== null) return `sum by (${values[2]}) (${values[1]!.trim()})`
  return /^\s*query_result\s*\(([\s\S]*)\)\s*$/.exec(text)?.[1]
}

function annotationQueries(model: JsonObject): DashboardQuery[] {
  const annotations = model['annotations']
  const list = isJsonObject(annotations) && Array.isArray(annotations['list']) ? annotations['list'] : []
  return list.filter(isJsonObject).flatMap((annotation) => {
    const text = textOf(annotation, 'expr')
    return text.trim() === '' || !isPrometheus(annotation['datasource'])
      ? []
      : [{ place: `annotation "${textOf(annotation, 'name')}"`, text }]
  })
}
