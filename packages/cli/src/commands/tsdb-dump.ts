import { parseArgs } from 'node:util'
import { isStaleAt, type Labels, SampleColumns, type SeriesSet } from '@promontory/model'
import { parseSelector } from '@promontory/promql/parser'
import { openReadOnly } from '@promontory/tsdb'
import { UsageError } from '../serve-flags.ts'
import { goHistogram, goNumber } from './go-text.ts'
import { DEFAULT_DIRECTORY } from './tsdb-list.ts'

/** Written at once when there is so much. */
const FLUSH_CHARACTERS = 65_536

/** `promontory tsdb dump [--match=…] [--min-time=…] [--max-time=…] [DIR]`: every sample, blocks and log. */
export function dump(args: readonly string[]): Promise<number> {
  return eachSeries(args, ['prom', 'seriesjson'], (labels, columns, format, write) => {
    if (format === 'seriesjson') return write(`${JSON.stringify(Object.fromEntries(labels))}\n`)
    const name = labels.toString()
    for (let i = 0; i < columns.length; i++) {
      const histogram = columns.histograms?.[i]
      const value = histogram === undefined ? goNumber(columns.values[i]!) : goHistogram(histogram)
      write(`${name} ${value} ${columns.timesMs[i]}\n`)
    }
  })
}

/** `promontory tsdb dump-openmetrics …`: floats only, without stale markers, as OpenMetrics has neither. */
export async function dumpOpenMetrics(args: readonly string[]): Promise<number> {
  const code = await eachSeries(args, ['prom'], (labels, columns, _format, write) => {
    const inner = [...labels].filter(([name]) => name !== '__name__').map(([name, value]) => `${name}=${JSON.stringify(value)}`) // prettier-ignore
    for (let i = 0; i < columns.length; i++) {
      if (columns.histograms?.[i] !== undefined || isStaleAt(columns.bits, i)) continue
      write(`${labels.metricName}{${inner.join(',')}} ${goNumber(columns.values[i]!)} ${(columns.timesMs[i]! / 1000).toFixed(3)}\n`) // prettier-ignore
    }
  })
  process.stdout.write('# EOF\n')
  return code
}

type Printer = (labels: Labels, columns: SampleColumns, format: string, write: (text: string) => void) => void

async function eachSeries(
  args: readonly string[],
  formats: readonly string[],
  print: Printer,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      match: { type: 'string', multiple: true, default: [] },
      'min-time': { type: 'string', default: String(-(2 ** 53)) },
      'max-time': { type: 'string', default: String(2 ** 53) },
      format: { type: 'string', default: 'prom' },
      // Nothing is written here, so that none is needed.
      'sandbox-dir-root': { type: 'string' },
    },
  })
  if (!formats.includes(values.format)) throw new UsageError(`--format must be one of ${formats.join(', ')}, got "${values.format}"`) // prettier-ignore
  const [startMs, endMs] = [timeOf('min-time', values['min-time']), timeOf('max-time', values['max-time'])]
  // Without a selector: everything.
  const selectors = values.match.length === 0 ? [[]] : values.match.map((match) => parseSelector(match))
  const requests = selectors.map((matchers) => ({ matchers, startMs, endMs }))
  const { reader, logDamage } = await openReadOnly(positionals[0] ?? DEFAULT_DIRECTORY)
  if (logDamage !== undefined) process.stderr.write(`${logDamage.message}; what comes behind is left out\n`)
  const querier = reader.querier({ startMs, endMs })
  try {
    await printSets(await querier.select(requests), values.format, print)
  } finally {
    querier.close()
  }
  return 0
}

function timeOf(flag: string, text: string): number {
  const time = Number(text)
  if (text === '' || Number.isNaN(time))
    throw new UsageError(`--${flag} is a time in milliseconds, got "${text}"`)
  return time
}

/** A series that several selectors name is printed once. */
async function printSets(sets: readonly SeriesSet[], format: string, print: Printer): Promise<void> {
  const columns = new SampleColumns()
  const seen = new Set<string>()
  let pending = ''
  const flush = async (): Promise<void> => {
    const text = pending
    pending = ''
    if (!process.stdout.write(text)) await new Promise((done) => process.stdout.once('drain', done))
  }
  for (const set of sets)
    for (let i = 0; i < set.length; i++) {
      const labels = set.labels(i)
      if (seen.has(labels.key())) continue
      if (sets.length > 1) seen.add(labels.key())
      set.read(i, columns)
      print(labels, columns, format, (text) => (pending += text))
      if (pending.length > FLUSH_CHARACTERS) await flush()
    }
  await flush()
}
