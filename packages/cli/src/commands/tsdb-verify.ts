import { parseArgs } from 'node:util'
import { verifyDirectory } from '@promontory/tsdb'
import { ProgressBar } from './progress.ts'
import { DEFAULT_DIRECTORY } from './tsdb-list.ts'

/** `promontory tsdb verify [DIR]`: every checksum and invariant. @returns 1 when something is wrong */
export async function verify(args: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
  const bar = new ProgressBar()
  const { findings, blocks, series, chunks, samples, logRecords, tierBlocks, headChunks } = verifyDirectory(
    positionals[0] ?? DEFAULT_DIRECTORY,
    (what, done) => bar.show(what, done),
  )
  bar.end()
  const more = `${tierBlocks === 0 ? '' : `, ${tierBlocks} blocks of tiers`}${headChunks === 0 ? '' : `, ${headChunks} chunks of the head`}`
  for (const { file, offset, problem } of findings) process.stdout.write(`${file}:${offset}: ${problem}\n`)
  process.stdout.write(
    `${blocks} blocks, ${series} series, ${chunks} chunks, ${samples} samples, ${logRecords} records of the log${more}: ${findings.length === 0 ? 'no damage found' : `${findings.length} findings`}\n`,
  )
  return findings.length === 0 ? 0 : 1
}
