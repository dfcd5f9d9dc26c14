import { labelValues, queryVariable, type Target, type Variable } from '@promontory/dashboards/dsl'

/** The window of rates: Grafana's, which is never shorter than four scrapes. */
export const W = '[$__rate_interval]'

/** A choice of jobs that have a metric. */
export function jobsOf(metric: string): Variable {
  return queryVariable('job', labelValues('job', metric), { multi: true, includeAll: true })
}

export const JOB = 'job=~"$job"'

/** A query whose series are named after a label. */
export function by(label: string, expr: string): Target {
  return { expr, legend: `{{${label}}}` }
}

/** Quantiles of a classic histogram, each with its name. */
export function quantiles(metric: string, matchers: string, group = ''): Target[] {
  return [50, 90, 95, 99].map((percent) => quantile(percent, metric, matchers, group))
}

export function quantile(percent: number, metric: string, matchers: string, group = ''): Target {
  const labels = group === '' ? 'le' : `le, ${group}`
  const legend = group === '' ? `p${percent}` : `p${percent} {{${group}}}`
  return {
    expr: `histogram_quantile(${percent / 100}, sum by (${labels}) (rate(${metric}_bucket{${matchers}}${W})))`,
    legend,
  }
}

/** Failed requests, whichever of its two names the status has. */
export function failed(metric: string, matchers: string, codes = '5..'): string {
  return `rate(${metric}{${matchers},status_code=~"${codes}"}${W}) or rate(${metric}{${matchers},status=~"${codes}"}${W})`
}
