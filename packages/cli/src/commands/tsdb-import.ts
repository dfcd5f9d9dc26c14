import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Labels, Matcher } from '@promontory/model'
import { parseSelector } from '@promontory/promql/parser'
import { importDirectory } from '@promontory/tsdb'
import { ChunkSpool, writeSeriesBlock } from '@promontory/tsdb/block'
import { UsageError } from '../serve-flags.ts'
import { ImportJournal } from './import-journal.ts'
import { ProgressBar } from './progress.ts'
import { CLIENT_OPTIONS, ServerClient } from './server-client.ts'
import { BLOCK_MS } from './tsdb-create-blocks.ts'
import { DEFAULT_DIRECTORY } from './tsdb-list.ts'
import { askMatrix, labelsOf, sampleValue, SeriesCollector } from './tsdb-remote.ts'
import { NoRemoteReadError, readWindow } from './tsdb-remote-read.ts'
import { timeArgument } from './tsdb-time.ts'

const USAGE =
  'usage: promontory tsdb import SOURCE [DIR]: the data directory of a Prometheus, which may be running; or promontory tsdb import URL [DIR] --start=TIME [--end=TIME] [--match=SELECTOR] [--drop-label=NAME…] [--via=chunks|samples|api] [--restart] [--http.config.file=FILE] [--header=NAME=VALUE…]'

/** How samples are asked for: remote read, streamed as chunks or as samples; Prometheus's HTTP API, which gives floats only. */
const WAYS = ['chunks', 'samples', 'api'] as const
type Way = (typeof WAYS)[number]

/**
 * `promontory tsdb import SOURCE [DIR] …`: what a data directory holds, blocks and logs, comes into DIR, which a running Promontory picks up.
 * With a URL, so do the samples of a running server: by remote read whatever it has, or by Prometheus's HTTP API, where there is no remote
 * read, floats without stale markers. Two hours at a time become a block; what is done is noted, and an import that was stopped goes on there.
 */
export async function importFrom(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArgs(args)
  const [source, directory = DEFAULT_DIRECTORY] = positionals
  if (source === undefined || positionals.length > 2) throw new UsageError(USAGE)
  if (!/^https?:/.test(source)) {
    if (values.start !== undefined || values.end !== undefined)
      throw new UsageError(`--start and --end are for URLs: a directory is imported whole; ${USAGE}`)
    return await importFromDirectory(source, directory)
  }
  if (values.start === undefined) throw new UsageError(USAGE)
  const way = WAYS.find((known) => known === values.via)
  if (way === undefined) throw new UsageError(`--via=${values.via}: expected one of ${WAYS.join(', ')}`)
  const startMs = timeArgument('start', values.start)
  const endMs = values.end === undefined ? Date.now() : timeArgument('end', values.end)
  if (endMs < startMs) throw new UsageError(`--end ${values.end} lies before --start ${values.start}`)
  const server = new ServerClient(source, values)
  mkdirSync(directory, { recursive: true })
  const journal = new ImportJournal(directory, { source: server.url, match: values.match, dropped: values['drop-label'] }) // prettier-ignore
  if (values.restart) journal.clear()
  const job = new UrlImport(server, directory, values.match, new Set(values['drop-label']), way)
  try {
    await job.run(startMs, endMs, journal)
  } finally {
    server.close()
  }
  process.stdout.write(`${job.samples} samples imported\n`)
  if (job.left > 0) process.stderr.write(`${job.left} native histograms were left out: ${job.why}\n`)
  return 0
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        start: { type: 'string' },
        end: { type: 'string' },
        match: { type: 'string', default: '{__name__=~".+"}' },
        via: { type: 'string', default: 'chunks' },
        'drop-label': { type: 'string', multiple: true, default: [] },
        restart: { type: 'boolean', default: false },
        ...CLIENT_OPTIONS,
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}

/** Samples of a running server on their way into blocks. */
class UrlImport {
  samples = 0
  /** Native histograms that the server has and does not give whole. */
  left = 0
  why = 'the HTTP API does not give them whole'
  readonly #server: ServerClient
  readonly #directory: string
  readonly #match: string
  readonly #matchers: readonly Matcher[]
  readonly #dropped: ReadonlySet<string>
  #way: Way

  constructor(
    server: ServerClient,
    directory: string,
    match: string,
    dropped: ReadonlySet<string>,
    way: Way,
  ) {
    this.#server = server
    this.#directory = directory
    this.#match = match
    this.#matchers = parseSelector(match)
    this.#dropped = dropped
    this.#way = way
  }

  async run(startMs: number, endMs: number, journal: ImportJournal): Promise<void> {
    const bar = new ProgressBar()
    let resumed = false
    try {
      for (let from = Math.floor(startMs / BLOCK_MS) * BLOCK_MS; from <= endMs; from += BLOCK_MS) {
        const [first, last] = [Math.max(from, startMs), Math.min(from + BLOCK_MS - 1, endMs)]
        if (journal.covers(first, last)) {
          resumed = true
          continue
        }
        if (resumed)
          process.stderr.write(`goes on at ${new Date(first).toISOString()}; --restart begins anew\n`)
        resumed = false
        bar.show(
          `${new Date(from).toISOString()}, ${this.samples} samples`,
          (from - startMs) / (endMs - startMs),
        )
        await this.#window(from, first, last)
        // A window that the end cuts short may have more the next time.
        if (last === from + BLOCK_MS - 1) journal.note(first, last)
      }
    } finally {
      bar.end()
    }
    if (resumed) process.stderr.write('everything is imported already; --restart begins anew\n')
  }

  async #window(from: number, startMs: number, endMs: number): Promise<void> {
    if (this.#way !== 'api') {
      try {
        return await this.#byRemoteRead(from, startMs, endMs)
      } catch (error) {
        if (!(error instanceof NoRemoteReadError)) throw error
        process.stderr.write(`${error.message}\nno remote read there: the HTTP API is asked, for floats\n`)
        this.#way = 'api'
      }
    }
    await this.#byApi(from, startMs, endMs)
  }

  async #byRemoteRead(from: number, startMs: number, endMs: number): Promise<void> {
    const spool = new ChunkSpool(this.#directory, from, from + BLOCK_MS)
    try {
      const matchers = this.#matchers.map(({ operator, name, value }) => ({ operator, name, value }))
      const takesChunks = this.#way === 'chunks'
      const leftOut = (labels: Labels, fault: string): void => {
        this.left++
        this.why = `${fault} (${labels.toString()})`
      }
      const window = { startMs, endMs, matchers, takesChunks, dropped: this.#dropped, leftOut }
      await readWindow(this.#server, window, spool)
    } catch (error) {
      spool.abort()
      throw error
    }
    this.samples += spool.finish()?.meta.stats.numSamples ?? 0
  }

  async #byApi(from: number, startMs: number, endMs: number): Promise<void> {
    const collector = new SeriesCollector()
    // A range is open on its left side.
    const query = `${this.#match}[${endMs - startMs + 1}ms]`
    const rows = await askMatrix(this.#server, 'query', { query, time: String(endMs / 1000) })
    for (const { metric, values, histograms } of rows) {
      this.left += histograms
      const labels = labelsOf(Object.fromEntries(Object.entries(metric).filter(([name]) => !this.#dropped.has(name)))) // prettier-ignore
      for (const [timeS, value] of values) {
        const timeMs = Math.round(timeS * 1000)
        // Prometheus 2 took the left end in.
        if (timeMs >= startMs) collector.add(labels, timeMs, sampleValue(value))
      }
    }
    const written = writeSeriesBlock(this.#directory, from, from + BLOCK_MS, collector.series)
    this.samples += written?.meta.stats.numSamples ?? 0
  }
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
