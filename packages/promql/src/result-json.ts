import { allBuckets, type FloatHistogram, type Labels } from '@promontory/model'
import type { MatrixSeries, QueryValue } from './result.ts'

/**
 * The `data` of Prometheus's query API as UTF-8 bytes: `{"resultType":…,"result":…}`. Points go straight into bytes; the
 * text of a timestamp is made once for all series that share their times.
 */
export function resultToJson(value: QueryValue): Uint8Array<ArrayBuffer> {
  const out = new JsonBytes()
  out.text(`{"resultType":"${value.type}","result":`)
  switch (value.type) {
    case 'string':
      out.text(`[${timeText(value.timeMs)},${JSON.stringify(value.value)}]`)
      break
    case 'scalar':
      out.text(`[${timeText(value.timeMs)},"${numberText(value.value)}"]`)
      break
    case 'vector':
      out.text('[')
      value.samples.forEach((sample, i) => {
        const point =
          sample.histogram === undefined
            ? `"value":[${timeText(value.timeMs)},"${numberText(sample.value)}"]`
            : `"histogram":[${timeText(value.timeMs)},${histogramText(sample.histogram)}]`
        out.text(`${i > 0 ? ',' : ''}{"metric":${labelsText(sample.labels)},${point}}`)
      })
      out.text(']')
      break
    case 'matrix':
      writeMatrix(out, value.series)
  }
  out.text('}')
  return out.take()
}

function writeMatrix(out: JsonBytes, series: readonly MatrixSeries[]): void {
  let times: Float64Array | undefined
  let prefixes: Uint8Array[] = []
  out.text('[')
  series.forEach((each, i) => {
    if (each.timesMs !== times) {
      times = each.timesMs
      prefixes = Array(times.length)
    }
    out.text(`${i > 0 ? ',' : ''}{"metric":${labelsText(each.labels)}`)
    writePoints(out, each, prefixes)
    out.text('}')
  })
  out.text(']')
}

function writePoints(out: JsonBytes, series: MatrixSeries, prefixes: Uint8Array[]): void {
  const { histograms, count, timesMs, values } = series
  let floats = 0
  for (let k = 0; k < count; k++) {
    if (histograms?.[k] !== undefined) continue
    out.text(floats++ === 0 ? ',"values":[' : ',')
    out.bytes((prefixes[k] ??= asciiBytes(`[${timeText(timesMs[k]!)},"`)))
    out.ascii(numberText(values[k]!))
    out.ascii('"]')
  }
  if (floats > 0) out.text(']')
  if (histograms === undefined) return
  let written = 0
  for (let k = 0; k < count; k++) {
    const histogram = histograms[k]
    if (histogram === undefined) continue
    out.text(
      `${written++ === 0 ? ',"histograms":[' : ','}[${timeText(timesMs[k]!)},${histogramText(histogram)}]`,
    )
  }
  if (written > 0) out.text(']')
}

/** Go's `strconv` with exponents below 1e-6 and from 1e21 on, as JavaScript; but an exponent has two digits at least. */
function numberText(value: number): string {
  if (value !== value) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (value === 0) return 1 / value < 0 ? '-0' : '0'
  const text = String(value)
  return text.charCodeAt(text.length - 3) === LOWER_E ? `${text.slice(0, -1)}0${text.slice(-1)}` : text
}

const LOWER_E = 101

/** Unix seconds; a fraction always has three digits. */
function timeText(timeMs: number): string {
  const size = Math.abs(timeMs)
  const fraction = size % 1000
  const whole = `${timeMs < 0 ? '-' : ''}${(size - fraction) / 1000}`
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(3, '0')}`
}

function labelsText(labels: Labels): string {
  let text = '{'
  for (let i = 0; i < labels.pairs.length; i += 2)
    text += `${i > 0 ? ',' : ''}${JSON.stringify(labels.pairs[i])}:${JSON.stringify(labels.pairs[i + 1])}`
  return `${text}}`
}

/** Boundary rule of a bucket: 0 lower end open, 1 upper end open, 2 both, 3 none. */
function histogramText(histogram: FloatHistogram): string {
  const buckets = allBuckets(histogram)
    .filter(({ count }) => count !== 0)
    .map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
      const rule = lowerInclusive ? (upperInclusive ? 3 : 1) : upperInclusive ? 0 : 2
      return `[${rule},"${numberText(lower)}","${numberText(upper)}","${numberText(count)}"]`
    })
  const head = `{"count":"${numberText(histogram.count)}","sum":"${numberText(histogram.sum)}"`
  return buckets.length === 0 ? `${head}}` : `${head},"buckets":[${buckets.join(',')}]}`
}

const encoder = new TextEncoder()

function asciiBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** A growing buffer of UTF-8. */
class JsonBytes {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(64 * 1024)
  #length = 0

  text(text: string): void {
    this.#reserve(3 * text.length)
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written
  }

  /** Short texts of ASCII: a loop is faster than a call into the encoder. */
  ascii(text: string): void {
    this.#reserve(text.length)
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i)
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
