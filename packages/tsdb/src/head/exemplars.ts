import type { Exemplar, Labels, SeriesRef } from '@promontory/model'

export interface StoredExemplar {
  readonly ref: SeriesRef
  readonly seriesLabels: Labels
  readonly exemplar: Exemplar
}

/** The newest exemplars of all series together, as in Prometheus: a full ring forgets the oldest. */
export class ExemplarRing {
  #capacity: number
  #entries: StoredExemplar[] = []
  #next = 0
  readonly #newestOf = new Map<SeriesRef, number>()
  /** Exemplars that were older than the newest of their series. */
  outOfOrder = 0
  /** Exemplars that were kept, those included that have gone since. */
  appended = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.length
  }

  /** Changes the bound; the newest exemplars stay. */
  setCapacity(capacity: number): void {
    if (capacity === this.#capacity) return
    const oldestFirst = [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)]
    this.#capacity = capacity
    this.#entries = oldestFirst.slice(Math.max(0, oldestFirst.length - capacity))
    this.#next = capacity === 0 ? 0 : this.#entries.length % capacity
  }

  /** Keeps the exemplar unless the series already has one of this time or newer. @returns whether it was kept */
  add(ref: SeriesRef, seriesLabels: Labels, exemplar: Exemplar): boolean {
    if (this.#capacity === 0) return false
    const newest = this.#newestOf.get(ref)
    if (newest !== undefined && exemplar.timeMs <= newest) {
      // A target tells its newest exemplar again and again.
      if (exemplar.timeMs < newest) this.outOfOrder++
      return false
    }
    this.appended++
    this.#newestOf.set(ref, exemplar.timeMs)
    const replaced = this.#entries[this.#next]
    if (
      replaced !== undefined &&
      this.#newestOf.get(replaced.ref) === replaced.exemplar.timeMs &&
      replaced.ref !== ref
    )
      this.#newestOf.delete(replaced.ref)
    this.#entries[this.#next] = { ref, seriesLabels, exemplar }
    this.#next = (this.#next + 1) % this.#capacity
    return true
  }

  /** Exemplars with startMs ≤ time ≤ endMs of the series that `wanted` accepts, oldest first. */
  select(startMs: number, endMs: number, wanted: (labels: Labels) => boolean): StoredExemplar[] {
    return this.#entries
      .filter(
        ({ seriesLabels, exemplar }) =>
          exemplar.timeMs >= startMs && exemplar.timeMs <= endMs && wanted(seriesLabels),
      )
      .sort((a, b) => a.exemplar.timeMs - b.exemplar.timeMs)
  }
}
