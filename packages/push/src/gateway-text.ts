import type { MetricFamily } from '@promontory/base'
import { writeText } from '@promontory/exposition'
import type { PushedFamily, PushedMetric, PushedType } from './pushed-family.ts'

/** What `writeText` wants: gauge histograms have no name in text 0.0.4. */
const TEXT_TYPES: Readonly<Record<PushedType, MetricFamily['type']>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'histogram',
  summary: 'summary',
  untyped: 'untyped',
}

/**
 * Families of all groups as one text 0.0.4: families of the same name are one, by name; metrics by their number of labels,
 * then by their values, as the Pushgateway orders them. Of texts for the same help the first one is shown.
 */
export function writeGateway(families: Iterable<PushedFamily>, own: readonly MetricFamily[]): string {
  const byName = new Map<string, { family: PushedFamily; help: string; metrics: PushedMetric[] }>()
  for (const family of families) {
    const known = byName.get(family.name)
    if (known === undefined)
      byName.set(family.name, { family, help: family.help ?? '', metrics: [...family.metrics] })
    else {
      known.metrics.push(...family.metrics)
      known.help ||= family.help ?? ''
    }
  }
  const merged: MetricFamily[] = [...byName.values()].map(({ family, help, metrics }) => ({
    name: family.name,
    help,
    type: TEXT_TYPES[family.type],
    samples: metrics.sort(compareMetrics).flatMap(({ labels, samples }) =>
      samples.map(({ suffix, extra, value }) => ({
        suffix,
        labels: extra === undefined ? labels : [...labels, extra],
        value,
      })),
    ),
  }))
  const all = [...merged, ...own].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return all.map((family) => withoutEmptyHelp(writeText([family]), family)).join('')
}

/** A family that was pushed without help has no such line. */
function withoutEmptyHelp(text: string, { help }: MetricFamily): string {
  return help === '' ? text.slice(text.indexOf('\n') + 1) : text
}

function compareMetrics(a: PushedMetric, b: PushedMetric): number {
  if (a.labels.length !== b.labels.length) return a.labels.length - b.labels.length
  for (let i = 0; i < a.labels.length; i++) {
    const [x, y] = [a.labels[i]![1], b.labels[i]![1]]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}
