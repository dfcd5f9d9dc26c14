import { mkdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Labels, METRIC_NAME, parseDuration } from '@promontory/model'
import { parseRuleFile, type RuleConfig } from '@promontory/rules'
import { UsageError } from '../serve-flags.ts'
import { ProgressBar } from './progress.ts'
import { BLOCK_MS, writeBlocks } from './tsdb-create-blocks.ts'
import { askMatrix, labelsOf, sampleValue, SeriesCollector } from './tsdb-remote.ts'
import { timeArgument } from './tsdb-time.ts'

const USAGE =
  'usage: promontory tsdb create-blocks-from rules --start=TIME [--end=TIME] [--url=http://localhost:9090] [--output-dir=data/] [--eval-interval=60s] FILE…'
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
    },
  })
  if (positionals.length === 0 || values.start === undefined) throw new UsageError(USAGE)
  const startMs = timeArgument('start', values.start)
  const endMs = values.end === undefined ? Date.now() - NOT_THE_LAST_MS : timeArgument('end', values.end)
  if (endMs < startMs)
    throw new UsageError(`--end ${values.end ?? '(3 hours ago)'} lies before --start ${values.start}`)
  const defaultMs = parseDuration(values['eval-interval'])
  const jobs = positionals.flatMap((file) =>
    parseRuleFile(readFileSync(file, 'utf8'), file).groups.flatMap(({ rules, intervalMs }) =>
      rules
        .filter(({ kind }) => kind === 'recording')
        .map((rule) => ({ rule, stepMs: intervalMs ?? defaultMs })),
    ),
  )
  const collector = new SeriesCollector()
  const bar = new ProgressBar()
  for (const [i, { rule, stepMs }] of jobs.entries()) {
    bar.show(rule.name, i / jobs.length)
    await evaluate(values.url, rule, stepMs, startMs, endMs, collector)
  }
  bar.end()
  mkdirSync(values['output-dir'], { recursive: true })
  writeBlocks(values['output-dir'], BLOCK_MS, collector.series, false, false)
  return 0
}

/** Asks block range by block range, at multiples of the interval. */
async function evaluate(
  server: string,
  rule: RuleConfig,
  stepMs: number,
  startMs: number,
  endMs: number,
  collector: SeriesCollector,
): Promise<void> {
  for (let from = Math.ceil(startMs / stepMs) * stepMs; from <= endMs;) {
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
