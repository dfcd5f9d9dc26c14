import { METRIC_NAME, type Labels } from '@promontory/model'

/** What is told of a metric family. */
export interface ReceivedFamily {
  readonly type: string
  readonly help: string
  readonly unit: string
}

/** Families beyond these, and what is longer, are not kept: senders are not trusted with our memory. */
const FAMILIES_MAX = 50_000
const TEXT_CHARACTERS_MAX = 2048

/**
 * HELP, TYPE and UNIT of metric families that came by remote write and OTLP, as told last. Senders tell it again, once a minute (1.0),
 * with new series (2.0) or with the samples (OTLP).
 */
export class ReceivedMetadata {
  readonly #families = new Map<string, ReceivedFamily>()
  /** Rises with each change. */
  revision = 0

  note(family: string, type: string, help: string, unit: string): void {
    const known = this.#families.get(family)
    if (known !== undefined && known.type === type && known.help === help && known.unit === unit) return
    if (family === '' || (known === undefined && this.#families.size >= FAMILIES_MAX)) return
    if (family.length + help.length + unit.length > TEXT_CHARACTERS_MAX) return
    this.#families.set(family, { type, help, unit })
    this.revision++
  }

  /** For metadata that is told of a series: that of a histogram is the same for all of its parts. */
  noteSeries(labels: Labels, type: string, help: string, unit: string): void {
    const name = labels.get(METRIC_NAME)
    const hasParts = type === 'histogram' || type === 'gaugehistogram' || type === 'summary'
    this.note(hasParts ? name.replace(/_(bucket|count|sum)$/, '') : name, type, help, unit)
  }

  entries(): IterableIterator<[family: string, metadata: ReceivedFamily]> {
    return this.#families.entries()
  }
}
