import type { LintAnswer } from '@promontory/api'
import { Matcher, METRIC_NAME, type Querier, type SelectRequest, type TimeRange } from '@promontory/model'
import { lintExpr, type LintData, type MetricType } from '@promontory/promql/lint'
import { ByteOffsets, type Expr, parseExpr, parserOptionsOfFeatures, walk } from '@promontory/promql/parser'
import type { TsdbReader } from '@promontory/tsdb'
import type { LintTask } from './protocol.ts'

/**
 * The body of `/api/v1/lint`.
 * @throws ParseError for a query that is none
 */
export async function lint(
  reader: TsdbReader,
  task: LintTask,
  features: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const expr = parseExpr(task.expr, parserOptionsOfFeatures(features))
  const querier = reader.querier(task)
  try {
    const data = await KnownData.read(querier, expr, task)
    const answer: LintAnswer = {
      findings: lintExpr(expr, { data, alert: task.alert }).map(({ mend, ...finding }) => ({
        ...finding,
        ...(mend === undefined ? {} : { mend: { ...mend, expr: replaced(task.expr, mend) } }),
      })),
    }
    return new TextEncoder().encode(JSON.stringify({ status: 'success', data: answer }))
  } finally {
    querier.close()
  }
}

/** The whole query with the mend in it: positions are bytes. */
function replaced(
  query: string,
  {
    position,
    text,
  }: { readonly position: { readonly start: number; readonly end: number }; readonly text: string },
): string {
  const offsets = new ByteOffsets(query)
  return query.slice(0, offsets.indexAt(position.start)) + text + query.slice(offsets.indexAt(position.end))
}

interface KnownMetric {
  readonly labelNames: readonly string[]
  /** Values of the labels that the query has matchers for. */
  readonly labelValues: ReadonlyMap<string, readonly string[]>
}

/** What the storage holds of the metrics that one query names, read before the linter asks. */
class KnownData implements LintData {
  readonly #task: LintTask
  readonly #names: readonly string[]
  readonly #metrics: ReadonlyMap<string, KnownMetric>

  private constructor(task: LintTask, names: readonly string[], metrics: ReadonlyMap<string, KnownMetric>) {
    this.#task = task
    this.#names = names
    this.#metrics = metrics
  }

  static async read(querier: Querier, expr: Expr, task: LintTask): Promise<KnownData> {
    const range: TimeRange = { startMs: task.startMs, endMs: task.endMs }
    const names = await querier.labelValues(METRIC_NAME, { matchers: [], ...range })
    const metrics = new Map<string, KnownMetric>()
    for (const [metric, labels] of labelsByMetric(expr)) {
      const request: SelectRequest = { matchers: [new Matcher('=', METRIC_NAME, metric)], ...range }
      const labelValues = new Map<string, readonly string[]>()
      // `job` tells the scrape interval too.
      for (const label of labels.add('job')) labelValues.set(label, await querier.labelValues(label, request))
      metrics.set(metric, { labelNames: await querier.labelNames(request), labelValues })
    }
    return new KnownData(task, names, metrics)
  }

  /** Undefined for an empty storage: nothing is known then. */
  metricNames(): readonly string[] | undefined {
    return this.#names.length === 0 ? undefined : this.#names
  }

  metricType(name: string): MetricType | undefined {
    const types = this.#task.metricTypes
    const own = KNOWN_TYPES.get(types.get(name) ?? '')
    if (own !== undefined) return own
    const [, family, suffix] = /^(.*)_(bucket|count|sum|total)$/.exec(name) ?? []
    if (family === undefined) return undefined
    const type = types.get(family)
    if (suffix === 'total') return type === 'counter' ? 'counter' : undefined
    return type === 'histogram' || type === 'summary' ? 'counter' : undefined
  }

  labelNames(metric: string): readonly string[] | undefined {
    return this.#metrics.get(metric)?.labelNames
  }

  labelValues(metric: string, label: string): readonly string[] | undefined {
    const values = this.#metrics.get(metric)?.labelValues.get(label)
    // A job that has just been configured is known before its first scrape.
    return metric === 'up' && label === 'job' && values !== undefined
      ? [...new Set([...values, ...this.#task.scrapeIntervalsMs.keys()])]
      : values
  }

  /** The longest of the jobs that have the metric: what is too short for one of them is worth saying. */
  scrapeIntervalMs(metric: string): number | undefined {
    const jobs = this.#metrics.get(metric)?.labelValues.get('job') ?? []
    const intervals = jobs.flatMap((job) => this.#task.scrapeIntervalsMs.get(job) ?? [])
    return intervals.length === 0 ? undefined : Math.max(...intervals)
  }
}

const KNOWN_TYPES: ReadonlyMap<string, MetricType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
])

/** The metrics that selectors name, each with the labels of their matchers. */
function labelsByMetric(expr: Expr): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  walk(expr, (node) => {
    if (node.type !== 'vectorSelector') return
    const metric = node.matchers.find(({ name, operator }) => name === METRIC_NAME && operator === '=')?.value
    if (metric === undefined || metric === '') return
    const labels = found.get(metric) ?? new Set()
    found.set(metric, labels)
    for (const { name } of node.matchers) if (name !== METRIC_NAME) labels.add(name)
  })
  return found
}
