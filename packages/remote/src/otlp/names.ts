import type { OtlpMetric } from '@promontory/wire'

/** `otlp` of `prometheus.yml`, field names of the file. */
export interface OtlpSettings {
  readonly promote_all_resource_attributes: boolean
  readonly promote_resource_attributes: readonly string[]
  readonly ignore_resource_attributes: readonly string[]
  readonly translation_strategy: string
  readonly keep_identifying_resource_attributes: boolean
  readonly convert_histograms_to_nhcb: boolean
  readonly promote_scope_metadata: boolean
  readonly label_name_underscore_sanitization: boolean
  readonly label_name_preserve_multiple_underscores: boolean
}

/** UCUM's units by what Prometheus calls them. */
const UNITS: Readonly<Record<string, string>> = {
  d: 'days', h: 'hours', min: 'minutes', s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds',
  By: 'bytes', KiBy: 'kibibytes', MiBy: 'mebibytes', GiBy: 'gibibytes', TiBy: 'tibibytes', KBy: 'kilobytes', MBy: 'megabytes',
  GBy: 'gigabytes', TBy: 'terabytes', m: 'meters', V: 'volts', A: 'amperes', J: 'joules', W: 'watts', g: 'grams', Cel: 'celsius',
  Hz: 'hertz', '1': '', '%': 'percent',
} // prettier-ignore
const PER_UNITS: Readonly<Record<string, string>> = {
  s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year',
} // prettier-ignore

/** Names of metrics and labels by one of the four translation strategies. */
export class OtlpNames {
  readonly #settings: OtlpSettings
  readonly #escapes: boolean
  readonly #addsSuffixes: boolean
  readonly #labels = new Map<string, string>()

  constructor(settings: OtlpSettings) {
    this.#settings = settings
    this.#escapes = settings.translation_strategy.startsWith('UnderscoreEscaping')
    this.#addsSuffixes = settings.translation_strategy.endsWith('WithSuffixes')
  }

  metric({ name, unit, kind, isMonotonic }: OtlpMetric): string {
    const isCounter = kind === 'sum' && isMonotonic
    if (!this.#addsSuffixes) return this.#escapes ? escapeMetric(name) : name
    const suffixes = unitSuffixes(unit)
    const isRatio = unit === '1' && kind === 'gauge'
    if (!this.#escapes) {
      let full = name
      for (const suffix of [...suffixes, ...(isRatio ? ['ratio'] : []), ...(isCounter ? ['total'] : [])])
        if (!full.endsWith(`_${suffix}`) && full !== suffix) full += `_${suffix}`
      return full
    }
    let tokens = name.split(/[^\p{L}\p{Nd}:]+/u).filter((token) => token !== '')
    for (const suffix of suffixes)
      for (const token of suffix.split('_'))
        if (token === 'per' || !tokens.includes(token)) tokens.push(token)
    if (isRatio) tokens = [...tokens.filter((token) => token !== 'ratio'), 'ratio']
    if (isCounter) tokens = [...tokens.filter((token) => token !== 'total'), 'total']
    return escapeMetric(tokens.join('_'))
  }

  /** What Prometheus calls a unit of UCUM's: `By/s` → `bytes_per_second`. */
  static unit(unit: string): string {
    return unitSuffixes(unit).join('_')
  }

  label(name: string): string {
    if (!this.#escapes) return name
    let label = this.#labels.get(name)
    if (label === undefined) {
      label = this.#escapeLabel(name)
      if (this.#labels.size > 100_000) this.#labels.clear()
      this.#labels.set(name, label)
    }
    return label
  }

  #escapeLabel(name: string): string {
    const {
      label_name_preserve_multiple_underscores: preserves,
      label_name_underscore_sanitization: prefixes,
    } = this.#settings
    const escaped = name.replace(preserves ? /[^a-zA-Z0-9_]/g : /[^a-zA-Z0-9]+/g, '_')
    if (/^\d/.test(escaped)) return `key_${escaped}`
    return prefixes && /^_(?!_)/.test(escaped) ? `key${escaped}` : escaped
  }
}

function escapeMetric(name: string): string {
  const escaped = name.replace(/[^a-zA-Z0-9_:]/g, '_')
  return /^\d/.test(escaped) ? `_${escaped}` : escaped
}

/** `m/s` → `meters`, `per_second`; what stands in braces is a remark. */
function unitSuffixes(unit: string): string[] {
  const [main = '', per] = unit.split('/', 2).map((part) => part.trim())
  const suffixes: string[] = []
  if (main !== '' && !/[{}]/.test(main)) suffixes.push(cleanUnit(UNITS[main] ?? main))
  if (per !== undefined && per !== '' && !/[{}]/.test(per))
    suffixes.push(`per_${cleanUnit(PER_UNITS[per] ?? per)}`)
  return suffixes.filter((suffix) => suffix !== '' && suffix !== 'per_')
}

function cleanUnit(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_+|_+$/g, '')
}
