import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { importDirectory } from '@promontory/tsdb'
import { writeSeriesBlock } from '@promontory/tsdb/block'
import { UsageError } from '../serve-flags.ts'
import { ProgressBar } from './progress.ts'
import { BLOCK_MS } from './tsdb-create-blocks.ts'
import { DEFAULT_DIRECTORY } from './tsdb-list.ts'
import { askMatrix, labelsOf, sampleValue, SeriesCollector } from './tsdb-remote.ts'
import { timeArgument } from './tsdb-time.ts'

const USAGE =
  'usage: promontory tsdb import SOURCE [DIR]: the data directory of a Prometheus, which may be running; or promontory tsdb import URL [DIR] --start=TIME [--end=TIME] [--match=SELECTOR]'

/**
 * `promontory tsdb import SOURCE [DIR] …`: what a data directory holds, blocks and logs, comes into DIR, which a running Promontory picks up.
 * With a URL the raw samples of a running server with Prometheus's API become blocks there: floats only, and no stale markers, since
 * the API gives no others whole.
 */
export async function importFrom(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      start: { type: 'string' },
      end: { type: 'string' },
      match: { type: 'string', default: '{__name__=~".+"}' },
    },
  })
  const [server, directory = DEFAULT_DIRECTORY] = positionals
  if (server === undefined) throw new UsageError(USAGE)
  if (!/^https?:/.test(server)) {
    if (values.start !== undefined || values.end !== undefined)
      throw new UsageError(`--start and --end are for URLs: a directory is imported whole; ${USAGE}`)
    return await importFromDirectory(server, directory)
  }
  if (!URL.canParse(server) || values.start === undefined) throw new UsageError(USAGE)
  const startMs = timeArgument('start', values.start)
  const endMs = values.end === undefined ? Date.now() : timeArgument('end', values.end)
  mkdirSync(directory, { recursive: true })
  const bar = new ProgressBar()
  let samples = 0
  let left = 0
  for (let from = Math.floor(startMs / BLOCK_MS) * BLOCK_MS; from <= endMs; from += BLOCK_MS) {
    bar.show(new Date(from).toISOString(), (from - startMs) / (endMs - startMs))
    const [first, last] = [Math.max(from, startMs), Math.min(from + BLOCK_MS - 1, endMs)]
    const collector = new SeriesCollector()
    left += await fetchWindow(server, values.match, first, last, collector)
    const written = writeSeriesBlock(directory, from, from + BLOCK_MS, collector.series)
    samples += written?.meta.stats.numSamples ?? 0
  }
  bar.end()
  process.stdout.write(`${samples} samples imported\n`)
  if (left > 0)
    process.stderr.write(`${left} native histograms were left out: the HTTP API does not give them whole\n`)
  return 0
}

async function importFromDirectory(source: string, directory: string): Promise<number> {
  const bar = new ProgressBar()
  const { blocksCopied, blocksKnown, blocksWritten, samples, damaged } = await importDirectory(
    source,
    directory,
    (what, done) => bar.show(what, done),
  )
  bar.end()
  const known = blocksKnown > 0 ? `, ${blocksKnown} were there already` : ''
  process.stdout.write(
    `${samples} samples imported: ${blocksCopied} blocks copied${known}, ${blocksWritten} made of the log\n`,
  )
  for (const error of damaged) process.stderr.write(`not imported: ${error.message}\n`)
  return damaged.length > 0 ? 1 : 0
}

/** @returns native histograms that were left out */
async function fetchWindow(
  server: string,
  match: string,
  firstMs: number,
  lastMs: number,
  collector: SeriesCollector,
): Promise<number> {
  // A range is open on its left side.
  const query = `${match}[${lastMs - firstMs + 1}ms]`
  const rows = await askMatrix(server, 'query', { query, time: String(lastMs / 1000) })
  let left = 0
  for (const { metric, values, histograms } of rows) {
    left += histograms
    const labels = labelsOf(metric)
    for (const [timeS, value] of values) {
      const timeMs = Math.round(timeS * 1000)
      // Prometheus 2 took the left end in.
      if (timeMs >= firstMs) collector.add(labels, timeMs, sampleValue(value))
    }
  }
  return left
}
