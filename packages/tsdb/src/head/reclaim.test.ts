import { Registry } from '@promontory/base'
import { H_SERIES_TOP } from '@promontory/kernels'
import { AppendBatch, Labels, Matcher } from '@promontory/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Head } from './head.ts'
import { HeadReader } from './head-reader.ts'
import { I_PAIR_COUNT, I_SYMBOL_COUNT } from './memory.ts'
import { truncateHead } from './truncate.ts'

const PAGES = 256

function labelsOf(series: Iterable<Record<string, string>>): Labels[] {
  return [...series].map((record) => Labels.from(record))
}

function append(head: Head, series: readonly Labels[], timeMs: number): number {
  const batch = new AppendBatch()
  for (const labels of series) batch.push(head.seriesRef(labels), timeMs, 1)
  return head.append(batch).appended
}

function selected(reader: HeadReader, ...matchers: Matcher[]): string[] {
  return [...reader.select(matchers)].map((slot) => String(reader.series.labels(slot))).sort()
}

function any(name: string): Matcher {
  return new Matcher('=~', name, '.+')
}

test('a reader sees the symbols and pairs of its moment until it leaves, then those that took their numbers', async () => {
  const head = new Head({ rangeMs: 3600_000, registry: new Registry(), pages: PAGES })
  const [early, late] = [new HeadReader(head.memory.memory, 1), new HeadReader(head.memory.memory, 2)]
  const before = labelsOf([{ pod: 'a', zone: 'x' }, { pod: 'b' }])
  append(head, before, 0)
  early.enter()
  const slots = early.select([any('pod')])
  const symbols = early.symbols.find('b')
  const texts = (): string[] => [...slots].map((slot) => String(early.series.labels(slot))).sort()
  const seen = texts()

  // Both series end, and as many of others begin.
  append(head, labelsOf([{ host: 'c' }]), 7200_000)
  await truncateHead(head, 3600_000)
  const after = labelsOf([{ pod: 'd', zone: 'z' }, { pod: 'e' }, { tier: 'f' }])
  append(head, after, 7200_000)

  expect(texts()).toEqual(seen)
  expect(early.symbols.text(symbols)).toBe('b')
  late.enter()
  expect(selected(late, any('pod'))).toEqual([after[0], after[1]].map(String).sort())
  expect(late.symbols.find('b')).toBe(0)
  late.leave()
  early.leave()

  const reached = head.memory.u32[I_SYMBOL_COUNT]!
  head.epochs.collect()
  append(head, labelsOf([{ pod: 'g' }]), 7200_000)
  expect(head.memory.u32[I_SYMBOL_COUNT]).toBe(reached)
  early.enter()
  expect(selected(early, any('pod'))).toEqual(
    [after[0], after[1], labelsOf([{ pod: 'g' }])[0]].map(String).sort(),
  )
  early.leave()
})

test('whatever comes and goes, the index finds exactly what lives, and its tables do not grow', async () => {
  const name = fc.constantFrom('pod', 'zone', 'a', 'b')
  const value = fc.constantFrom(...Array.from({ length: 12 }, (_, i) => `v${i}`), 'pod', 'zone')
  const series = fc.dictionary(name, value, { minKeys: 1 })
  const rounds = fc.array(
    fc.uniqueArray(series, { maxLength: 12, selector: (s) => String(Labels.from(s)) }),
    {
      minLength: 2,
      maxLength: 8,
    },
  )
  await fc.assert(
    fc.asyncProperty(rounds, async (all) => {
      const head = new Head({ rangeMs: 3600_000, registry: new Registry(), pages: PAGES })
      const reader = new HeadReader(head.memory.memory, 1)
      for (const [round, living] of all.entries()) {
        const labels = labelsOf(living)
        append(head, labels, round * 7200_000)
        await truncateHead(head, round * 7200_000)
        head.epochs.collect()
        reader.enter()
        for (const each of ['pod', 'zone', 'a', 'b']) {
          const expected = labels.filter((l) => l.get(each) !== undefined && l.get(each) !== '')
          expect(selected(reader, any(each))).toEqual(expected.map(String).sort())
        }
        const pairs = new Set(living.flatMap((s) => Object.entries(s).map(([k, v]) => `${k}=${v}`)))
        expect(head.postings.living).toBe(pairs.size)
        expect(head.symbols.count).toBe(new Set(living.flatMap((s) => Object.entries(s).flat())).size)
        reader.leave()
      }
      expect(head.memory.u32[I_PAIR_COUNT]).toBeLessThanOrEqual(1 + 2 * 12 * 4)
    }),
    { numRuns: 60, seed: 3 },
  )
})

test('a head that was full takes as many new series once the old ones have gone', async () => {
  const head = new Head({ rangeMs: 3600_000, registry: new Registry(), pages: PAGES })
  const long = 'x'.repeat(150)
  /** Adds series until one is refused. */
  const fill = (round: number): number => {
    let count = 0
    const timeMs = round * 7200_000
    while (
      append(
        head,
        labelsOf([{ n: `${round}-${count}`, [`name_${round}_${count}`]: long + count }]),
        timeMs,
      ) === 1
    )
      count++
    return count
  }
  const first = fill(0)
  expect(first).toBeGreaterThan(1000)
  for (let round = 1; round < 4; round++) {
    await truncateHead(head, round * 7200_000)
    head.epochs.collect()
    expect(head.series.count).toBe(0)
    expect([head.symbols.count, head.postings.living]).toEqual([0, 0])
    expect(fill(round)).toBeGreaterThan(0.95 * first)
    expect(head.memory.u32[H_SERIES_TOP]!).toBeLessThan(1.1 * first)
  }
})
