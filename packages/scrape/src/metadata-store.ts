import type { SeriesMetadata } from '@promontory/model'

/** HELP, TYPE and UNIT of a target's metric families, as its last bodies had them. */
export class MetadataStore {
  readonly #families = new Map<string, { type: string; unit: string; help: string }>()
  #changed = new Set<string>()
  /** Rises with each change. */
  revision = 0

  set(family: string, field: 'type' | 'unit' | 'help', value: string): void {
    const known = this.#families.get(family)
    if (known?.[field] === value) return
    this.revision++
    this.#changed.add(family)
    if (known !== undefined) known[field] = value
    else this.#families.set(family, { type: 'unknown', unit: '', help: '', [field]: value })
  }

  /** Families that have changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  delete(family: string): void {
    this.#changed.delete(family)
    this.#families.delete(family)
  }

  get(family: string): SeriesMetadata | undefined {
    return this.#families.get(family)
  }

  entries(): IterableIterator<[family: string, metadata: SeriesMetadata]> {
    return this.#families.entries()
  }

  get size(): number {
    return this.#families.size
  }

  /** Length of all texts, as upstream counts `prometheus_target_metadata_cache_bytes`. */
  get bytes(): number {
    let total = 0
    for (const { type, unit, help } of this.#families.values())
      total += type.length + unit.length + help.length
    return total
  }
}
