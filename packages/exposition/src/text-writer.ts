import type { MetricFamily, MetricType } from '@promontory/base'
import { isClassicLabelName, isClassicMetricName } from '@promontory/model'
import type { Labels } from '@promontory/model'
import { METRIC_NAME } from '@promontory/model'
import { formatGoFloat, formatOpenMetricsFloat } from './go-float.ts'

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'
export const OPENMETRICS_CONTENT_TYPE =
  'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores'

type LabelPairs = Iterable<readonly [name: string, value: string]>

/** Families as text 0.0.4. Families without samples are left out, as client libraries do. */
export function writeText(families: Iterable<MetricFamily>): string {
  let out = ''
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue
    out += metaLines(name, escapeHelp(help), type)
    for (const { suffix, labels, value } of samples)
      out += `${seriesText(name + suffix, labels)} ${formatGoFloat(value)}\n`
  }
  return out
}

/**
 * Families as OpenMetrics 1.0.0, `# EOF` included. A counter's family goes without `_total`, which its samples carry.
 */
export function writeOpenMetrics(families: Iterable<MetricFamily>): string {
  let out = ''
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue
    const family = type === 'counter' && name.endsWith('_total') ? name.slice(0, -6) : name
    const total = type === 'counter' ? '_total' : ''
    out += metaLines(family, escapeLabelValue(help), type === 'untyped' ? 'unknown' : type)
    for (const { suffix, labels, value } of samples)
      out += `${seriesText(family + (suffix === '' ? total : suffix), openMetricsLabels(labels))} ${formatOpenMetricsFloat(value)}\n`
  }
  return `${out}# EOF\n`
}

/** One sample of `/federate`. */
export interface FederatedSample {
  readonly labels: Labels
  readonly value: number
  readonly timeMs: number
}

/**
 * The text of `/federate`: samples with timestamps, grouped under `# TYPE name untyped`.
 * @param samples sorted by metric name, external labels already added
 */
export function writeFederation(samples: Iterable<FederatedSample>): string {
  let out = ''
  let last: string | undefined
  for (const { labels, value, timeMs } of samples) {
    const name = labels.metricName
    if (name !== last) out += `# TYPE ${nameText(name)} untyped\n`
    last = name
    out += `${seriesText(name, labels.without(METRIC_NAME))} ${formatGoFloat(value)} ${timeMs}\n`
  }
  return out
}

function metaLines(name: string, help: string, type: MetricType | 'unknown'): string {
  const shown = nameText(name)
  return `# HELP ${shown} ${help}\n# TYPE ${shown} ${type}\n`
}

function nameText(name: string): string {
  return isClassicMetricName(name) ? name : `"${escapeLabelValue(name)}"`
}

/** `name{a="b"}`; a name outside the classic set goes quoted into the braces. */
function seriesText(name: string, labels: LabelPairs): string {
  const parts = isClassicMetricName(name) ? [] : [nameText(name)]
  for (const [label, value] of labels) {
    const shown = isClassicLabelName(label) ? label : `"${escapeLabelValue(label)}"`
    parts.push(`${shown}="${escapeLabelValue(value)}"`)
  }
  const braces = parts.length === 0 ? '' : `{${parts.join(',')}}`
  return isClassicMetricName(name) ? name + braces : braces
}

/** OpenMetrics wants `le="1.0"` where text 0.0.4 writes `le="1"`. */
function openMetricsLabels(labels: LabelPairs): [string, string][] {
  return [...labels].map(([name, value]) =>
    (name === 'le' || name === 'quantile') && /^-?\d+$/.test(value) ? [name, `${value}.0`] : [name, value],
  )
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (c) => (c === '\n' ? '\\n' : '\\\\'))
}

function escapeLabelValue(text: string): string {
  return text.replace(/[\\\n"]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))
}
