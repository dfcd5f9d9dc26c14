import { mkdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Labels, METRIC_NAME, parseDuration } from '@promontory/model'
import { evaluationOffsetMs, parseRuleFile, type RuleConfig } from '@promontory/rules'
import { UsageError } from '../serve-flags.ts'
import { ProgressBar } from './progress.ts'
import { CLIENT_OPTIONS, ServerClient } from './server-client.ts'
import { BLOCK_MS, writeBlocks } from './tsdb-create-blocks.ts'
import { askMatrix, labelsOf, sampleValue, SeriesCollector } from './tsdb-remote.ts'
import { timeArgument } from './tsdb-time.ts'

const USAGE =
  'usage: promontory tsdb create-blocks-from rules --start=TIME [--end=TIME] [--url=http://localhost:9090] [--output-dir=data/] [--eval-interval=60s] [-r] [-q] [--http.config.file=FILE] [--header=NAME=VALUE…] FILE…'
/** Without an end: what is newer may still be in the head of the server that will get the blocks. */
const NOT_THE_LAST_MS: number = 3 * 3600 * 1000

/** `promontory tsdb create-blocks-from rules …`: what recording rules would have recorded, had they been there. */
export async function fromRules(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://localhost:9090' },
      start: { type: 'string' },
      end: { type: 'string' },
      'output-dir': { type: 'string', default: 'data/' },
      'eval-interval': { type: 'string', default: '60s' },
      'human-readable': { type: 'boolean', short: 'r', default: false },
      quiet: { type: 'boolean', short: 'q', default: false },
      ...CLIENT_OPTIONS,
    },
  })
  if (positionals.length === 0 || values.start === undefined) throw new UsageError(USAGE)
  const startMs = timeArgument('start', values.start)
  const endMs = values.end === undefined ? Date.now() - NOT_THE_LAST_MS : timeArgument('end', values.end)
  if (endMs < startMs)
    throw new UsageError(`--end ${values.end ?? '(3 hours ago)'} lies before --start ${values.start}`)
  const defaultMs = parseDuration(values['eval-interval'])
  const jobs = positionals.flatMap((file) => jobsOf(file, defaultMs))
  const collector = new SeriesCollector()
  const bar = new ProgressBar()
  const server = new ServerClient(values.url, values)
  for (const [i, job] of jobs.entries()) {
    bar.show(job.rule.name, i / jobs.length)
    await evaluate(server, job, startMs, endMs, collector)
  }
  server.close()
  bar.end()
  mkdirSync(values['output-dir'], { recursive: true })
  writeBlocks(values['output-dir'], BLOCK_MS, collector.series, values['human-readable'], values.quiet)
  return 0
}

/** A rule, and when its group evaluates it: `phaseMs` behind multiples of `stepMs`. */
interface Job {
  readonly rule: RuleConfig
  readonly stepMs: number
  readonly phaseMs: number
}

/** Recording rules of a file. Their samples lie where a server that has the file at this place stores them. */
function jobsOf(file: string, defaultMs: number): Job[] {
  const { groups } = parseRuleFile(readFileSync(file, 'utf8'), resolve(file))
  return groups.flatMap((group) => {
    const stepMs = group.intervalMs ?? defaultMs
    const phaseMs = evaluationOffsetMs(group, stepMs) - (group.queryOffsetMs ?? 0)
    return group.rules.filter(({ kind }) => kind === 'recording').map((rule) => ({ rule, stepMs, phaseMs }))
  })
}

/** Asks block range by block range. */
async function evaluate(
  server: ServerClient,
  { rule, stepMs, phaseMs }: Job,
  startMs: number,
  endMs: number,
  collector: SeriesCollector,
): Promise<void> {
  for (let from = Math.ceil((startMs - phaseMs) / stepMs) * stepMs + phaseMs; from <= endMs;) {
    const blockEndMs = (Math.floor(from / BLOCK_MS) + 1) * BLOCK_MS
    const to = Math.min(endMs, blockEndMs - 1)
    const rows = await askMatrix(server, 'query_range', {
      query: rule.query,
      start: String(from / 1000),
      end: String(to / 1000),
      step: String(stepMs / 1000),
    })
    for (const { metric, values, histograms } of rows) {
      if (histograms > 0) throw new Error(`${rule.name} gives native histograms, which cannot be backfilled`)
      const labels = Labels.from([
        ...new Map([...labelsOf(metric), ...rule.labels, [METRIC_NAME, rule.name]]),
      ])
      for (const [timeS, value] of values) collector.add(labels, Math.round(timeS * 1000), sampleValue(value))
    }
    while (from <= to) from += stepMs
  }
}
