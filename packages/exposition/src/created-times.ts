import { type Labels, METRIC_NAME } from '@promontory/model'
import type { ExpositionSink } from './parse.ts'

interface Waiting {
  readonly labels: Labels
  readonly rest: [
    value: number,
    timeMs: number | undefined,
    exemplars: Parameters<ExpositionSink['sample']>[3],
  ]
}

const BEGINNING: ReadonlySet<string> = new Set(['counter', 'summary', 'histogram'])
const CREATED = '_created'

/**
 * Gives the samples of OpenMetrics' counters, summaries and histograms the time of their `_created` line, which is then no
 * series. That line may stand behind them, so the samples of a family wait for its end. Call `end()` behind the last entry.
 */
export class CreatedTimes implements ExpositionSink {
  readonly #sink: ExpositionSink
  #family = ''
  #type = 'unknown'
  #waiting: Waiting[] = []
  /** By the labels that all series of a metric share. */
  readonly #createdMs = new Map<string, number>()

  constructor(sink: ExpositionSink) {
    this.#sink = sink
  }

  metadata: ExpositionSink['metadata'] = (family, metadata) => {
    if (family !== this.#family) this.#flush()
    this.#family = family
    if (metadata.type !== undefined) this.#type = metadata.type
    this.#sink.metadata(family, metadata)
  }

  histogram: ExpositionSink['histogram'] = (...entry) => {
    this.#flush()
    this.#sink.histogram(...entry)
  }

  sample: ExpositionSink['sample'] = (labels, ...rest) => {
    if (!BEGINNING.has(this.#type)) return this.#sink.sample(labels, ...rest)
    const name = labels.metricName
    if (!name.endsWith(CREATED)) this.#waiting.push({ labels, rest: [rest[0], rest[1], rest[2]] })
    else if (name === this.#family + CREATED)
      this.#createdMs.set(sharedKey(labels), Math.trunc(rest[0] * 1000))
  }

  end(): void {
    this.#flush()
  }

  #flush(): void {
    for (const { labels, rest } of this.#waiting) {
      const isOfFamily = labels.metricName.startsWith(this.#family)
      const createdMs = isOfFamily ? this.#createdMs.get(sharedKey(labels)) : undefined
      this.#sink.sample(labels, ...rest, createdMs)
    }
    this.#waiting = []
    this.#createdMs.clear()
  }
}

function sharedKey(labels: Labels): string {
  return labels.without(METRIC_NAME, 'le', 'quantile').key()
}
