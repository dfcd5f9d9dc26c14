import type { SeriesRef } from '@promontory/model'

/** What a known line is. */
export const LineKind = { series: 0, dropped: 1, comment: 2, gone: 3 } as const
export type LineKind = (typeof LineKind)[keyof typeof LineKind]

/** Number of scrapes after which a line that did not come back is forgotten; as long as upstream keeps metadata. */
const FORGET_AFTER = 10

/**
 * The lines of a target's body as columns: no objects per line. Found by the hash of their series part, or, which is
 * the rule, by their place in the last body.
 */
export class LineCache {
  hashLow: Int32Array = new Int32Array(64)
  hashHigh: Int32Array = new Int32Array(64)
  /** Bytes of the series part, or of the comment. */
  lengths: Uint32Array = new Uint32Array(64)
  refs: Float64Array = new Float64Array(64)
  kinds: Uint8Array = new Uint8Array(64)
  /** Of a TYPE line: 1 + the index of its type. */
  types: Uint8Array = new Uint8Array(64)
  /** Scrape that saw the line last. */
  seen: Uint32Array = new Uint32Array(64)
  /** Scrape that took the line's sample last, if its absence means that the series went stale. */
  tracked: Uint32Array = new Uint32Array(64)
  /** What {@link tracked} was before this scrape set it: a scrape that fails half-way must know. */
  trackedBefore: Uint32Array = new Uint32Array(64)
  /** Index into the last body's order. */
  places: Uint32Array = new Uint32Array(64)
  count = 0
  /** Lines of the last good body in order. */
  order: Uint32Array = new Uint32Array(64)
  orderCount = 0
  /** Number of the scrape that is going on; starts at 2, so that a 0 in a column is never the last one. */
  iteration = 2
  #table: Int32Array = new Int32Array(256).fill(-1)

  /** -1 when unknown. */
  find(low: number, high: number, length: number): number {
    const mask = this.#table.length - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const line = this.#table[slot]!
      if (line < 0) return -1
      const isSame =
        this.hashLow[line] === low && this.hashHigh[line] === high && this.lengths[line] === length
      if (isSame && this.kinds[line] !== LineKind.gone) return line
    }
  }

  add(low: number, high: number, length: number, kind: LineKind, ref: SeriesRef): number {
    if (this.count === this.lengths.length) this.#grow()
    const line = this.count++
    this.hashLow[line] = low
    this.hashHigh[line] = high
    this.lengths[line] = length
    this.kinds[line] = kind
    this.refs[line] = ref
    this.types[line] = 0
    this.seen[line] = this.iteration
    this.tracked[line] = 0
    this.trackedBefore[line] = 0
    this.places[line] = 0
    if (2 * this.count > this.#table.length) this.#rehash(4 * this.count)
    else this.#insert(line)
    return line
  }

  /** The storage dropped the series: the next time the line counts as new. */
  forget(line: number): void {
    this.kinds[line] = LineKind.gone
  }

  /**
   * Forgets lines that have not been seen for ten scrapes, when there are enough of them.
   * @returns how old lines map to new ones (-1 for forgotten ones), or undefined when nothing was done
   */
  compact(force: boolean): Int32Array | undefined {
    const dead = this.count - this.orderCount
    if (dead === 0 || (!force && dead < this.orderCount + 1000 && this.iteration % 64 !== 0)) return undefined
    const moved = new Int32Array(this.count)
    let kept = 0
    for (let line = 0; line < this.count; line++) {
      const isOld =
        this.seen[line]! + FORGET_AFTER < this.iteration || (force && this.seen[line] !== this.iteration)
      moved[line] = isOld || this.kinds[line] === LineKind.gone ? -1 : kept++
      if (moved[line]! >= 0) this.#copy(line, moved[line]!)
    }
    this.count = kept
    let places = 0
    for (let i = 0; i < this.orderCount; i++) {
      const line = moved[this.order[i]!]!
      if (line < 0) continue
      this.places[line] = places
      this.order[places++] = line
    }
    this.orderCount = places
    this.#rehash(Math.max(256, 4 * kept))
    return moved
  }

  /** Bytes of the columns. */
  get bytes(): number {
    return this.lengths.length * (4 * 8 + 8 + 2) + this.#table.length * 4
  }

  #copy(from: number, to: number): void {
    for (const column of this.#columns()) column[to] = column[from]!
  }

  #columns(): (Int32Array | Uint32Array | Float64Array | Uint8Array)[] {
    return [
      this.hashLow,
      this.hashHigh,
      this.lengths,
      this.refs,
      this.kinds,
      this.types,
      this.seen,
      this.tracked,
      this.trackedBefore,
      this.places,
    ]
  }

  #insert(line: number): void {
    const mask = this.#table.length - 1
    let slot = this.hashLow[line]! & mask
    while (this.#table[slot]! >= 0) slot = (slot + 1) & mask
    this.#table[slot] = line
  }

  #rehash(least: number): void {
    let size = 256
    while (size < least) size *= 2
    this.#table = new Int32Array(size).fill(-1)
    for (let line = 0; line < this.count; line++) if (this.kinds[line] !== LineKind.gone) this.#insert(line)
  }

  #grow(): void {
    const size = 2 * this.lengths.length
    const larger = <A extends Int32Array | Uint32Array | Float64Array | Uint8Array>(old: A): A => {
      const next = new (old.constructor as new (length: number) => A)(size)
      next.set(old as never)
      return next
    }
    this.hashLow = larger(this.hashLow)
    this.hashHigh = larger(this.hashHigh)
    this.lengths = larger(this.lengths)
    this.refs = larger(this.refs)
    this.kinds = larger(this.kinds)
    this.types = larger(this.types)
    this.seen = larger(this.seen)
    this.tracked = larger(this.tracked)
    this.trackedBefore = larger(this.trackedBefore)
    this.places = larger(this.places)
  }
}

/** A larger copy of a column, with room for `least` at least. */
export function enlarged(old: Uint32Array, least: number): Uint32Array {
  const next = new Uint32Array(Math.max(least, 2 * old.length))
  next.set(old)
  return next
}
