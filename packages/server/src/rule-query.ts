import { FloatHistogram, type InstantQuery, Labels } from '@promontory/model'
import type { QueryPool } from './workers/query-pool.ts'

/** The question that rules and templates ask, answered by a pool of query workers. */
export function ruleQuery(pool: QueryPool): InstantQuery {
  return async (expr, timeMs, signal) => {
    const answer = await pool.run({ kind: 'vector', expr, timeMs }, { signal })
    if (answer.kind !== 'vector') throw new Error('BUG: a vector task answered with a body')
    const { labels, values, histograms, warnings, infos } = answer.vector
    const samples = labels.map((pairs, i) => {
      const histogram = histograms?.get(i)
      return {
        labels: Labels.fromSorted(pairs),
        value: values[i]!,
        ...(histogram === undefined ? {} : { histogram: new FloatHistogram(histogram) }),
      }
    })
    return { samples, warnings, infos }
  }
}
