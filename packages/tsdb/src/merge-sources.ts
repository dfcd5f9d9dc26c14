import type { Labels } from '@promontory/model'
import type { ChunkSource } from './querier.ts'

/** The series of several sources, those with equal labels in one row. */
export interface MergedSources {
  readonly sources: readonly ChunkSource[]
  /** Of each row. Sorted when all sources are. */
  readonly labels: readonly Labels[]
  /** Row by row: for each source the index of the series there, −1 when it has none. */
  readonly places: Int32Array
}

const NONE = -1

/** Puts series with equal labels together. Sources that are sorted are walked side by side, the others looked up. */
export function mergeSources(sources: readonly ChunkSource[]): MergedSources {
  const rows = new Rows(sources)
  mergeSorted(sources, rows)
  if (sources.some(({ isSorted }) => !isSorted)) lookUp(sources, rows)
  return rows
}

class Rows implements MergedSources {
  readonly sources: readonly ChunkSource[]
  readonly labels: Labels[] = []
  places: Int32Array

  constructor(sources: readonly ChunkSource[]) {
    this.sources = sources
    this.places = new Int32Array(sources.length * Math.max(...sources.map(({ length }) => length))).fill(NONE)
  }

  /** @returns where the places of the row begin */
  add(labels: Labels): number {
    const at = this.labels.length * this.sources.length
    this.labels.push(labels)
    if (at === this.places.length) {
      const larger = new Int32Array(2 * at + this.sources.length).fill(NONE)
      larger.set(this.places)
      this.places = larger
    }
    return at
  }
}

/** Blocks of one server have mostly the same series, and the same objects as labels. */
function mergeSorted(sources: readonly ChunkSource[], rows: Rows): void {
  const next = sources.map(() => 0)
  const heads = sources.map((source) => headOf(source, 0))
  for (;;) {
    let least: Labels | undefined
    for (const labels of heads)
      if (labels !== undefined && labels !== least && (least === undefined || labels.compare(least) < 0))
        least = labels
    if (least === undefined) return
    const row = rows.add(least)
    for (let i = 0; i < sources.length; i++) {
      const labels = heads[i]
      if (labels === undefined || (labels !== least && !labels.equals(least))) continue
      rows.places[row + i] = next[i]!
      heads[i] = headOf(sources[i]!, ++next[i]!)
    }
  }
}

function headOf(source: ChunkSource, index: number): Labels | undefined {
  return source.isSorted && index < source.length ? source.labels(index) : undefined
}

function lookUp(sources: readonly ChunkSource[], rows: Rows): void {
  const byKey = new Map<string, number>()
  rows.labels.forEach((labels, row) => byKey.set(labels.key(), row * sources.length))
  for (const [i, source] of sources.entries()) {
    if (source.isSorted) continue
    for (let index = 0; index < source.length; index++) {
      const labels = source.labels(index)
      let row = byKey.get(labels.key())
      if (row === undefined) byKey.set(labels.key(), (row = rows.add(labels)))
      rows.places[row + i] = index
    }
  }
}
