import type { Labels, Matcher } from '@promontory/model'
import { METRIC_NAME, SampleColumns } from '@promontory/model'
import type { Call } from '../parser/ast.ts'
import { executionError, sameLabelset } from '../errors.ts'
import { ABSENT, Column, HISTOGRAM } from './column.ts'
import type { Evaluation } from './evaluation.ts'
import type { Grid } from './grid.ts'
import { pickSamples } from './instant-selector.ts'
import { signatureOf } from './labels.ts'
import { infoNameMatchers, infoReference } from './select.ts'

/** Labels by which an info series belongs to others. */
const IDENTIFYING = ['instance', 'job']

/** An info series: when the sample was taken that it shows at each step, in seconds. */
interface InfoSeries {
  readonly labels: Labels
  readonly times: Column
}

/** `info(v, {matchers})`: adds labels of info series (such as `target_info`) that belong to the same target. */
export function info(evaluation: Evaluation, call: Call, grid: Grid): Column[] {
  const mark = evaluation.ledger.current
  const base = evaluation.vector(call.args[0]!, grid)
  const names = infoNameMatchers(call)
  const isInfo = (labels: Labels): boolean => names.every((matcher) => matcher.matches(labels.metricName))
  const series = infoSeries(
    evaluation,
    call,
    grid,
    base.filter((column) => !isInfo(column.labels)),
  )
  const dataMatchers = dataLabelMatchers(call)
  const out = new Map<string, Column>()
  const byTarget = Map.groupBy(series, ({ labels }) => targetOf(labels))
  for (const column of base)
    if (isInfo(column.labels)) put(out, column, column.labels, column, grid)
    else enrich(out, column, byTarget.get(targetOf(column.labels)) ?? [], dataMatchers, grid)
  const columns = [...out.values()]
  evaluation.ledger.settle(
    mark,
    columns.reduce((sum, column) => sum + column.samples(), 0),
  )
  return columns
}

const targetOf = signatureOf(IDENTIFYING, true)

/** Matchers by label, without those of the metric name. */
function dataLabelMatchers(call: Call): Map<string, Matcher[]> {
  const selector = call.args[1]
  const given = selector?.type === 'vectorSelector' ? selector.matchers : []
  return Map.groupBy(
    given.filter(({ name }) => name !== METRIC_NAME),
    ({ name }) => name,
  )
}

/** The info series of the targets that `base` has. */
function infoSeries(
  { selection, settings, ledger }: Evaluation,
  call: Call,
  grid: Grid,
  base: readonly Column[],
): InfoSeries[] {
  const values = IDENTIFYING.map(
    (name) => new Set(base.map(({ labels }) => labels.get(name)).filter(Boolean)),
  )
  if (values.every((set) => set.size === 0)) return []
  const wanted = (labels: Labels): boolean =>
    IDENTIFYING.every((name, i) => values[i]!.size === 0 || values[i]!.has(labels.get(name)))
  const reference = infoReference(call)
  const samples = new SampleColumns()
  const found: InfoSeries[] = []
  selection.read(call, samples, (labels) => {
    if (!wanted(labels)) return
    const times = new Column(grid.count, labels)
    ledger.add(pickSamples(samples, reference, grid, settings.lookbackMs, times, 'timestamp'))
    if (samples.histograms?.some((histogram, i) => i < samples.length && histogram !== undefined))
      refuseHistograms(samples, labels)
    if (!times.isEmpty()) found.push({ labels, times })
  })
  return found
}

function refuseHistograms(samples: SampleColumns, labels: Labels): void {
  for (let i = 0; i < samples.length; i++)
    if (samples.histograms![i] !== undefined)
      throw executionError(`this should be an info metric, with float samples: ${String(labels)}`)
}

/** Adds `column` to the result, at each step with the labels of the info series that are there then. */
function enrich(
  out: Map<string, Column>,
  column: Column,
  candidates: readonly InfoSeries[],
  dataMatchers: ReadonlyMap<string, readonly Matcher[]>,
  grid: Grid,
): void {
  const byMetric = [...Map.groupBy(candidates, ({ labels }) => labels.metricName).values()]
  const optional = [...dataMatchers.values()].flat().every((matcher) => matcher.matchesEmpty())
  const known = new Map<string, Labels>()
  for (let step = 0; step < grid.count; step++) {
    if (column.kinds[step] === ABSENT) continue
    const infos = byMetric.map((series) => newest(series, step)).filter((series) => series !== undefined)
    if (infos.length === 0 && !optional) continue
    const key = infos.map((series) => candidates.indexOf(series)).join(',')
    let labels = known.get(key)
    if (labels === undefined) known.set(key, (labels = combine(column.labels, infos, dataMatchers)))
    put(out, column, labels, column, grid, step)
  }
}

/** Of several series of one info metric for the same target, the one with the newest sample. */
function newest(series: readonly InfoSeries[], step: number): InfoSeries | undefined {
  let best: InfoSeries | undefined
  for (const candidate of series) {
    if (candidate.times.kinds[step] === ABSENT) continue
    const time = candidate.times.values[step]!
    const bestTime = best?.times.values[step] ?? -Infinity
    if (best !== undefined && time === bestTime)
      throw executionError(
        `found duplicate series for info metric: existing ${String(best.labels)} @ ${time * 1000}, ` +
          `new ${String(candidate.labels)} @ ${time * 1000}`,
      )
    if (time > bestTime) best = candidate
  }
  return best
}

function combine(
  base: Labels,
  infos: readonly InfoSeries[],
  dataMatchers: ReadonlyMap<string, readonly Matcher[]>,
): Labels {
  const added = new Map<string, string>()
  for (const { labels } of infos)
    for (const [name, value] of labels) {
      if (name === METRIC_NAME || (dataMatchers.size > 0 && !dataMatchers.has(name))) continue
      const before = added.get(name)
      if (before !== undefined && before !== value) throw executionError(`conflicting label: ${name}`)
      if (!base.has(name)) added.set(name, value)
    }
  let combined = base
  for (const [name, value] of added) combined = combined.with(name, value)
  return combined
}

/** Sets one point, or all points when no step is given. */
function put(
  out: Map<string, Column>,
  column: Column,
  labels: Labels,
  from: Column,
  grid: Grid,
  only?: number,
): void {
  const key = labels.key()
  let into = out.get(key)
  if (into === undefined) {
    into = new Column(grid.count, labels, column.dropName)
    out.set(key, into)
  }
  const [first, end] = only === undefined ? [0, grid.count] : [only, only + 1]
  for (let step = first; step < end; step++) {
    if (from.kinds[step] === ABSENT) continue
    if (into.kinds[step] !== ABSENT) throw sameLabelset()
    if (from.kinds[step] === HISTOGRAM) into.setHistogram(step, from.histograms![step]!)
    else into.setFloat(step, from.values[step]!)
  }
}
