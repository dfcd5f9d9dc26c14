import type { Call, Expr } from '../parser/ast.ts'
import { withoutParens } from '../parser/ast.ts'
import { printExpr } from '../parser/printer.ts'
import type { LintFinding, LintOptions } from './finding.ts'
import { metricOf, namedLikeCounter, namedLikeGauge, selectorsOf } from './selectors.ts'

const COUNTER_FUNCTIONS: ReadonlySet<string> = new Set(['rate', 'irate', 'increase'])

/** Uses of counters, gauges and histograms by functions that are not made for them. */
export function lintCall(call: Call, options: LintOptions): LintFinding[] {
  const findings: LintFinding[] = []
  if (COUNTER_FUNCTIONS.has(call.func.name))
    findings.push(...rateOfGauge(call, options), ...rateAfterAggregation(call), ...shortRange(call, options))
  if (call.func.name === 'histogram_quantile') findings.push(...quantileOfCounters(call))
  return findings
}

function rateOfGauge(call: Call, { data }: LintOptions): LintFinding[] {
  const [arg] = call.args
  if (arg?.type !== 'matrixSelector') return []
  const metric = metricOf(arg.selector)
  if (metric === undefined) return []
  const type = data?.metricType(metric)
  const known = type === 'gauge'
  if (!known && (type !== undefined || !namedLikeGauge(metric))) return []
  const { name } = call.func
  const better = name === 'rate' ? 'deriv' : name === 'irate' ? 'idelta' : 'delta'
  return [
    {
      rule: 'rate-of-gauge',
      severity: known ? 'warning' : 'info',
      message:
        `${metric} ${known ? 'is' : 'looks like'} a gauge; ${name}() takes every fall of its value for a counter reset ` +
        'and reports growth that never was',
      position: call.position,
      mend: {
        explanation: `use ${better}(), which is made for gauges`,
        position: call.position,
        text: `${better}(${printExpr(arg)})`,
      },
    },
  ]
}

function rateAfterAggregation(call: Call): LintFinding[] {
  const [arg] = call.args
  if (arg?.type !== 'subquery') return []
  const inner = withoutParens(arg.expr)
  if (inner.type !== 'aggregate' || inner.op !== 'sum') return []
  const { expr } = inner
  const simple = withoutParens(expr)
  const mend =
    simple.type === 'vectorSelector'
      ? {
          explanation: 'take the rate first, then the sum',
          position: call.position,
          text: printExpr({
            ...inner,
            expr: {
              ...call,
              args: [
                {
                  type: 'matrixSelector',
                  selector: simple,
                  rangeMs: arg.rangeMs,
                  rangeExpr: arg.rangeExpr,
                  position: arg.position,
                },
              ],
            },
          }),
        }
      : undefined
  return [
    {
      rule: 'rate-after-aggregation',
      severity: 'warning',
      message:
        `${call.func.name}() of a sum: when one of the counters restarts, the sum falls a little, and that is taken for a ` +
        'reset of the whole to zero',
      position: call.position,
      mend,
    },
  ]
}

function quantileOfCounters(call: Call): LintFinding[] {
  const arg = call.args[1]!
  const findings: LintFinding[] = []
  const raw = rawBuckets(arg)
  if (raw !== undefined)
    findings.push({
      rule: 'quantile-of-counters',
      severity: 'warning',
      message:
        'buckets are counters: without rate() the quantile is over all observations since each process began, ' +
        'and hardly moves',
      position: raw.position,
      mend: {
        explanation: 'take the quantile of the last minutes',
        position: raw.position,
        text: raw.type === 'vectorSelector' ? `rate(${printExpr(raw)}[5m])` : printExpr(raw),
      },
    })
  const inner = withoutParens(arg)
  if (
    inner.type === 'aggregate' &&
    missesLe(inner) &&
    selectorsOf(inner).some((s) => metricOf(s)?.endsWith('_bucket'))
  )
    findings.push({
      rule: 'quantile-without-le',
      severity: 'warning',
      message: 'the aggregation drops the label "le", without which the buckets cannot be told apart',
      position: inner.position,
      mend: {
        explanation: 'keep "le"',
        position: inner.position,
        text: printExpr(
          inner.without
            ? { ...inner, grouping: inner.grouping.filter((name) => name !== 'le') }
            : { ...inner, grouping: [...inner.grouping, 'le'] },
        ),
      },
    })
  return findings
}

function missesLe(expr: Extract<Expr, { type: 'aggregate' }>): boolean {
  return expr.without === expr.grouping.includes('le')
}

/** The selector of raw `_bucket` counters, when nothing but aggregations stands around it. */
function rawBuckets(expr: Expr): Expr | undefined {
  const inner = withoutParens(expr)
  if (inner.type === 'aggregate') return rawBuckets(inner.expr)
  if (inner.type !== 'vectorSelector') return undefined
  const metric = metricOf(inner)
  return metric !== undefined && namedLikeCounter(metric) && metric.endsWith('_bucket') ? inner : undefined
}

function shortRange(call: Call, { data, scrapeIntervalMs }: LintOptions): LintFinding[] {
  const [arg] = call.args
  if (arg?.type !== 'matrixSelector' || arg.rangeExpr !== undefined) return []
  const metric = metricOf(arg.selector)
  const interval = (metric === undefined ? undefined : data?.scrapeIntervalMs(metric)) ?? scrapeIntervalMs
  if (interval === undefined || arg.rangeMs >= 2 * interval) return []
  const rangeMs = 4 * interval
  return [
    {
      rule: 'short-range',
      severity: 'warning',
      message:
        `a range of ${arg.rangeMs / 1000} s holds fewer than two samples that are scraped every ${interval / 1000} s, ` +
        `and ${call.func.name}() needs two`,
      position: arg.position,
      mend: {
        explanation: 'four scrape intervals bear a missed scrape',
        position: arg.position,
        text: printExpr({ ...arg, rangeMs }),
      },
    },
  ]
}
