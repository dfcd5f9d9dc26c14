import { type Labels, METRIC_NAME, type SeriesMetadata } from '@promontory/model'

/** Families of all targets together that are kept. */
const FAMILIES_MAX = 200_000

/** HELP, TYPE and UNIT that the log had when it was read, by family and target: for the time until they are told again. */
export class LoggedMetadata {
  /** By job and instance, then by family. */
  readonly #targets = new Map<string, Map<string, SeriesMetadata>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @param labels  of a series whose metadata it is: what is told last counts */
  note(labels: Labels, metadata: SeriesMetadata): void {
    const key = targetKey(labels)
    let families = this.#targets.get(key)
    if (families === undefined) this.#targets.set(key, (families = new Map()))
    const family = familyOf(labels.get(METRIC_NAME), metadata.type)
    if (!families.has(family)) {
      if (this.#size >= FAMILIES_MAX) return
      this.#size++
    }
    families.set(family, metadata)
  }

  /** Of the target that has these labels. */
  ofTarget(labels: Labels): ReadonlyMap<string, SeriesMetadata> {
    return this.#targets.get(targetKey(labels)) ?? NONE
  }

  /** Families of all targets; one may come several times. */
  *families(): IterableIterator<readonly [family: string, metadata: SeriesMetadata]> {
    for (const families of this.#targets.values()) yield* families
  }
}

const NONE: ReadonlyMap<string, SeriesMetadata> = new Map()

function targetKey(labels: Labels): string {
  return `${labels.get('job')}\u0000${labels.get('instance')}`
}

/** Parts of histograms and summaries are of one family. */
function familyOf(name: string, type: string): string {
  const hasParts = type === 'histogram' || type === 'gaugehistogram' || type === 'summary'
  return hasParts ? name.replace(/_(bucket|count|sum)$/, '') : name
}
