import { parseArgs } from 'node:util'
import type { Labels, Matcher } from '@promontory/model'
import { parseSelector } from '@promontory/promql/parser'
import { openReadOnly } from '@promontory/tsdb'
import { Block, PageCache } from '@promontory/tsdb/block'
import { UsageError } from '../serve-flags.ts'
import { goDuration } from './go-text.ts'
import { DEFAULT_DIRECTORY } from './tsdb-list.ts'

/** `promontory tsdb analyze [--limit=20] [--match=…] [--extended] [DIR [BLOCK]]`: what takes the most in a block. */
export async function analyze(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      limit: { type: 'string', default: '20' },
      match: { type: 'string', default: '' },
      extended: { type: 'boolean', default: false },
    },
  })
  const limit = Number(values.limit)
  if (!Number.isInteger(limit) || limit < 0)
    throw new UsageError(`--limit is a whole number, got "${values.limit}"`)
  const { blocks, directory } = await openReadOnly(positionals[0] ?? DEFAULT_DIRECTORY)
  const [, wanted] = positionals
  const chosen = wanted === undefined ? blocks.at(-1) : blocks.find(({ meta }) => meta.ulid === wanted)
  if (chosen === undefined) throw new UsageError(wanted === undefined ? `no blocks found in ${directory}` : `block ${wanted} not found in ${directory}`) // prettier-ignore
  const block = new Block(chosen.directory, new PageCache())
  try {
    const matchers = values.match === '' ? undefined : parseSelector(values.match)
    printAnalysis(block, matchers, values.match, limit)
    if (values.extended) printCompaction(block, matchers ?? [])
  } finally {
    block.dispose()
  }
  return 0
}

type Counts = Map<string, number>

function add(counts: Counts, key: string, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more)
}

function printAnalysis(
  block: Block,
  matchers: readonly Matcher[] | undefined,
  matcherText: string,
  limit: number,
): void {
  const { meta } = block
  const range = meta.maxTime - meta.minTime
  const refs = block.postingsFor(matchers ?? [])
  const names = new Map<string, Set<string>>()
  const [nameChurn, pairChurn, pairCount, metricCount]: Counts[] = [
    new Map(),
    new Map(),
    new Map(),
    new Map(),
  ]
  let entries = 0
  for (const ref of refs) {
    const { labels, chunks } = block.index.series(ref)
    const uncovered = range - (chunks.at(-1)!.maxTimeMs - chunks[0]!.minTimeMs)
    for (const [name, value] of labels) {
      add(nameChurn!, name, uncovered)
      add(pairChurn!, `${name}=${value}`, uncovered)
      add(pairCount!, `${name}=${value}`, 1)
      let known = names.get(name)
      if (known === undefined) names.set(name, (known = new Set()))
      known.add(value)
      entries++
    }
    add(metricCount!, labels.metricName, 1)
  }
  const lines = [
    `Block ID: ${meta.ulid}`,
    `Duration: ${goDuration(range)}`,
    `Total Series: ${meta.stats.numSeries ?? 0}`,
  ]
  if (matchers !== undefined) lines.push(`Matcher: ${matcherText}`)
  lines.push(`Label names: ${names.size}`)
  if (matchers !== undefined) lines.push(`Matched series: ${refs.length}`)
  lines.push(
    `Postings (unique label pairs): ${pairCount!.size}`,
    `Postings entries (total label pairs): ${entries}`,
  )
  const perRange = (counts: Counts): Counts =>
    new Map([...counts].map(([key, value]) => [key, Math.trunc(value / range)]))
  const lengths: Counts = new Map([...names].map(([name, all]) => [name, [...all].reduce((sum, value) => sum + Buffer.byteLength(value), 0)])) // prettier-ignore
  for (const [title, counts] of [
    ['Label pairs most involved in churning', perRange(pairChurn!)],
    ['Label names most involved in churning', perRange(nameChurn!)],
    ['Most common label pairs', pairCount!],
    ['Label names with highest cumulative label value length', lengths],
    ['Highest cardinality labels', new Map([...names].map(([name, all]) => [name, all.size]))],
    ['Highest cardinality metric names', metricCount!],
  ] as const)
    lines.push('', `${title}:`, ...top(counts, limit))
  process.stdout.write(`${lines.join('\n')}\n`)
}

function top(counts: ReadonlyMap<string, number>, limit: number): string[] {
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([key, value]) => `${value} ${key}`)
}

/** How full chunks are: samples, bytes, buckets of native histograms. */
function printCompaction(block: Block, matchers: readonly Matcher[]): void {
  const samples: number[] = []
  const bytes: number[] = []
  for (const ref of block.postingsFor(matchers)) {
    const series: { readonly labels: Labels; readonly chunks: readonly { readonly ref: number }[] } = block.index.series(ref) // prettier-ignore
    for (const chunk of series.chunks) {
      const read = block.chunks.read(chunk.ref)
      samples.push(read.samples)
      bytes.push(read.data.length)
    }
  }
  process.stdout.write(`\nCompaction analysis:\n${distribution('samples per chunk', samples)}${distribution('bytes per chunk', bytes)}`) // prettier-ignore
}

function distribution(what: string, values: number[]): string {
  if (values.length === 0) return `${what}: N/A\n\n`
  values.sort((a, b) => a - b)
  const [least, most] = [values[0]!, values.at(-1)!]
  let step = 10
  while (step < (most - least) / 10 && step <= 10_000) step *= 10
  const start = least - (least % step)
  const buckets = Array.from({ length: Math.floor((most - start) / step) + 1 }, () => 0)
  for (const value of values) buckets[Math.floor((value - start) / step)]!++
  const average = Math.floor(values.reduce((a, b) => a + b, 0) / values.length)
  const width = String(start + step * buckets.length).length
  const rows = buckets.map((count, i) => `[${String(start + i * step + 1).padStart(width)}, ${String(start + (i + 1) * step).padStart(width)}]: ${String(count).padStart(String(Math.max(...buckets)).length)} ${'#'.repeat(Math.floor((100 * count) / values.length))}`) // prettier-ignore
  return `${what} (min/avg/max): ${least}/${average}/${most}\n${rows.join('\n')}\n\n`
}
