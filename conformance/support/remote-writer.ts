import { compressSync } from 'snappy'

/** A native histogram as remote write carries it. */
export interface WrittenHistogram {
  readonly timeMs: number
  readonly isFloat?: boolean
  readonly schema: number
  readonly zeroThreshold?: number
  readonly zeroCount?: number
  readonly count: number
  /** Undefined for a stale marker. */
  readonly sum: number | undefined
  readonly positiveSpans?: readonly (readonly [offset: number, length: number])[]
  readonly positiveBuckets?: readonly number[]
  readonly negativeSpans?: readonly (readonly [offset: number, length: number])[]
  readonly negativeBuckets?: readonly number[]
  readonly customBounds?: readonly number[]
  /** 0 unknown, 1 reset, 2 not reset, 3 gauge. */
  readonly hint?: number
}

export interface WrittenSeries {
  readonly labels: Readonly<Record<string, string>>
  /** An undefined value is a stale marker. */
  readonly samples?: readonly (readonly [timeMs: number, value: number | undefined])[]
  readonly histograms?: readonly WrittenHistogram[]
  readonly exemplars?: readonly WrittenExemplar[]
}

export interface WrittenExemplar {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly timeMs: number
}

const STALE = Buffer.from('020000000000f07f', 'hex')

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
function zigzag(value: number): Buffer {
  return varint(value >= 0 ? 2 * value : -2 * value - 1)
}
function bytes(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}
function integer(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)])
}
function signed(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), zigzag(value)])
}
function float64(value: number | undefined): Buffer {
  if (value === undefined) return STALE
  const out = Buffer.alloc(8)
  out.writeDoubleLE(value)
  return out
}
function double(number: number, value: number | undefined): Buffer {
  return Buffer.concat([varint(number * 8 + 1), float64(value)])
}

function histogram(from: WrittenHistogram): Buffer {
  const spans = (number: number, list: WrittenHistogram['positiveSpans'] = []): Buffer[] =>
    list.map(([offset, length]) => bytes(number, Buffer.concat([signed(1, offset), integer(2, length)])))
  const deltas = (counts: readonly number[]): Buffer =>
    Buffer.concat(counts.map((count, i) => zigzag(count - (counts[i - 1] ?? 0))))
  const { isFloat = false, positiveBuckets = [], negativeBuckets = [], zeroCount = 0 } = from
  const sides = isFloat
    ? [
        bytes(10, Buffer.concat(negativeBuckets.map(float64))),
        bytes(13, Buffer.concat(positiveBuckets.map(float64))),
      ]
    : [bytes(9, deltas(negativeBuckets)), bytes(12, deltas(positiveBuckets))]
  return Buffer.concat([
    isFloat ? double(2, from.count) : integer(1, from.count),
    double(3, from.sum),
    signed(4, from.schema),
    double(5, from.zeroThreshold ?? 0),
    isFloat ? double(7, zeroCount) : integer(6, zeroCount),
    ...spans(8, from.negativeSpans),
    ...spans(11, from.positiveSpans),
    ...sides,
    integer(14, from.hint ?? 0),
    integer(15, from.timeMs),
    ...(from.customBounds === undefined ? [] : [bytes(16, Buffer.concat(from.customBounds.map(float64)))]),
  ])
}

function labelMessages(labels: Readonly<Record<string, string>>): Buffer[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      bytes(1, Buffer.concat([bytes(1, Buffer.from(name)), bytes(2, Buffer.from(value))])),
    )
}

/** Sends series by remote write 1.0. @returns status and text of the answer */
export async function remoteWrite(
  url: string,
  series: readonly WrittenSeries[],
): Promise<{ status: number; text: string }> {
  const message = Buffer.concat(
    series.map(({ labels, samples = [], histograms = [], exemplars = [] }) =>
      bytes(
        1,
        Buffer.concat([
          ...labelMessages(labels),
          ...samples.map(([timeMs, value]) =>
            bytes(2, Buffer.concat([double(1, value), integer(2, timeMs)])),
          ),
          ...exemplars.map((each) =>
            bytes(
              3,
              Buffer.concat([...labelMessages(each.labels), double(2, each.value), integer(3, each.timeMs)]),
            ),
          ),
          ...histograms.map((each) => bytes(4, histogram(each))),
        ]),
      ),
    ),
  )
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: new Uint8Array(compressSync(message)),
  })
  return { status: response.status, text: await response.text() }
}
