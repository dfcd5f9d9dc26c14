import type { AppendBatch, SeriesMetadata, SeriesRef } from '@promontory/model'
import type { MetadataStore } from './metadata-store.ts'

/** Endings that parts of a family have behind its name. */
const PART = /_(total|bucket|count|sum|created|info|gcount|gsum)$/

/**
 * Which HELP, TYPE and UNIT of a target's series the log has yet to get: those of new series, and of all series of a family whose
 * texts have changed. What a batch that failed should have brought comes with the next.
 */
export class MetadataLog {
  readonly #store: MetadataStore
  /** Metric names of series that were logged or will be. */
  readonly #names = new Map<SeriesRef, string>()
  #due = new Set<SeriesRef>()
  #revision = 0
  #isAdded = false

  constructor(store: MetadataStore) {
    this.#store = store
  }

  noteSeries(ref: SeriesRef, name: string): void {
    this.#names.set(ref, name)
    this.#due.add(ref)
  }

  /** Forgets the other series. */
  retain(refs: ReadonlySet<SeriesRef>): void {
    for (const ref of this.#names.keys())
      if (!refs.has(ref)) {
        this.#names.delete(ref)
        this.#due.delete(ref)
      }
  }

  addTo(batch: AppendBatch): void {
    this.#isAdded = true
    if (this.#store.revision !== this.#revision) {
      this.#revision = this.#store.revision
      const changed = this.#store.takeChanged()
      for (const [ref, name] of this.#names)
        if (changed.has(name) || changed.has(name.replace(PART, ''))) this.#due.add(ref)
    }
    for (const ref of this.#due) {
      const metadata = this.#metadataOf(this.#names.get(ref)!)
      if (metadata !== undefined) batch.metadata.push({ ref, metadata: { ...metadata } })
    }
  }

  /** A batch is in the log, with what was added to it. */
  settle(): void {
    if (this.#isAdded && this.#due.size > 0) this.#due = new Set()
    this.#isAdded = false
  }

  #metadataOf(name: string): SeriesMetadata | undefined {
    return this.#store.get(name) ?? this.#store.get(name.replace(PART, ''))
  }
}
