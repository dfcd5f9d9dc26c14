import { expect, test } from 'vitest'
import { difference, readAnswer, type WrittenData } from './answers.ts'

const vector = (value: string, job = 'a'): WrittenData => ({
  resultType: 'vector',
  result: [{ metric: { job, b: '1' }, value: [5, value] }],
})
const histogram = (count: string, bucket: string, last: [string, string] = ['1', '2']): WrittenData => ({
  resultType: 'matrix',
  result: [{ metric: {}, histograms: [[5, { count, sum: '2.5', buckets: [[0, ...last, bucket]] }]] }],
})
const scalar = (text: string, resultType: 'scalar' | 'string' = 'scalar'): WrittenData => ({
  resultType,
  result: [5, text],
})

test.each<[string, WrittenData, WrittenData, RegExp | undefined]>([
  ['the same', vector('1'), vector('1'), undefined],
  ['another order of adding up', vector('0.30000000000000004'), vector('0.3'), undefined],
  ['NaN', vector('NaN'), vector('NaN'), undefined],
  ['infinite', vector('+Inf'), vector('-Inf'), /Infinity here, -Infinity there/],
  ['another value', vector('1'), vector('2'), /at 5: 1 here, 2 there/],
  ['another series', vector('1'), vector('1', 'b'), /1 series here, 1 there; e\.g\. .*"job","b"/],
  ['no series', vector('1'), { resultType: 'vector', result: [] }, /1 series here, 0 there/],
  ['scalars', scalar('1'), scalar('2'), /at 5: 1 here, 2 there/],
  ['strings', scalar('a', 'string'), scalar('b', 'string'), /"a" here, "b" there/],
  ['equal strings', scalar('a', 'string'), scalar('a', 'string'), undefined],
  ['histograms', histogram('3', '3'), histogram('3', '3.0'), undefined],
  ['a bucket', histogram('3', '3'), histogram('3', '2'), /a histogram \(count 3, sum 2\.5, 1 buckets\)/],
  ["a bucket's bound", histogram('3', '3'), histogram('3', '3', ['1', '4']), /a histogram/],
  ['float and histogram', vector('3'), histogram('3', '3'), /series here/],
])('%s', (_, own, other, wanted) => {
  const found = difference(readAnswer(own), readAnswer(other))
  if (wanted === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(wanted)
})
