import { parseArgs } from 'node:util'
import { type BlockOnDisk, directoryBytes, openReadOnly } from '@promontory/tsdb'
import { goDuration } from './go-text.ts'

/** Where Prometheus looks when nothing is said. */
export const DEFAULT_DIRECTORY = 'data/'
const COLUMNS = ['BLOCK ULID', 'MIN TIME', 'MAX TIME', 'DURATION', 'NUM SAMPLES', 'NUM CHUNKS', 'NUM SERIES', 'SIZE'] // prettier-ignore
/** As promtool: the least width of a column, and what lies between two. */
const WIDTH_MIN = 13
const GAP = 2

/** `promontory tsdb list [-r] [DIR]` */
export async function list(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'human-readable': { type: 'boolean', short: 'r', default: false } },
  })
  const { blocks } = await openReadOnly(positionals[0] ?? DEFAULT_DIRECTORY)
  process.stdout.write(blockTable(blocks, values['human-readable']))
  return 0
}

/** One line per block, with headings. */
export function blockTable(blocks: readonly BlockOnDisk[], isHumanReadable: boolean): string {
  const rows = [COLUMNS, ...blocks.map((block) => row(block, isHumanReadable))]
  const widths = COLUMNS.map((_, i) =>
    Math.max(WIDTH_MIN, GAP + Math.max(...rows.map((cells) => cells[i]!.length))),
  )
  return rows.map((cells) => `${cells.map((cell, i) => (i < cells.length - 1 ? cell.padEnd(widths[i]!) : cell)).join('')}\n`).join('') // prettier-ignore
}

function row({ directory, meta }: BlockOnDisk, isHumanReadable: boolean): string[] {
  const time = (ms: number): string =>
    isHumanReadable ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC` : String(ms)
  const bytes = directoryBytes(directory)
  return [
    meta.ulid,
    time(meta.minTime),
    time(meta.maxTime),
    goDuration(meta.maxTime - meta.minTime),
    String(meta.stats.numSamples ?? 0),
    String(meta.stats.numChunks ?? 0),
    String(meta.stats.numSeries ?? 0),
    isHumanReadable ? binaryBytes(bytes) : String(bytes),
  ]
}

/** `1MiB2KiB3B` */
function binaryBytes(bytes: number): string {
  let rest = bytes
  let text = ''
  for (const [unit, size] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 1024], ['B', 1]] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  } // prettier-ignore
  return text === '' ? '0B' : text
}
