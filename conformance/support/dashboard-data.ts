import { Labels, Matcher, type Queryable } from '@promontory/model'
import { MemoryStorage } from '@promontory/promql/memory'
import {
  allPanels,
  dashboardOf,
  listOf,
  loadOrder,
  objectOf,
  optionsOf,
  parseVariableQuery,
  sampleValue,
  staticOptions,
  type Dashboard,
  type OpenedDashboard,
  type Variable,
} from '@promontory/panels'
import { demandsOf, satisfying, type Comparison, type Demand } from './dashboard-demands.ts'

/** Which of its values each label and variable has: the first, the second, or what a viewer sees of both. */
type Pass = (label: string) => number

const STEP_MS = 15_000
const SPAN_MS = 2 * 3_600_000
/** Times of other days that queries ask for with `offset`, at most. */
const OFFSETS_MAX = 4

/** What is made for one dashboard. */
interface Making {
  readonly dashboard: Dashboard
  readonly endMs: number
  /** Bounds of buckets that queries name, by metric. */
  readonly bounds: Map<string, Set<string>>
  /** Comparisons that series are filtered by, by metric. */
  readonly comparisons: Map<string, Comparison[]>
  readonly offsets: Set<number>
  readonly shapes: Shapes
}

/** Series for every metric and label that a dashboard's queries name, up to a time. */
export function storageFor(opened: OpenedDashboard, endMs: number): Queryable {
  const dashboard = dashboardOf(opened.model)
  const making: Making = {
    dashboard,
    endMs,
    bounds: new Map(),
    comparisons: new Map(),
    offsets: new Set([0]),
    shapes: shapesOf(dashboard),
  }
  const texts = expressionsOf(dashboard)
  const several = new Set(
    dashboard.variables.flatMap((variable) => {
      if (!variable.isMulti && !variable.hasAll) return []
      const query = parseVariableQuery(variable.query)
      return [variable.name, ...(query.kind === 'label-values' ? [query.label] : [])]
    }),
  )
  // The last: what is seen of several values where others have one.
  const passes: Pass[] = [() => 0, () => 1, (name) => (several.has(name) ? 1 : 0)]
  const made = new Map<string, Labels>()
  const ofMetric = new Map<string, Labels[]>()
  for (const [i, pass] of passes.entries()) {
    // The second series stands beside the first; the third is for what neither of them is.
    if (i === 1) ofMetric.clear()
    if (i === 2)
      for (const labels of made.values()) {
        const name = labels.get('__name__')
        ofMetric.set(name, [...(ofMetric.get(name) ?? []), labels])
      }
    const filled = texts.map((text) => fillVariables(text, dashboard, pass))
    const universe = labelUniverse(dashboard, filled)
    const demands = filled.flatMap(demandsOf)
    note(demands, making)
    // The strictest first: what they match need not be made again, so that joins find one partner.
    const isOfSeveral = (matchers: readonly Matcher[]): boolean =>
      i === 2 && matchers.some(({ name }) => several.has(name))
    for (const { matchers } of demands.sort((a, b) => b.matchers.length - a.matchers.length)) {
      const own = matchers.filter(({ name }) => name !== 'le')
      for (const labels of seriesOf(matchers, universe, pass, making)) {
        const known = ofMetric.get(labels.get('__name__')) ?? []
        const isThere = known.some(
          (one) =>
            (!isOfSeveral(matchers) || one === labels) &&
            one.get('le') === labels.get('le') &&
            own.every((matcher) => matcher.matches(one.get(matcher.name))),
        )
        if (isThere) continue
        made.set(labels.key(), labels)
        ofMetric.set(labels.get('__name__'), [...known, labels])
      }
    }
  }
  const byName = new Map<string, MemoryStorage>()
  const all = new MemoryStorage()
  let index = 0
  for (const labels of made.values()) {
    const name = labels.get('__name__')
    const own = byName.get(name) ?? new MemoryStorage()
    byName.set(name, own)
    const points = [...samples(labels, making, index++)]
    own.append(labels, points)
    all.append(labels, points)
  }
  return byMetric(byName, all)
}

function note(demands: readonly Demand[], { bounds, comparisons, offsets }: Making): void {
  for (const { matchers, comparison, offsetMs } of demands) {
    const name = matchers.find((matcher) => matcher.name === '__name__')?.value ?? ''
    if (offsetMs > 0 && offsets.size < OFFSETS_MAX) offsets.add(offsetMs)
    if (comparison !== undefined) {
      const known = comparisons.get(name) ?? []
      if (!known.some(({ op, value }) => op === comparison.op && value === comparison.value))
        comparisons.set(name, [...known, comparison])
    }
    for (const { name: label, operator, value } of matchers) {
      if (label !== 'le') continue
      const own = bounds.get(name) ?? new Set<string>()
      bounds.set(name, own)
      for (const one of operator === '=' ? [value] : operator === '=~' ? samplesOfRegex(value) : [])
        if (!Number.isNaN(sampleValue(one))) own.add(one)
    }
  }
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
    if (query.kind === 'series') return [withLabel(query.match, labelOfRegex(variable.regex) ?? '')]
    if (query.kind === 'label-values') return [withLabel(query.match ?? 'up', query.label)]
    return []
  })
  const annotations = dashboard.annotations.map(({ expr }) => expr)
  return [...panels, ...variables, ...annotations].filter(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  )
}

/** The label whose values a variable's regular expression takes from series: `/pod="(.*)"/`. */
function labelOfRegex(regex: string): string | undefined {
  return /(\w+)(?:\\b)?\\?=\\?"/
    .exec(regex)?.[1]
    ?.replace(/^b(?=\w)/, (b) => (regex.includes('\\b') ? '' : b))
}

/** The label that is asked for has to be there. */
function withLabel(match: string, label: string): string {
  return label !== '' ? `count by (${label}) (${match})` : match
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
  // Labels that panels show, or that transformations make columns of.
  for (const { transformations, options } of allPanels(dashboard.panels)) {
    const fields = String(objectOf(options['reduceOptions'])['fields'] ?? '')
    const [, shown] = /^\/\^(\w+)\$\/$/.exec(fields) ?? []
    if (shown !== undefined && !/^(Value|Time)$/.test(shown)) names.add(shown)
    for (const { options: own } of transformations)
      for (const name of listOf(objectOf(own)['keepLabels'])) names.add(String(name))
  }
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
function variableValue(variable: Variable, values: Values, pass: Pass, shapes: Shapes): string {
  const variant = pass(variable.name)
  if (variable.type === 'query') {
    const query = parseVariableQuery(variable.query)
    const isList = query.kind === 'label-values'
    const label = isList ? fill(query.label, values) : labelOfRegex(variable.regex)
    if (label === undefined) return 'x'
    const match = isList ? query.match : query.kind === 'series' ? query.match : undefined
    const [demand] = match === undefined ? [] : demandsOf(fill(match, values))
    const matchers = [
      ...(demand?.matchers ?? []),
      ...(variable.allValue === undefined ? [] : [new Matcher('=~', label, fill(variable.allValue, values))]),
    ]
    const value =
      valueOf(label, matchers, pass, shapes) ?? valueOf(label, demand?.matchers ?? [], pass, shapes)
    return isList ? withRegex(value ?? 'x', fill(variable.regex, values)) : (value ?? 'x')
  }
  if (variable.type === 'interval') return '5m'
  const saved = variable.saved[0]
  if (saved !== undefined && saved !== '' && saved !== '$__all') return saved
  const options = staticOptions(variable).filter(({ value }) => value !== '$__all')
  return variable.allValue ?? options[variant % Math.max(1, options.length)]?.value ?? 'x'
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

type Values = ReadonlyMap<string, string>

/** An expression as it will be asked, those that variables depend on filled in first. */
function fillVariables(text: string, dashboard: Dashboard, pass: Pass): string {
  const values = new Map<string, string>()
  const shapes = shapesOf(dashboard)
  for (const variable of loadOrder(dashboard.variables))
    values.set(variable.name, fill(variableValue(variable, values, pass, shapes), values))
  return fill(text, values)
}

function fill(text: string, values: Values): string {
  return text.replace(/\$\{(\w+)(?::[^}]*)?\}|\$(\w+)|\[\[(\w+)\]\]/g, (whole, a, b, c) => {
    const name: string = a ?? b ?? c
    // A name that no variable has is sent as it is written.
    if (!name.startsWith('__')) return values.get(name) ?? whole
    return /_s$|_ms$|^__(from|to)$/.test(name) ? '300' : '5m'
  })
}

/** Values of labels that variables take only parts of, by label: what a regular expression finds in them. */
type Shapes = ReadonlyMap<string, string>

function shapesOf(dashboard: Dashboard): Shapes {
  return new Map(
    dashboard.variables.flatMap(({ query, regex }) => {
      const parsed = parseVariableQuery(query)
      const isShape = parsed.kind === 'label-values' && regex !== '' && !regex.includes('$')
      if (!isShape || !/^\w+$/.test(parsed.label)) return []
      return [[parsed.label, regex.replace(/^\/|\/[a-z]*$/g, '')] as const]
    }),
  )
}

/** A usual value of a label, such that a variable's regular expression finds something in it. */
function usual(name: string, variant: number, shapes: Shapes): string {
  const plain = common(name, variant)
  const shape = shapes.get(name)
  if (shape === undefined) return plain
  const fits = (value: string): boolean => {
    try {
      return optionsOf([value], `/${shape}/`, 0).length > 0
    } catch {
      return true
    }
  }
  return [plain, ...samplesOfRegex(shape, plain)].find(fits) ?? plain
}

/** A value of a label that matchers allow. */
function valueOf(name: string, matchers: readonly Matcher[], pass: Pass, shapes: Shapes): string | undefined {
  const variant = pass(name)
  const own = matchers.filter((matcher) => matcher.name === name)
  const named = own.flatMap(({ operator, value }) =>
    operator === '=' ? [value] : operator === '=~' ? samplesOfRegex(value) : [],
  )
  const candidates = [
    usual(name, variant, shapes),
    ...named.slice(variant % Math.max(1, named.length)),
    ...named,
    'other',
    '',
  ]
  return candidates.find((value) => own.every((matcher) => matcher.matches(value)))
}

const BOUNDS = ['0.1', '1', '10', '+Inf']

function seriesOf(
  matchers: readonly Matcher[],
  universe: ReadonlySet<string>,
  pass: Pass,
  { bounds, shapes }: Making,
): Labels[] {
  const of = (name: string): readonly Matcher[] => matchers.filter((matcher) => matcher.name === name)
  const metric = of('__name__')
    .flatMap(({ value }) => samplesOfRegex(value))
    .find((value) => of('__name__').every((matcher) => matcher.matches(value)))
  if (metric === undefined || metric === '') return []
  const labels: Record<string, string> = { __name__: metric }
  for (const name of universe) {
    const value = valueOf(name, matchers, pass, shapes)
    if (value === undefined) return []
    if (value !== '') labels[name] = value
  }
  const named = bounds.get(metric)
  if (metric.endsWith('_bucket') || named !== undefined)
    return [...new Set([...BOUNDS, ...(named ?? [])])].map((le) => Labels.from({ ...labels, le }))
  if (of('quantile').length === 0) return [Labels.from(labels)]
  const quantile = ['0.99', '0.5', ...of('quantile').flatMap(({ value }) => samplesOfRegex(value))].find(
    (value) => of('quantile').every((matcher) => matcher.matches(value)),
  )
  return [Labels.from(quantile === undefined ? labels : { ...labels, quantile })]
}

/** Texts that a simple pattern may match. */
function samplesOfRegex(pattern: string, filler = 'x'): string[] {
  const body = pattern.replace(/^\^|\$$/g, '')
  const open = /^(.*)\(([^()]*)\)(.*)$/s.exec(body)
  if (open !== null)
    return open[2]!
      .replace(/^\?:/, '')
      .split('|')
      .flatMap((part) => samplesOfRegex(`${open[1]}${part}${open[3]}`, filler))
  return body.split('|').map((part) =>
    part
      .replace(/\[\^[^\]]*\][+*]/g, filler)
      .replace(/\[[^\]]*\]([+*?]|\{[\d,]+\})?/g, '1')
      .replace(/\\d[+*]?/g, '1')
      .replace(/\\w[+*]?/g, 'x')
      .replace(/\.[*+]\??/g, filler)
      .replace(/\\(.)/g, '$1')
      .replace(/[?^$]/g, ''),
  )
}

function* samples(
  labels: Labels,
  { endMs, bounds, comparisons, offsets }: Making,
  index: number,
): Iterable<{ timeMs: number; value: number }> {
  const name = labels.get('__name__')
  const le = labels.get('le')
  const buckets = bounds.get(name.replace(/_count$/, '_bucket')) ?? []
  const all = [...new Set([...BOUNDS, ...buckets])].map(sampleValue).sort((a, b) => a - b)
  const rank = le === '' ? 1 : all.indexOf(sampleValue(le)) + 1
  const isCount = name.endsWith('_count')
  const isCounter = /(_total|_count|_sum|_bucket)$/.test(name) || le !== ''
  const isTime = /(timestamp|start_time|boot_time|created|not_after|expir|last_.*time|_time_seconds$)/.test(
    name,
  )
  const isOne =
    name === 'up' ||
    name.endsWith('_info') ||
    /_(phase|condition|reason|role|labels)$/.test(name) ||
    name.endsWith('_up')
  const filters = comparisons.get(name) ?? []
  const filter = filters[index % Math.max(1, filters.length)]
  const originMs = endMs - Math.max(...offsets) - SPAN_MS
  let before = -Infinity
  for (const offsetMs of [...offsets].sort((a, b) => b - a))
    for (let timeMs = endMs - offsetMs - SPAN_MS; timeMs <= endMs - offsetMs; timeMs += STEP_MS) {
      // Spans of two offsets may overlap.
      if (timeMs - before < STEP_MS) continue
      before = timeMs
      const step = Math.round((timeMs - originMs) / STEP_MS)
      const wave = 50 + 30 * Math.sin(step / 20 + index)
      const value =
        filter !== undefined && le === ''
          ? satisfying(filter)
          : isTime
            ? Math.round(endMs / 1000) - 7200
            : isOne
              ? 1
              : isCounter
                ? step * (le !== '' ? rank : isCount ? all.length + 1 : 1 + (index % 7))
                : wave
      yield { timeMs, value }
    }
}
