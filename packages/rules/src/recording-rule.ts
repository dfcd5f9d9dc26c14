import { METRIC_NAME, type VectorSample } from '@promontory/model'
import type { EvaluationContext } from './alerting-rule.ts'
import { RuleError } from './errors.ts'
import type { RuleConfig } from './rule-file.ts'

/** A rule that keeps its expression's answer under a name of its own. */
export class RecordingRule {
  readonly config: RuleConfig

  constructor(config: RuleConfig) {
    this.config = config
  }

  /** @throws RuleError, or what the query rejects with */
  async evaluate(context: EvaluationContext): Promise<VectorSample[]> {
    const { timeMs, queryOffsetMs, limit } = context
    const answer = await context.query(this.config.query, timeMs - queryOffsetMs, context.signal)
    const keys = new Set<string>()
    const samples = answer.samples.map((sample) => {
      let labels = sample.labels.with(METRIC_NAME, this.config.name)
      for (const [name, value] of this.config.labelTemplates) labels = labels.with(name, value)
      keys.add(labels.key())
      return { ...sample, labels }
    })
    if (keys.size !== samples.length)
      throw new RuleError('vector contains metrics with the same labelset after applying rule labels')
    if (limit > 0 && samples.length > limit)
      throw new RuleError(`exceeded limit of ${limit} with ${samples.length} series`)
    return samples
  }
}
