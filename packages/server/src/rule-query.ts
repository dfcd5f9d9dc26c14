import { errorText } from '@promontory/base'
import { FloatHistogram, type InstantQuery, Labels } from '@promontory/model'
import type { QueryLog } from './query-log.ts'
import type { QueryPool } from './workers/query-pool.ts'

/** The question that rules and templates ask, answered by a pool of query workers. */
export function ruleQuery(pool: QueryPool, log?: QueryLog): InstantQuery {
  return async (expr, timeMs, signal, asker) => {
    const startedMs = performance.now()
    const note = (samples: number, error: string): void => {
      if (log?.isOn !== true || asker === undefined) return
      const origin = { ruleGroup: { file: asker.file, name: asker.group } }
      const durationMs = performance.now() - startedMs
      log.write({ expr, startMs: timeMs, endMs: timeMs, stepMs: 0, durationMs, samples, error, origin })
    }
    const answer = await pool.run({ kind: 'vector', expr, timeMs }, { signal }).catch((error: unknown) => {
      note(0, errorText(error))
      throw error
    })
    note(answer.samples, '')
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
