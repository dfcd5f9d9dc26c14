import { H_CHUNKS, H_MAX_TIME_F64, H_MIN_TIME_F64 } from '@promontory/kernels'
import type { NamedCount, TsdbStatus } from '@promontory/api'
import type { TsdbReader } from '@promontory/tsdb'

/** The body of `/api/v1/status/tsdb`: what the head holds and which names and values take the most of it. */
export function tsdbStatus(reader: TsdbReader, limit: number): Uint8Array<ArrayBuffer> {
  const { head } = reader
  head.enter()
  try {
    const { postings, symbols } = head
    const byMetric: NamedCount[] = []
    const byPair: NamedCount[] = []
    const valueCounts = new Map<string, number>()
    const valueBytes = new Map<string, number>()
    for (let pair = 1; pair < postings.pairCount; pair++) {
      const count = postings.count(pair)
      if (count === 0) continue
      const name = symbols.text(postings.nameOf(pair))
      const value = symbols.text(postings.valueOf(pair))
      if (name === '__name__') byMetric.push({ name: value, value: count })
      byPair.push({ name: `${name}=${value}`, value: count })
      valueCounts.set(name, (valueCounts.get(name) ?? 0) + 1)
      valueBytes.set(name, (valueBytes.get(name) ?? 0) + symbols.bytes(postings.valueOf(pair)).length)
    }
    const { f64, u32 } = head.head
    const empty = !Number.isFinite(f64[H_MIN_TIME_F64]!)
    const status: TsdbStatus = {
      headStats: {
        numSeries: head.all().length,
        numLabelPairs: byPair.length,
        chunkCount: u32[H_CHUNKS]!,
        minTime: empty ? 0 : f64[H_MIN_TIME_F64]!,
        maxTime: empty ? 0 : f64[H_MAX_TIME_F64]!,
      },
      seriesCountByMetricName: top(byMetric, limit),
      labelValueCountByLabelName: top(counts(valueCounts), limit),
      memoryInBytesByLabelName: top(counts(valueBytes), limit),
      seriesCountByLabelValuePair: top(byPair, limit),
    }
    return new TextEncoder().encode(JSON.stringify({ status: 'success', data: status }))
  } finally {
    head.leave()
  }
}

function counts(byName: ReadonlyMap<string, number>): NamedCount[] {
  return [...byName].map(([name, value]) => ({ name, value }))
}

function top(rows: NamedCount[], limit: number): NamedCount[] {
  return rows.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit)
}
