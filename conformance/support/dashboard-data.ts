import { Labels, type Matcher, type Queryable } from '@promontory/model'
import { MemoryStorage } from '@promontory/promql/memory'
import { parseExpr } from '@promontory/promql/parser'
import {
  allPanels,
  dashboardOf,
  optionsOf,
  parseVariableQuery,
  type Dashboard,
  type OpenedDashboard,
  type Variable,
} from '@promontory/panels'

/** Series of each kind of selector. */
const VARIANTS = 2
const STEP_MS = 15_000
const SPAN_MS = 2 * 3_600_000

/** Series for every metric and label that a dashboard's queries name, up to a time. */
export function storageFor(opened: OpenedDashboard, endMs: number): Queryable {
  const dashboard = dashboardOf(opened.model)
  const texts = expressionsOf(dashboard)
  const universe = labelUniverse(dashboard, texts)
  const made = new Map<string, Labels>()
  for (let variant = 0; variant < VARIANTS; variant++) {
    const selectors = texts.flatMap((text) => selectorsOf(fillVariables(text, dashboard, variant)))
    const ofMetric = new Map<string, Labels[]>()
    // The strictest first: what they match need not be made again, so that joins find one partner.
    for (const selector of selectors.sort((a, b) => b.length - a.length))
      for (const labels of seriesOf(selector, universe, variant)) {
        const known = ofMetric.get(labels.get('__name__')) ?? []
        const isThere = known.some(
          (one) =>
            one.get('le') === labels.get('le') &&
            selector.every((matcher) => matcher.matches(one.get(matcher.name))),
        )
        if (isThere) continue
        made.set(labels.key(), labels)
        ofMetric.set(labels.get('__name__'), [...known, labels])
      }
  }
  const byName = new Map<string, MemoryStorage>()
  const all = new MemoryStorage()
  let index = 0
  for (const labels of made.values()) {
    const name = labels.get('__name__')
    const own = byName.get(name) ?? new MemoryStorage()
    byName.set(name, own)
    const points = [...samples(labels, endMs, index++)]
    own.append(labels, points)
    all.append(labels, points)
  }
  return byMetric(byName, all)
}

/** Selectors with a name look at the series of that name only: a dashboard has thousands. */
function byMetric(byName: ReadonlyMap<string, MemoryStorage>, all: MemoryStorage): Queryable {
  const none = new MemoryStorage()
  return {
    querier: (range) => {
      const storageOf = (matchers: readonly Matcher[]): Queryable => {
        const name = matchers.find((matcher) => matcher.name === '__name__' && matcher.operator === '=')
        return name === undefined ? all : (byName.get(name.value) ?? none)
      }
      return {
        select: async (requests) =>
          (
            await Promise.all(requests.map((one) => storageOf(one.matchers).querier(range).select([one])))
          ).flat(),
        labelNames: (request) => storageOf(request.matchers).querier(range).labelNames(request),
        labelValues: (name, request) => storageOf(request.matchers).querier(range).labelValues(name, request),
        close: () => undefined,
      }
    },
  }
}

/** Queries of panels, of variables and of annotations. */
function expressionsOf(dashboard: Dashboard): string[] {
  const panels = allPanels(dashboard.panels).flatMap(({ targets }) => targets.map(({ expr }) => expr))
  const variables = dashboard.variables.flatMap((variable) => {
    const query = parseVariableQuery(variable.query)
    if (query.kind === 'query') return [query.expr]
    if (query.kind === 'series') return [query.match]
    if (query.kind === 'label-values') return [withLabel(query.match ?? 'up', query.label)]
    return []
  })
  const annotations = dashboard.annotations.map(({ expr }) => expr)
  return [...panels, ...variables, ...annotations].filter(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  )
}

/** The label that is asked for has to be there. */
function withLabel(match: string, label: string): string {
  return /^\w+$/.test(label) ? `count by (${label}) (${match})` : match
}

function labelUniverse(dashboard: Dashboard, texts: readonly string[]): ReadonlySet<string> {
  const names = new Set(['job', 'instance'])
  for (const text of texts) {
    // The source label of label_replace.
    for (const [, name] of text.matchAll(/"([a-zA-Z_]\w*)"\s*,\s*"[^"]*"\s*\)/g)) names.add(name!)
    for (const [, name] of text.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*["'`]/g)) names.add(name!)
    for (const [, list] of text.matchAll(
      /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)/g,
    ))
      for (const name of list!.split(',')) if (/^\s*[a-zA-Z_]\w*\s*$/.test(name)) names.add(name.trim())
  }
  for (const { targets } of allPanels(dashboard.panels))
    for (const { legendFormat } of targets)
      for (const [, name] of String(legendFormat ?? '').matchAll(/\{\{\s*([a-zA-Z_]\w*)\s*\}\}/g))
        names.add(name!)
  for (const special of ['__name__', 'le', 'quantile']) names.delete(special)
  return names
}

function common(label: string, variant: number): string {
  // Dashboards join machines by their names under several labels.
  if (/^(node|nodename|node_name|kubernetes_node|hostname|host)$/.test(label)) return `node-${variant}`
  // Dashboards part addresses into host and port.
  if (/instance|address/.test(label)) return `${label}-${variant}:910${variant}`
  return /^(cpu|core|gpu|partition|port|shard|status|code|status_code|response_code)$/.test(label)
    ? String(label.includes('code') || label === 'status' ? 200 + 300 * variant : variant)
    : `${label}-${variant}`
}

/** What a variable will be: the value of the label that it lists, or what was saved. */
function variableValue(variable: Variable, variant: number): string {
  if (variable.type === 'query') {
    const query = parseVariableQuery(variable.query)
    if (query.kind === 'label-values') return withRegex(common(query.label, variant), variable.regex)
    const label = /(\w+)\\?=\\?"/.exec(variable.regex)?.[1]
    return label === undefined ? 'x' : common(label, variant)
  }
  if (variable.type === 'interval') return '5m'
  const saved = variable.saved[0]
  if (saved !== undefined && saved !== '' && saved !== '$__all') return saved
  return (
    variable.allValue ??
    variable.options.find(({ value }) => value !== '$__all')?.value ??
    (variable.query.split(',')[0]!.trim() || 'x')
  )
}

/** What a variable's regular expression leaves of a value; the value itself when that cannot be said. */
function withRegex(value: string, regex: string): string {
  if (regex === '' || regex.includes('$')) return value
  try {
    return optionsOf([value], regex, 0)[0]?.value ?? value
  } catch {
    return value
  }
}

function fillVariables(text: string, dashboard: Dashboard, variant: number): string {
  const values = new Map(
    dashboard.variables.map((variable) => [variable.name, variableValue(variable, variant)]),
  )
  return text.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]/g, (_, a, b, c) => {
    const name: string = a ?? b ?? c
    return name.startsWith('__')
      ? name.endsWith('_s') || name.endsWith('_ms')
        ? '300'
        : '5m'
      : (values.get(name) ?? '5m')
  })
}

function selectorsOf(text: string): (readonly Matcher[])[] {
  let tree: unknown
  try {
    tree = parseExpr(text)
  } catch {
    return []
  }
  const found: (readonly Matcher[])[] = []
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(walk)
    if (typeof node !== 'object' || node === null) return
    const { type, matchers } = node as { type?: unknown; matchers?: readonly Matcher[] }
    if (type === 'vectorSelector' && matchers !== undefined) {
      found.push(matchers)
      return
    }
    Object.values(node).forEach(walk)
  }
  walk(tree)
  return found
}

function seriesOf(matchers: readonly Matcher[], universe: ReadonlySet<string>, variant: number): Labels[] {
  const of = (name: string): readonly Matcher[] => matchers.filter((matcher) => matcher.name === name)
  const pick = (name: string, candidates: readonly string[]): string | undefined =>
    candidates.find((value) => of(name).every((matcher) => matcher.matches(value)))
  const names = of('__name__')
  const metric = pick(
    '__name__',
    names.flatMap(({ value }) => samplesOfRegex(value)),
  )
  if (metric === undefined || metric === '') return []
  const labels: Record<string, string> = { __name__: metric }
  for (const name of universe) {
    const own = of(name).flatMap(({ operator, value }) =>
      operator === '=' ? [value] : operator === '=~' ? samplesOfRegex(value) : [],
    )
    const value = pick(name, [
      common(name, variant),
      ...own.slice(variant % Math.max(1, own.length)),
      ...own,
      'other',
      '',
    ])
    if (value === undefined) return []
    if (value !== '') labels[name] = value
  }
  if (metric.endsWith('_bucket'))
    return ['0.1', '1', '10', '+Inf'].map((le) => Labels.from({ ...labels, le }))
  const quantile = pick('quantile', ['0.99', '0.5', ...of('quantile').map(({ value }) => value)])
  return [Labels.from(of('quantile').length > 0 && quantile !== undefined ? { ...labels, quantile } : labels)]
}

/** Texts that a simple pattern may match. */
function samplesOfRegex(pattern: string): string[] {
  const body = pattern.replace(/^\^|\$$/g, '')
  const open = /^(.*)\(([^()]*)\)(.*)$/s.exec(body)
  if (open !== null)
    return open[2]!
      .replace(/^\?:/, '')
      .split('|')
      .flatMap((part) => samplesOfRegex(`${open[1]}${part}${open[3]}`))
  return body.split('|').map((part) =>
    part
      .replace(/\[[^\]]*\]([+*?]|\{[\d,]+\})?/g, '1')
      .replace(/\\d[+*]?/g, '1')
      .replace(/\\w[+*]?/g, 'x')
      .replace(/\.[*+]\??/g, 'x')
      .replace(/\\(.)/g, '$1')
      .replace(/[?^$]/g, ''),
  )
}

function* samples(labels: Labels, endMs: number, index: number): Iterable<{ timeMs: number; value: number }> {
  const name = labels.get('__name__')
  const le = labels.get('le')
  const rank = le === '' ? 1 : ['0.1', '1', '10', '+Inf'].indexOf(le) + 1
  const isCounter = /(_total|_count|_sum|_bucket)$/.test(name)
  const isTime = /(timestamp|start_time|boot_time|created|not_after|expir|last_.*time|_time_seconds$)/.test(
    name,
  )
  const isOne =
    name === 'up' ||
    name.endsWith('_info') ||
    /_(phase|condition|reason|role|labels)$/.test(name) ||
    name.endsWith('_up')
  const startMs = endMs - SPAN_MS
  for (let timeMs = startMs; timeMs <= endMs; timeMs += STEP_MS) {
    const step = (timeMs - startMs) / STEP_MS
    const wave = 50 + 30 * Math.sin(step / 20 + index)
    const value = isTime
      ? Math.round(endMs / 1000) - 7200
      : isOne
        ? 1
        : isCounter
          ? step * (1 + (index % 7)) * rank
          : wave
    yield { timeMs, value }
  }
}
