import { mkdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseExposition } from '@promontory/exposition'
import { Labels, parseDuration } from '@promontory/model'
import { blockRanges, readMeta, type SeriesSamples, writeSeriesBlock } from '@promontory/tsdb/block'
import { UsageError } from '../serve-flags.ts'
import { ProgressBar } from './progress.ts'
import { blockTable, DEFAULT_DIRECTORY } from './tsdb-list.ts'

/** Length of the shortest block, as Prometheus. */
export const BLOCK_MS: number = 2 * 3600 * 1000
const LEVELS = 10

/** `promontory tsdb create-blocks-from openmetrics FILE [DIR]` */
export async function createBlocksFrom(args: readonly string[]): Promise<number> {
  const [source, ...rest] = args
  if (source === 'openmetrics') return fromOpenMetrics(rest)
  if (source === 'rules') return (await import('./tsdb-rules.ts')).fromRules(rest)
  throw new UsageError(
    `usage: promontory tsdb create-blocks-from openmetrics FILE [DIR] | rules FILE…; there is no source "${source ?? ''}"`,
  )
}

function fromOpenMetrics(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'max-block-duration': { type: 'string', default: '2h' },
      label: { type: 'string', multiple: true, default: [] },
      'human-readable': { type: 'boolean', short: 'r', default: false },
      quiet: { type: 'boolean', short: 'q', default: false },
    },
  })
  const [file, directory = DEFAULT_DIRECTORY] = positionals
  if (file === undefined)
    throw new UsageError('usage: promontory tsdb create-blocks-from openmetrics FILE [DIR]')
  const rangeMs = rangeOf(parseDuration(values['max-block-duration']))
  const series = readSeries(readFileSync(file), values.label.map(labelOf))
  mkdirSync(directory, { recursive: true })
  writeBlocks(directory, rangeMs, series, values['human-readable'], values.quiet)
  return 0
}

function labelOf(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`--label is name=value, got "${text}"`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** The longest of Prometheus's block ranges that is not longer than what is wanted. */
function rangeOf(wantedMs: number): number {
  return (
    blockRanges(BLOCK_MS, BLOCK_MS * 3 ** (LEVELS - 1)).findLast((range) => range <= wantedMs) ?? BLOCK_MS
  )
}

/** @throws Error when a sample has no timestamp, ExpositionError when the text is not OpenMetrics */
function readSeries(text: Uint8Array, more: readonly (readonly [string, string])[]): SeriesSamples[] {
  const series = new Map<string, SeriesSamples>()
  parseExposition(text, 'openmetrics', {
    sample: (labels, value, timeMs) => {
      if (timeMs === undefined)
        throw new Error(`expected timestamp for series ${labels.toString()}, got none`)
      const all = more.length === 0 ? labels : Labels.from([...new Map([...labels, ...more])])
      let known = series.get(all.key())
      if (known === undefined) series.set(all.key(), (known = { labels: all, timesMs: [], values: [] }))
      known.timesMs.push(timeMs)
      known.values.push(value)
    },
    histogram: () => {},
    metadata: () => {},
  })
  return [...series.values()]
}

/** One block per range that has samples, each told about. */
export function writeBlocks(
  directory: string,
  rangeMs: number,
  series: readonly SeriesSamples[],
  isHumanReadable: boolean,
  isQuiet: boolean,
): void {
  const starts = new Set<number>()
  for (const { timesMs } of series)
    for (const time of timesMs) starts.add(Math.floor(time / rangeMs) * rangeMs)
  const bar = new ProgressBar()
  let hasHeader = false
  for (const [i, start] of [...starts].sort((a, b) => a - b).entries()) {
    bar.show(new Date(start).toISOString(), i / starts.size)
    const written = writeSeriesBlock(directory, start, start + rangeMs, series)
    if (written === undefined || isQuiet) continue
    bar.end()
    const lines = blockTable([{ directory: written.directory, meta: readMeta(written.directory) }], isHumanReadable).split('\n') // prettier-ignore
    process.stdout.write(lines.slice(hasHeader ? 1 : 0).join('\n'))
    hasHeader = true
  }
  bar.end()
}
