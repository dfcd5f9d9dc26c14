import type { FloatHistogram, Labels } from '@promontory/model'
import { allBuckets } from '@promontory/model'
import { formatFloat } from '../parser/go-number.ts'
import type { MatrixSeries, QueryValue } from '../result.ts'
import { ByteWriter } from './byte-writer.ts'

const COMMA = 44
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
/** What points and labels take, roughly. */
const POINT_BYTES = 40
const SERIES_BYTES = 256

/**
 * Writes a result in the form of the `data` field of Prometheus's HTTP API, `{"resultType":…,"result":…}`, as UTF-8.
 * Numbers are strings in Go's form (an exponent below 1e-6 and from 1e21 on), times are seconds with up to three digits.
 * @returns what the writer has not given to its sink: valid until it is written to again
 */
export function writeResult(value: QueryValue, writer: ByteWriter = new ByteWriter()): Uint8Array {
  writer.ascii(`{"resultType":"${value.type}","result":`)
  switch (value.type) {
    case 'scalar':
      // Scalars and strings have another form of numbers: no exponents, no trailing zeros in times.
      writer.ascii(`[${value.timeMs / 1000},"${formatFloat(value.value)}"]`)
      break
    case 'string':
      writer.ascii(`[${value.timeMs / 1000},`)
      writer.string(value.value)
      writer.ascii(']')
      break
    case 'vector':
      writeList(writer, value.samples, ({ labels, value: number, histogram }) => {
        writeMetric(writer, labels)
        writer.ascii(histogram === undefined ? ',"value":' : ',"histogram":')
        writePoint(writer, value.timeMs, () =>
          histogram === undefined ? writer.value(number) : writeHistogram(writer, histogram),
        )
        writer.ascii('}')
      })
      break
    case 'matrix':
      writeMatrix(writer, value.series)
  }
  writer.ascii('}')
  return writer.finish()
}

function writeList<T>(writer: ByteWriter, items: readonly T[], write: (item: T) => void): void {
  writer.byte(OPEN_BRACKET)
  items.forEach((item, i) => {
    if (i > 0) writer.byte(COMMA)
    write(item)
  })
  writer.byte(CLOSE_BRACKET)
}

/** Opens the object of a series: `{"metric":{…}`. */
function writeMetric(writer: ByteWriter, labels: Labels): void {
  writer.ascii('{"metric":{')
  const { pairs } = labels
  for (let i = 0; i < pairs.length; i += 2) {
    if (i > 0) writer.byte(COMMA)
    writer.string(pairs[i]!)
    writer.ascii(':')
    writer.string(pairs[i + 1]!)
  }
  writer.ascii('}')
}

function writePoint(writer: ByteWriter, timeMs: number, value: () => void): void {
  writer.byte(OPEN_BRACKET)
  writer.time(timeMs)
  writer.byte(COMMA)
  value()
  writer.byte(CLOSE_BRACKET)
}

function writeMatrix(writer: ByteWriter, series: readonly MatrixSeries[]): void {
  const times = new TimeTexts()
  const points = series.reduce((sum, { count }) => sum + count, 0)
  writer.expect(points * POINT_BYTES + series.length * SERIES_BYTES)
  writeList(writer, series, (one) => {
    writeMetric(writer, one.labels)
    if (writer.numbers !== undefined && one.histograms === undefined) writeRuns(writer, one)
    else writeFloats(writer, one, times)
    if (one.histograms !== undefined) writeHistograms(writer, one)
    writer.ascii('}')
  })
}

function writeRuns(writer: ByteWriter, { count, timesMs, values }: MatrixSeries): void {
  if (count === 0) return
  writer.ascii(',"values":[')
  for (let from = 0; from < count;) {
    if (from > 0) writer.byte(COMMA)
    from = writer.points(timesMs, values, from, count)
  }
  writer.byte(CLOSE_BRACKET)
}

function writeFloats(writer: ByteWriter, series: MatrixSeries, times: TimeTexts): void {
  const { count, timesMs, values, histograms } = series
  const texts = times.of(timesMs, count)
  let first = true
  for (let i = 0; i < count; i++) {
    if (histograms?.[i] !== undefined) continue
    writer.ascii(first ? ',"values":[' : ',')
    first = false
    if (texts === undefined) {
      writer.byte(OPEN_BRACKET)
      writer.time(timesMs[i]!)
      writer.byte(COMMA)
    } else writer.part(texts.bytes, i === 0 ? 0 : texts.ends[i - 1]!, texts.ends[i]!)
    writer.value(values[i]!)
    writer.byte(CLOSE_BRACKET)
  }
  if (!first) writer.byte(CLOSE_BRACKET)
}

/** The bytes `[<time>,` of an array of times that several series share, made when it is seen for the second time. */
class TimeTexts {
  #seen: Float64Array | undefined
  #texts: { readonly bytes: Uint8Array; readonly ends: Uint32Array } | undefined

  of(
    timesMs: Float64Array,
    count: number,
  ): { readonly bytes: Uint8Array; readonly ends: Uint32Array } | undefined {
    if (timesMs !== this.#seen) {
      this.#seen = timesMs
      this.#texts = undefined
      return undefined
    }
    this.#texts ??= writeTimes(timesMs, count)
    return this.#texts
  }
}

function writeTimes(timesMs: Float64Array, count: number): { bytes: Uint8Array; ends: Uint32Array } {
  const writer = new ByteWriter({ buffer: new Uint8Array(16 * count + 32) })
  const ends = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    writer.byte(OPEN_BRACKET)
    writer.time(timesMs[i]!)
    writer.byte(COMMA)
    ends[i] = writer.length
  }
  return { bytes: writer.finish(), ends }
}

function writeHistograms(writer: ByteWriter, { count, timesMs, histograms }: MatrixSeries): void {
  let first = true
  for (let i = 0; i < count; i++) {
    const histogram = histograms![i]
    if (histogram === undefined) continue
    writer.ascii(first ? ',"histograms":[' : ',')
    first = false
    writePoint(writer, timesMs[i]!, () => writeHistogram(writer, histogram))
  }
  if (!first) writer.byte(CLOSE_BRACKET)
}

/** `{"count":…,"sum":…,"buckets":[[boundaries,lower,upper,count],…]}`; empty buckets are left out. */
function writeHistogram(writer: ByteWriter, histogram: FloatHistogram): void {
  writer.ascii('{"count":')
  writer.value(histogram.count)
  writer.ascii(',"sum":')
  writer.value(histogram.sum)
  const buckets = allBuckets(histogram).filter(({ count }) => count !== 0)
  if (buckets.length > 0) {
    writer.ascii(',"buckets":')
    writeList(writer, buckets, ({ lower, upper, lowerInclusive, upperInclusive, count }) => {
      writer.byte(OPEN_BRACKET)
      writer.integer(boundaryRule(lowerInclusive, upperInclusive))
      for (const number of [lower, upper, count]) {
        writer.byte(COMMA)
        writer.value(number)
      }
      writer.byte(CLOSE_BRACKET)
    })
  }
  writer.ascii('}')
}

/** 0 open left, 1 open right, 2 open on both sides, 3 closed. */
function boundaryRule(lowerInclusive: boolean, upperInclusive: boolean): number {
  if (lowerInclusive) return upperInclusive ? 3 : 1
  return upperInclusive ? 0 : 2
}
