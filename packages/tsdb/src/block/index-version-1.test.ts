import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareUtf8, Labels, Matcher } from '@promontory/model'
import { afterEach, expect, test } from 'vitest'
import { Block, PageCache, writeSeriesBlock } from './index.ts'
import { asVersion1 } from '../testing/index-version-1.ts'
import { CorruptionError } from '../errors.ts'
import { verifyDirectory } from '../verify.ts'

const workspace: string[] = []
afterEach(() => {
  for (const directory of workspace.splice(0)) rmSync(directory, { recursive: true })
})

function makeBlock(): { parent: string; directory: string } {
  const parent = mkdtempSync(join(tmpdir(), 'promontory-index-1-'))
  workspace.push(parent)
  const series = Array.from({ length: 150 }, (_, i) => ({
    labels: Labels.from({ __name__: `m${i % 3}`, i: String(i), text: 'ü'.repeat(i % 50) }),
    timesMs: [1000, 2000 + i],
    values: [i, -i],
  }))
  return { parent, directory: writeSeriesBlock(parent, 0, 7_200_000, series)!.directory }
}

function contents(directory: string): unknown {
  const block = new Block(directory, new PageCache())
  const matchers = [new Matcher('=~', 'i', '1.*'), new Matcher('!=', '__name__', 'm1')]
  try {
    return {
      series: [...block.everySeries()].map(({ labels, chunks }) => [labels.toString(), chunks]),
      chosen: [...block.postingsFor(matchers)].map((ref) => block.index.series(ref).labels.toString()),
      names: block.index.labelNames().sort(),
      values: [...block.index.values('i')].map(({ value }) => value),
      sorted: [...block.index.values('i')].every(({ value }, k, all) => k === 0 || compareUtf8(all[k - 1]!.value, value) < 0),
      found: [block.index.find('i', '77') !== undefined, block.index.find('i', 'x'), block.index.find('no', 'x')],
    } // prettier-ignore
  } finally {
    block.dispose()
  }
}

test('an index of version 1 is read as one of version 2', () => {
  const { parent, directory } = makeBlock()
  const wanted = contents(directory)
  const index = join(directory, 'index')
  writeFileSync(index, asVersion1(readFileSync(index)))
  expect(contents(directory)).toEqual(wanted)
  expect(verifyDirectory(parent).findings).toEqual([])
})

test('one that points out of itself is refused', () => {
  const { directory } = makeBlock()
  const index = join(directory, 'index')
  const bytes = asVersion1(readFileSync(index))
  bytes[4] = 3
  writeFileSync(index, bytes)
  expect(() => new Block(directory, new PageCache())).toThrow(CorruptionError)
})
