import { compactHistogram, Matcher, SampleColumns } from '@promontory/model'
import { openReadOnly } from '@promontory/tsdb'

/**
 * Samples of a data directory by series: time and value, floats as bits, histograms as they are but for hints, which depend on the
 * chunk. Without what is deleted.
 */
export async function storedSamples(directory: string): Promise<Map<string, string[]>> {
  const range = { startMs: -1e15, endMs: 1e15 }
  const querier = (await openReadOnly(directory)).reader.querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], ...range }])
  const [columns, found] = [new SampleColumns(), new Map<string, string[]>()]
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    const { timesMs, bits, histograms } = columns
    const samples = Array.from({ length: columns.length }, (_, k) => {
      const histogram = histograms?.[k]
      if (histogram === undefined) return `${timesMs[k]} ${bits[2 * k + 1]} ${bits[2 * k]}`
      const { counterResetHint: _hint, ...content } = compactHistogram(histogram)
      return `${timesMs[k]} ${JSON.stringify(content)}`
    })
    found.set(set!.labels(i).toString(), samples)
  }
  querier.close()
  return found
}
