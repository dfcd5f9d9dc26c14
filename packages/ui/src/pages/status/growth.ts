/** What growth is measured against. */
export const SPANS = ['1h', '6h', '1d', '7d'] as const
export type Span = (typeof SPANS)[number]

/** Series by metric. Its name goes into a label of its own: arithmetic would drop it. */
function byMetric(offset: string): string {
  return `label_replace(count by (__name__) ({__name__!=""}${offset}), "metric", "$1", "__name__", "(.+)")`
}

/** Metrics that have more series now than `span` ago, those that grew most first; the name is in the label `metric`. */
export function grownMetrics(span: Span, limit: number): string {
  const now = byMetric('')
  return `topk(${limit}, ${now} - (${byMetric(` offset ${span}`)} or 0 * ${now}) > 0)`
}

/** Whether there are samples from so long ago. */
export function anythingBefore(span: Span): string {
  return `count(up offset ${span})`
}

/** Jobs by how many series their scrapes have brought that were not there before. */
export function newSeriesByJob(span: Span, limit: number): string {
  return `topk(${limit}, sum by (job) (sum_over_time(scrape_series_added[${span}])) > 0)`
}

/** Series that scrapes bring, all together. */
export const SCRAPED = 'sum(scrape_samples_post_metric_relabeling)'
