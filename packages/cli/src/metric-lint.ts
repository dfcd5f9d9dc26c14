import { parseExposition } from '@promontory/exposition'

interface Family {
  type: string
  help: string
  readonly names: Set<string>
  readonly labels: Set<string>
}

/** What promtool calls the parts of a unit, and the base unit that it wants instead. */
const BASE_UNITS: readonly (readonly [base: string, others: readonly string[]])[] = [
  ['seconds', ['milliseconds', 'microseconds', 'nanoseconds', 'minutes', 'hours', 'days', 'weeks']],
  ['bytes', ['kilobytes', 'megabytes', 'gigabytes', 'kibibytes', 'mebibytes', 'gibibytes', 'bits']],
  ['meters', ['millimeters', 'centimeters', 'kilometers']],
  ['celsius', ['kelvin', 'fahrenheit']],
  ['grams', ['milligrams', 'kilograms']],
]
const ABBREVIATIONS = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd']

/**
 * Findings of promtool's metric linter, one line each, sorted.
 * @param body  text exposition 0.0.4
 * @throws ExpositionError when it cannot be read
 */
export function lintMetrics(body: Uint8Array): string[] {
  const families = readFamilies(body)
  const findings: string[] = []
  for (const [name, family] of families)
    for (const problem of [...nameProblems(name, family), ...unitProblems(name), ...labelProblems(family)])
      findings.push(`${name} ${problem}`)
  return findings.sort()
}

function readFamilies(body: Uint8Array): Map<string, Family> {
  const families = new Map<string, Family>()
  const family = (name: string): Family => {
    let known = families.get(name)
    if (known === undefined)
      families.set(name, (known = { type: 'unknown', help: '', names: new Set(), labels: new Set() }))
    return known
  }
  parseExposition(body, 'text', {
    metadata: (name, { type, help }) =>
      Object.assign(family(name), type === undefined ? {} : { type }, help === undefined ? {} : { help }),
    histogram: () => {},
    sample: (labels) => {
      const owner = family(familyName(labels.metricName, families))
      owner.names.add(labels.metricName)
      for (const [label] of labels) owner.labels.add(label)
    },
  })
  for (const [name, { names }] of families) if (names.size === 0) families.delete(name)
  return families
}

/** `x_bucket` belongs to `x` when `x` is a histogram or summary. */
function familyName(sample: string, families: ReadonlyMap<string, Family>): string {
  const stem = sample.replace(/_(bucket|sum|count)$/, '')
  const type = families.get(stem)?.type
  return type === 'histogram' || type === 'summary' ? stem : sample
}

function* nameProblems(name: string, { type, help }: Family): IterableIterator<string> {
  if (help === '') yield 'no help text'
  if (type === 'counter' && !name.endsWith('_total')) yield 'counter metrics should have "_total" suffix'
  if (type !== 'counter' && type !== 'unknown' && name.endsWith('_total'))
    yield 'non-counter metrics should not have "_total" suffix'
  if (type !== 'histogram' && name.endsWith('_bucket'))
    yield 'non-histogram metrics should not have "_bucket" suffix'
  for (const suffix of ['_count', '_sum'])
    if (type !== 'histogram' && type !== 'summary' && name.endsWith(suffix))
      yield `non-histogram and non-summary metrics should not have "${suffix}" suffix`
  if (type !== 'unknown' && name.toLowerCase().split('_').includes(type))
    yield `metric name should not include type '${type}'`
  if (name.includes(':')) yield "metric names should not contain ':'"
  if (/[a-z][A-Z]/.test(name)) yield "metric names should be written in 'snake_case' not 'camelCase'"
}

function* unitProblems(name: string): IterableIterator<string> {
  const words = name.toLowerCase().split('_')
  for (const abbreviation of ABBREVIATIONS)
    if (words.includes(abbreviation)) {
      yield 'metric names should not contain abbreviated units'
      break
    }
  for (const [base, others] of BASE_UNITS)
    for (const other of others)
      if (words.includes(other)) yield `use base unit "${base}" instead of "${other}"`
}

function* labelProblems({ type, labels }: Family): IterableIterator<string> {
  if (type !== 'histogram' && labels.has('le')) yield 'non-histogram metrics should not have "le" label'
  if (type !== 'summary' && labels.has('quantile'))
    yield 'non-summary metrics should not have "quantile" label'
  for (const label of labels)
    if (/[a-z][A-Z]/.test(label)) yield "label names should be written in 'snake_case' not 'camelCase'"
}
