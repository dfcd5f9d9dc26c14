import type { Labels, SeriesMetadata } from '@promontory/model'
import type { ReceivedMetadata } from '@promontory/remote'
import type { ScrapeManager, TargetMetadata } from '@promontory/scrape'
import type { LoggedMetadata } from '@promontory/tsdb'

type Family = readonly [family: string, metadata: SeriesMetadata]

/** HELP, TYPE and UNIT from all sides: targets, remote write and OTLP; what the log had at the start, where nobody has told anything since. */
export class KnownMetadata {
  readonly #scrape: ScrapeManager
  readonly #received: ReceivedMetadata
  readonly #logged: LoggedMetadata

  constructor(scrape: ScrapeManager, received: ReceivedMetadata, logged: LoggedMetadata) {
    this.#scrape = scrape
    this.#received = received
    this.#logged = logged
  }

  /** Target by target. */
  targets(): IterableIterator<TargetMetadata> {
    return this.#scrape.metadata((target: Labels) => this.#logged.ofTarget(target))
  }

  /** A family comes as often as somebody tells of it. */
  *families(): IterableIterator<Family> {
    const told = new Set<string>()
    for (const { metricFamily, metadata } of this.targets()) {
      told.add(metricFamily)
      yield [metricFamily, metadata]
    }
    for (const entry of this.#received.entries()) {
      told.add(entry[0])
      yield entry
    }
    for (const entry of this.#logged.families()) if (!told.has(entry[0])) yield entry
  }
}
