import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels } from '@promontory/model'
import { Tsdb } from '@promontory/tsdb'
import { UsageError } from '../serve-flags.ts'
import { ProgressBar } from './progress.ts'

const USAGE = 'usage: promontory tsdb bench write [--out=benchout] [--metrics=10000] [--scrapes=3000] [FILE]'
/** Between two simulated scrapes, as promtool. */
const SCRAPE_STEP_MS = 15_000

/** `promontory tsdb bench write …`: how fast samples are written; FILE has one JSON object of labels per line. */
export async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'benchout' },
      metrics: { type: 'string', default: '10000' },
      scrapes: { type: 'string', default: '3000' },
    },
  })
  const [kind, file] = positionals
  if (kind !== 'write') throw new UsageError(USAGE)
  const [metrics, scrapes] = [wholeNumber('metrics', values.metrics), wholeNumber('scrapes', values.scrapes)]
  const series = stage('readData', () => (file === undefined ? madeUp(metrics) : readLabels(file, metrics)))
  rmSync(values.out, { recursive: true, force: true })
  mkdirSync(values.out, { recursive: true })
  const db = await Tsdb.open({ directory: values.out, registry: new Registry() })
  try {
    const started = performance.now()
    const total = await ingest(db, series, scrapes)
    const seconds = (performance.now() - started) / 1000
    print(` > total samples: ${total}`)
    print(` > samples/sec: ${(total / seconds).toFixed(0)}`)
  } finally {
    stage('stopStorage', () => db.close())
  }
  return 0
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`--${flag} is a whole number above 0, got "${text}"`)
  return value
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function stage<T>(name: string, work: () => T): T {
  print(`>> start stage=${name}`)
  const started = performance.now()
  const result = work()
  print(`>> completed stage=${name} duration=${((performance.now() - started) / 1000).toFixed(3)}s`)
  return result
}

function readLabels(file: string, most: number): Labels[] {
  if (!existsSync(file)) throw new UsageError(`there is no file ${file}`)
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, most)
    .map((line) => Labels.from(JSON.parse(line) as Record<string, string>))
}

function madeUp(count: number): Labels[] {
  return Array.from({ length: count }, (_, i) =>
    Labels.from({
      __name__: `bench_metric_${i % 100}`,
      instance: `host-${Math.floor(i / 1000)}:9100`,
      job: 'bench',
      series: String(i),
    }),
  )
}

/** Values that rise as promtool's do; heads become blocks on the way. */
async function ingest(db: Tsdb, series: readonly Labels[], scrapes: number): Promise<number> {
  print('>> start stage=ingestScrapes')
  const started = performance.now()
  const batch = new AppendBatch(series.length)
  const bar = new ProgressBar()
  let total = 0
  for (let scrape = 0; scrape < scrapes; scrape++) {
    batch.clear()
    for (const [i, labels] of series.entries())
      batch.push(db.seriesRef(labels), scrape * SCRAPE_STEP_MS, 1e6 * i + scrape * 1000)
    total += db.append(batch).appended
    if (scrape % 100 === 99) {
      await db.maintenance.run()
      bar.show('ingestScrapes', (scrape + 1) / scrapes)
    }
  }
  bar.end()
  print(`>> completed stage=ingestScrapes duration=${((performance.now() - started) / 1000).toFixed(3)}s`)
  return total
}
