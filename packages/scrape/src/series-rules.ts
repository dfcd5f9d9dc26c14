import { isClassicLabelName, isClassicMetricName, METRIC_NAME, quote } from '@promontory/model'
import type { Labels } from '@promontory/model'
import { relabel } from '@promontory/model/relabel'
import type { ScrapeConfig } from './config.ts'
import { withTargetLabels } from './target-labels.ts'

/** A limit on labels is broken; the scrape fails and is counted. */
export class LabelLimitError extends Error {
  override readonly name = 'LabelLimitError'
}

/**
 * The labels that a scraped series is stored under.
 * @returns undefined when a rule drops the series
 * @throws LabelLimitError, or Error for a series that cannot be stored
 */
export function storedLabels(scraped: Labels, target: Labels, job: ScrapeConfig): Labels | undefined {
  const merged = withTargetLabels(scraped, target, job.honor_labels)
  const labels = relabel(merged, job.metric_relabel_configs)
  if (labels === undefined || labels.size === 0) return undefined
  if (!labels.has(METRIC_NAME)) throw new Error('missing metric name (__name__ label)')
  if (job.metric_name_validation_scheme === 'legacy' && !isLegacy(labels))
    throw new Error(`invalid metric name or label names: ${labels.toString()}`)
  checkLimits(labels, job)
  return labels
}

function isLegacy(labels: Labels): boolean {
  if (!isClassicMetricName(labels.metricName)) return false
  for (const [name] of labels) if (!isClassicLabelName(name)) return false
  return true
}

function checkLimits(labels: Labels, job: ScrapeConfig): void {
  const { label_limit: count, label_name_length_limit: nameMax, label_value_length_limit: valueMax } = job
  if (count === 0 && nameMax === 0 && valueMax === 0) return
  const metric = labels.metricName.slice(0, 50)
  if (count > 0 && labels.size > count)
    throw new LabelLimitError(
      `label_limit exceeded (metric: ${metric}, number of labels: ${labels.size}, limit: ${count})`,
    )
  for (const [name, value] of labels) {
    const nameLength = Buffer.byteLength(name)
    const shown = `metric: ${metric}, label name: ${name.slice(0, 50)}`
    if (nameMax > 0 && nameLength > nameMax)
      throw new LabelLimitError(
        `label_name_length_limit exceeded (${shown}, length: ${nameLength}, limit: ${nameMax})`,
      )
    const valueLength = Buffer.byteLength(value)
    if (valueMax > 0 && valueLength > valueMax)
      throw new LabelLimitError(
        `label_value_length_limit exceeded (${shown}, value: ${quote(value.slice(0, 50))}, length: ${valueLength}, limit: ${valueMax})`,
      )
  }
}
