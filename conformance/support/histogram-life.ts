import type { WrittenHistogram } from './remote-writer.ts'

/** Numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A histogram that lives: buckets come, counts rise, now and then it starts anew or is marked stale. Its samples are `stepMs` apart, and some ms. */
export function histogramLife(
  random: () => number,
  startMs: number,
  count: number,
  kind: 'integer' | 'float' | 'custom' | 'gauge',
  stepMs: number = 15_000,
): WrittenHistogram[] {
  const out: WrittenHistogram[] = []
  let buckets = new Map<number, number>()
  let [sum, zero, schema] = [0, 0, kind === 'custom' ? -53 : 2]
  const customBounds = [0.1, 0.25, 1, 2.5, 1000.001, 1e9]
  for (let i = 0; i < count; i++) {
    const timeMs = startMs + i * stepMs + Math.floor(random() * 20)
    if (random() < 0.02) {
      // Of the same kind as the others: Prometheus's log has each kind in a record of its own, and a request with both comes back in another order.
      const ofKind = kind === 'custom' ? { schema, customBounds } : { schema: 0 }
      out.push({ timeMs, isFloat: kind === 'float', count: 0, sum: undefined, ...ofKind })
      continue
    }
    if (random() < 0.03) [buckets, sum, zero] = [new Map(), 0, 0]
    if (random() < 0.01 && kind !== 'custom') schema = schema === 2 ? 3 : 2
    for (let n = Math.floor(random() * 6); n > 0; n--) {
      const index = kind === 'custom' ? Math.floor(random() * 7) : Math.floor(random() ** 2 * 20) - 4
      buckets.set(
        index,
        (buckets.get(index) ?? 0) + (kind === 'float' ? random() : 1 + Math.floor(random() * 1000)),
      )
      sum += random() * 10
    }
    if (kind === 'gauge') for (const index of buckets.keys()) if (random() < 0.1) buckets.delete(index)
    if (kind !== 'custom') zero += Math.floor(random() * 3)
    const indices = [...buckets.keys()].sort((a, b) => a - b)
    const spans: [number, number][] = []
    let next = 0
    for (const index of indices) {
      if (spans.length > 0 && index === next) spans.at(-1)![1]++
      else spans.push([index - next, 1])
      next = index + 1
    }
    const counts = indices.map((index) => buckets.get(index)!)
    const total = counts.reduce((a, b) => a + b, zero)
    out.push({
      timeMs, isFloat: kind === 'float', schema, zeroThreshold: kind === 'custom' ? 0 : 2 ** -128, zeroCount: zero, count: total, sum,
      positiveSpans: spans, positiveBuckets: counts, hint: kind === 'gauge' ? 3 : 0,
      ...(kind === 'custom' ? { customBounds } : {}),
    }) // prettier-ignore
  }
  return out
}
