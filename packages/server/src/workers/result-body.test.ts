import { ByteWriter, type QueryResult } from '@promontory/promql'
import { expect, test } from 'vitest'
import { writeResult } from './result-body.ts'

const texts = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${kind} ${i}`)

function answer(warnings: number, infos: number): { warnings?: string[]; infos?: string[] } {
  const result: QueryResult = {
    value: { type: 'scalar', timeMs: 0, value: 1 },
    warnings: texts('warning', warnings),
    infos: texts('info', infos),
    stats: { totalQueryableSamples: 0, peakSamples: 0, totalQueryableSamplesPerStep: undefined },
  }
  const writer = new ByteWriter()
  writeResult(result, { limit: 0, stats: 'none' }, writer)
  return JSON.parse(new TextDecoder().decode(writer.finish()))
}

test('ten annotations of a kind are shown, the rest is counted', () => {
  expect(answer(10, 12)).toMatchObject({
    warnings: texts('warning', 10),
    infos: [...texts('info', 10), '2 more info annotations omitted'],
  })
  expect(answer(13, 0).warnings?.slice(9)).toEqual(['warning 9', '3 more warning annotations omitted'])
  expect(answer(0, 0)).not.toHaveProperty('infos')
})
