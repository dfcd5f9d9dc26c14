import { formatSeries } from '@promontory/model'
import { expect, test } from 'vitest'
import { ClassicToNative } from './classic-to-native.ts'
import { parseExposition } from './parse.ts'

/** What comes out, one line per series; histograms as `bounds | spans | counts | count sum`. */
function converted(text: string, keepClassic = false): string[] {
  const out: string[] = []
  const sink = new ClassicToNative(
    {
      metadata: () => {},
      sample: (labels, value) => void out.push(`${formatSeries(labels)} ${value}`),
      histogram: (labels, h, _time, exemplars, isInteger) =>
        void out.push(
          [
            formatSeries(labels),
            h.customBounds.join(','),
            h.positiveSpans.map(({ offset, length }) => `${offset}+${length}`).join(','),
            h.positiveBuckets.join(','),
            `${h.count} ${h.sum}${isInteger ? '' : ' float'}${exemplars.length > 0 ? ` ${exemplars.length} exemplars` : ''}`,
          ].join(' | '),
        ),
    },
    keepClassic,
  )
  const format = text.includes('# EOF') ? 'openmetrics' : 'text'
  parseExposition(new TextEncoder().encode(text), format, sink)
  sink.end()
  return out
}

const HISTOGRAM = `# TYPE h histogram
h_bucket{a="x",le="0.5"} 2
h_bucket{a="x",le="1"} 2
h_bucket{a="x",le="5"} 7
h_bucket{a="x",le="+Inf"} 8
h_sum{a="x"} 12.5
h_count{a="x"} 8
`

test('the series of a histogram become one, the next one begins with other labels or another family', () => {
  expect(converted(`${HISTOGRAM}h_bucket{a="y",le="+Inf"} 1\nh_sum{a="y"} 3\nh_count{a="y"} 1\n# TYPE g gauge\ng 4\n`)).toEqual([
    'h{a="x"} | 0.5,1,5 | 0+1,1+2 | 2,5,1 | 8 12.5',
    'h{a="y"} |  | 0+1 | 1 | 1 3',
    'g 4',
  ]) // prettier-ignore
})

test('the classic series can be kept', () => {
  expect(converted(HISTOGRAM, true)).toHaveLength(7)
  expect(converted(HISTOGRAM, true).at(-1)).toBe('h{a="x"} | 0.5,1,5 | 0+1,1+2 | 2,5,1 | 8 12.5')
})

test.each([
  ['no +Inf: the count stands for it', 'h_bucket{le="1"} 2\nh_sum 3\nh_count 5\n', ['h | 1 | 0+2 | 2,3 | 5 3']],
  ['no count: the last bucket', 'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 5\nh_sum 3\n', ['h | 1 | 0+2 | 2,3 | 5 3']],
  ['buckets out of order', 'h_bucket{le="+Inf"} 5\nh_bucket{le="1"} 2\nh_count 5\n', ['h | 1 | 0+2 | 2,3 | 5 0']],
  ['fractions', 'h_bucket{le="1"} 0.5\nh_bucket{le="+Inf"} 1.5\nh_sum 3\nh_count 1.5\n', ['h | 1 | 0+2 | 0.5,1 | 1.5 3 float']],
  ['nothing observed', 'h_bucket{le="+Inf"} 0\nh_sum 0\nh_count 0\n', ['h |  |  |  | 0 0']],
  ['count and sum alone', 'h_sum 3\nh_count 4\n', ['h |  | 0+1 | 4 | 4 3']],
  ['not cumulative: left out', 'h_bucket{le="1"} 6\nh_bucket{le="+Inf"} 5\nh_count 5\n', []],
  ['another count: left out', 'h_bucket{le="+Inf"} 5\nh_count 6\n', []],
  ['a le that is no number: as it is', 'h_bucket{le="x"} 5\n', ['h_bucket{le="x"} 5']],
  ['no le: as it is', 'h_bucket 5\n', ['h_bucket 5']],
  ['another metric among them', 'h_bucket{le="+Inf"} 1\nx 1\n', ['h |  | 0+1 | 1 | 1 0', 'x 1']],
])('%s', (_name, body, want) => expect(converted(`# TYPE h histogram\n${body}`)).toEqual(want)) // prettier-ignore

test('only what is declared as a histogram', () => {
  expect(converted('h_bucket{le="+Inf"} 5\nh_count 5\n')).toEqual(['h_bucket{le="+Inf"} 5', 'h_count 5'])
  expect(converted('# TYPE h summary\nh_count 5\nh_sum 6\n')).toEqual(['h_count 5', 'h_sum 6'])
})

test('exemplars go along', () => {
  const text = '# TYPE h histogram\nh_bucket{le="1.0"} 2 # {t="a"} 0.5\nh_bucket{le="+Inf"} 3 # {t="b"} 7 1\nh_count 3\nh_sum 9\n# EOF\n' // prettier-ignore
  expect(converted(text)).toEqual(['h | 1 | 0+2 | 2,1 | 3 9 2 exemplars'])
})
