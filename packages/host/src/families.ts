import type { MetricFamily, MetricSample, MetricType } from '@promontory/base'

type LabelValues = Readonly<Record<string, string>>

/** Gathers samples into families. */
export class Families {
  readonly #families = new Map<
    string,
    { name: string; help: string; type: MetricType; samples: MetricSample[] }
  >()

  /** Adds one sample; the first call for a name sets help and type. Labels are sorted by name, as client libraries do. */
  add(type: MetricType, name: string, help: string, value: number, labels: LabelValues = {}): void {
    let family = this.#families.get(name)
    if (family === undefined) {
      family = { name, help, type, samples: [] }
      this.#families.set(name, family)
    }
    const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
    family.samples.push({ suffix: '', labels: sorted, value })
  }

  gauge(name: string, help: string, value: number, labels?: LabelValues): void {
    this.add('gauge', name, help, value, labels)
  }

  counter(name: string, help: string, value: number, labels?: LabelValues): void {
    this.add('counter', name, help, value, labels)
  }

  untyped(name: string, help: string, value: number, labels?: LabelValues): void {
    this.add('untyped', name, help, value, labels)
  }

  /** All families, by name. */
  collect(): MetricFamily[] {
    return [...this.#families.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

/** One subject: reads kernel files, adds families. Throws NoDataError when this machine has nothing to say. */
export type Collector = (files: import('./host-files.ts').HostFiles, families: Families) => Promise<void>
