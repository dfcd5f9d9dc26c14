import { parentPort, workerData } from 'node:worker_threads'
import { Matcher } from '@promontory/model'
import { HeadReader } from './head-reader.ts'

/**
 * A thread of `reclaim-threads.test.ts`: reads labels for as long as it is told. Each series there says the same in three ways; one that contradicts itself has
 * the symbol of another.
 */
export interface Reading {
  readonly memory: WebAssembly.Memory
  readonly reader: number
  readonly forMs: number
}

/** What it saw. */
export interface Seen {
  readonly series: number
  readonly wrong: readonly string[]
}

const { memory, reader: number, forMs } = workerData as Reading
const reader = new HeadReader(memory, number)
const wrong: string[] = []
let series = 0
const end = Date.now() + forMs
for (let round = 0; Date.now() < end; round++) {
  reader.enter()
  const group = `g${round % 20}`
  const matcher =
    round % 2 === 0 ? new Matcher('=', 'group', group) : new Matcher('=~', 'group', `${group}|g3`)
  for (const slot of reader.select([matcher])) {
    const labels = reader.series.labels(slot)
    const id = labels.get('id')
    series++
    if (
      !id.startsWith(`${labels.get('group')}-`) ||
      labels.get('copy') !== `copy-${id}` ||
      labels.get(`name_${id.at(-1)}`) === ''
    )
      wrong.push(labels.toString())
  }
  const name = reader.symbols.find('id')
  for (const pair of name === 0 ? [] : reader.postings.pairsOf(name)) {
    const text = reader.symbols.text(reader.postings.valueOf(pair))
    if (!/^g\d+-\d+$/.test(text)) wrong.push(text)
  }
  reader.leave()
}
parentPort?.postMessage({ series, wrong: wrong.slice(0, 5) } satisfies Seen)
