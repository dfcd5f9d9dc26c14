import { interpolate, isKnownTransformation, isKnownUnit, referencesOf, single } from '@promontory/panels'
import { checkDashboard, panelsOf, unwrap } from '../dashboard-model.ts'
import { DashboardError } from '../errors.ts'
import { defaultInputs } from '../import-inputs.ts'
import { isJsonObject, type JsonObject, parseLossless, textOf } from '../json.ts'
import { describeJsonFault } from '../json-fault.ts'
import { checkExpression, type ExpressionUse } from './expression.ts'
import { describePanel, promqlOfVariable, queriesOf, variablesOf, variableText } from './queries.ts'

/** Something wrong with a dashboard. */
export interface Finding {
  /** `error`: cannot work; `warning`: probably not what was meant. */
  readonly severity: 'error' | 'warning'
  /** Where in the dashboard; `''` for all of it. */
  readonly place: string
  readonly text: string
}

export interface CheckedDashboard {
  /** `''` when it has none. */
  readonly uid: string
  readonly title: string
  readonly findings: readonly Finding[]
  /** What the queries that could be read ask for, by place. */
  readonly uses: readonly { readonly place: string; readonly use: ExpressionUse }[]
}

/** Panels that are drawn, or mapped to one that is. */
const PANEL_TYPES = new Set([
  'timeseries', 'stat', 'table', 'text', 'gauge', 'bargauge', 'piechart', 'barchart', 'heatmap', 'histogram', 'state-timeline',
  'status-history', 'logs', 'alertlist', 'dashlist', 'annolist', 'row', 'graph', 'singlestat', 'table-old', 'boxplot',
  'grafana-piechart-panel', 'grafana-singlestat-panel', 'news', 'xychart', 'trend', 'candlestick', 'nodeGraph', 'traces',
  'geomap', 'canvas', 'flamegraph', 'datagrid', 'debug',
]) // prettier-ignore
/** Variables that are there without being declared; `$1` is a group of `label_replace`. */
const BUILT_IN = /^(__\w+|timezone|timeFilter|interval|\d+)$/

/** Checks the text of a dashboard file. Never throws: what cannot be read is a finding. */
export function checkDashboardText(text: string): CheckedDashboard {
  const broken = (fault: string): CheckedDashboard => ({
    uid: '',
    title: '',
    findings: [{ severity: 'error', place: '', text: fault }],
    uses: [],
  })
  let value: unknown
  try {
    value = parseLossless(text)
  } catch {
    return broken(describeJsonFault(text).replace(/^:\s?/, ''))
  }
  const model = unwrap(value)
  if (model === undefined) return broken('no dashboard, expected a JSON object')
  return checkModel(model, Buffer.byteLength(text))
}

/** Checks a dashboard that was read. */
export function checkModel(
  model: JsonObject,
  bytes: number = JSON.stringify(model).length,
): CheckedDashboard {
  const findings: Finding[] = []
  try {
    checkDashboard(model, bytes)
  } catch (error) {
    if (!(error instanceof DashboardError)) throw error
    findings.push({ severity: 'error', place: '', text: error.message })
    if (error.refusal === 'too-large')
      return { uid: textOf(model, 'uid'), title: textOf(model, 'title'), findings, uses: [] }
  }
  findings.push(...checkPanels(model), ...checkVariables(model))
  const uses: { place: string; use: ExpressionUse }[] = []
  const current = currentValues(model)
  for (const { place, text } of queriesOf(model)) {
    let checked = checkExpression(text)
    // A variable that holds a piece of a query: what it holds now is as good as any.
    if (checked.kind === 'unknown')
      checked = checkExpression(
        interpolate(
          text,
          (name) => current.get(name),
          (value) => value.values[0] ?? '',
        ),
      )
    if (checked.kind === 'valid') uses.push({ place, use: checked.use })
    else if (checked.kind === 'invalid')
      findings.push({
        severity: 'error',
        place,
        text: `bad PromQL at ${position(text, checked.offset)}: ${checked.message}: ${excerpt(text, checked.offset)}`,
      })
  }
  return { uid: textOf(model, 'uid'), title: textOf(model, 'title'), findings, uses }
}

function currentValues(model: JsonObject): Map<string, ReturnType<typeof single>> {
  const values = new Map<string, ReturnType<typeof single>>()
  for (const variable of variablesOf(model)) {
    const current = variable['current']
    const value = isJsonObject(current) ? current['value'] : undefined
    const text = Array.isArray(value) ? String(value[0] ?? '') : typeof value === 'string' ? value : ''
    if (text !== '' && text !== '$__all') values.set(textOf(variable, 'name'), single(text))
  }
  return values
}

/** `1:12` in the query's own text. */
function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${before.at(-1)!.length + 1}`
}

function excerpt(text: string, offset: number): string {
  const from = Math.max(0, offset - 20)
  return `"${from > 0 ? '…' : ''}${text.slice(from, offset + 30).replace(/\s+/g, ' ')}${offset + 30 < text.length ? '…' : ''}"`
}

function checkPanels(model: JsonObject): Finding[] {
  const findings: Finding[] = []
  const ids = new Map<number, string>()
  for (const panel of panelsOf(model)) {
    const place = describePanel(panel)
    const warn = (text: string): number => findings.push({ severity: 'warning', place, text })
    const type = textOf(panel, 'type')
    if (type !== '' && !PANEL_TYPES.has(type))
      warn(`panel type "${type}" is not known: its data is shown as a table`)
    const { id } = panel
    if (typeof id === 'number') {
      if (ids.has(id))
        findings.push({ severity: 'error', place, text: `id ${id} is that of ${ids.get(id)} too` })
      else ids.set(id, place)
    }
    for (const unit of unitsOf(panel))
      if (!isKnownUnit(unit))
        warn(`unit "${unit}" is not known: it is shown as a suffix; write suffix:${unit} if that is meant`)
    const transformations = Array.isArray(panel['transformations'])
      ? panel['transformations'].filter(isJsonObject)
      : []
    for (const { id: transformation } of transformations)
      if (typeof transformation === 'string' && !isKnownTransformation(transformation))
        warn(`transformation "${transformation}" is not known`)
  }
  return findings
}

/** Units of the panel's fields and overrides; those with a variable in them are left out. */
function unitsOf(panel: JsonObject): string[] {
  const units: unknown[] = []
  const config = panel['fieldConfig']
  if (isJsonObject(config)) {
    if (isJsonObject(config['defaults'])) units.push(config['defaults']['unit'])
    const overrides = Array.isArray(config['overrides']) ? config['overrides'].filter(isJsonObject) : []
    for (const { properties } of overrides)
      if (Array.isArray(properties))
        for (const property of properties)
          if (isJsonObject(property) && property['id'] === 'unit') units.push(property['value'])
  }
  return units.filter(
    (unit): unit is string => typeof unit === 'string' && unit !== '' && !unit.includes('$'),
  )
}

function checkVariables(model: JsonObject): Finding[] {
  const variables = variablesOf(model)
  const declared = new Set<string>()
  const inputs = new Set(defaultInputs(model, '').keys())
  const findings: Finding[] = []
  const fail = (name: string, text: string): number =>
    findings.push({ severity: 'error', place: `variable ${name}`, text })
  for (const variable of variables) {
    const name = textOf(variable, 'name')
    if (!/^\w+$/.test(name)) fail(name, `"${name}" is no name of a variable, expected letters, digits and _`)
    if (declared.has(name)) fail(name, 'declared twice')
    declared.add(name)
  }
  const cycle = findCycle(variables)
  if (cycle !== undefined) fail(cycle[0]!, `variables depend on each other in a circle: ${cycle.join(' → ')}`)
  const used = new Map<string, string>()
  for (const { place, text } of queriesOf(model))
    for (const name of referencesOf(text)) if (!used.has(name)) used.set(name, place)
  for (const variable of variables)
    for (const name of referencesOf(variableText(variable)))
      if (!used.has(name)) used.set(name, `variable ${textOf(variable, 'name')}`)
  for (const [name, place] of used)
    if (!declared.has(name) && !inputs.has(name) && !BUILT_IN.test(name))
      findings.push({ severity: 'error', place, text: `variable $${name} is not declared` })
  for (const variable of variables)
    if (variable['type'] === 'query') {
      const text = variableText(variable).trim()
      if (text === '') fail(textOf(variable, 'name'), 'its query is empty')
      else if (
        /^label_values\s*\(/.test(text) &&
        promqlOfVariable(text) === undefined &&
        !/^label_values\s*\(\s*\S+\s*\)$/.test(text)
      )
        fail(textOf(variable, 'name'), `"${text}" is not label_values(label) or label_values(metric, label)`)
    }
  return findings
}

function findCycle(variables: readonly JsonObject[]): string[] | undefined {
  const needs = new Map(
    variables.map((variable) => [textOf(variable, 'name'), referencesOf(variableText(variable))]),
  )
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    if (done.has(name) || !needs.has(name)) return undefined
    for (const other of needs.get(name)!) {
      const found = visit(other, [...path, name])
      if (found !== undefined) return found
    }
    done.add(name)
    return undefined
  }
  for (const name of needs.keys()) {
    const found = visit(name, [])
    if (found !== undefined) return found
  }
  return undefined
}
