import { isStaleAt, Labels, SampleColumns } from '@promontory/model'
import { type FederatedSample, writeFederation } from '@promontory/exposition'
import type { TsdbReader } from '@promontory/tsdb'
import { requestsOf } from './label-tasks.ts'
import type { QueryTask } from './protocol.ts'

/** The newest sample of each matching series within the lookback, by name, as text with timestamps. */
export async function federate(
  reader: TsdbReader,
  task: QueryTask & { kind: 'federate' },
  lookbackMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const range = { startMs: task.timeMs - lookbackMs + 1, endMs: task.timeMs }
  const querier = reader.querier(range)
  try {
    const found = new Map<string, FederatedSample>()
    const columns = new SampleColumns()
    const external = Labels.fromSorted(task.externalLabels)
    for (const set of await querier.select(requestsOf(task.selectors, range.startMs, range.endMs))) {
      for (let i = 0; i < set.length; i++) {
        set.read(i, columns)
        const last = columns.length - 1
        if (last < 0 || isStaleAt(columns.bits, last)) continue
        const labels = withExternal(set.labels(i), external)
        found.set(labels.key(), { labels, value: columns.values[last]!, timeMs: columns.timesMs[last]! })
      }
    }
    const sorted = [...found.values()].sort((a, b) =>
      a.labels.metricName < b.labels.metricName
        ? -1
        : a.labels.metricName > b.labels.metricName
          ? 1
          : a.labels.compare(b.labels),
    )
    return new TextEncoder().encode(writeFederation(sorted))
  } finally {
    querier.close()
  }
}

/** A series' own labels win over external ones; `instance` is there, empty, when it was not. */
function withExternal(labels: Labels, external: Labels): Labels {
  let result = labels
  for (const [name, value] of external) if (!result.has(name)) result = result.with(name, value)
  return result
}
