import { Registry, silentLogger } from '@promontory/base'
import { type Appender, AppendStatus } from '@promontory/model'
import {
  compressSnappy,
  decodeReadRequest,
  decodeReadResponse,
  encodeReadRequest,
  encodeReadResponse,
  encodeWriteRequest,
  encodeWriteRequest2,
  type OutgoingSeries,
  ProtoWriter,
  uncompressSnappy,
  WireError,
} from '@promontory/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OtlpReceiver } from './otlp/otlp-receiver.ts'
import { RemoteWriteReceiver } from './write-receiver.ts'

// Random bytes do not get past the first field. These are messages as they should be, with some bytes changed, left out or repeated.

const RUNS = 300 * Number(process.env['FUZZ_FACTOR'] ?? 1)
const NOW = 1_700_000_000_000

interface Edit {
  readonly at: number
  readonly kind: 'set' | 'cut' | 'repeat' | 'end'
  readonly value: number
}

const edits = fc.array(
  fc.record<Edit>({
    at: fc.nat(4000),
    kind: fc.constantFrom('set', 'set', 'set', 'cut', 'repeat', 'end'),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 127, 128, 255)),
  }),
  { minLength: 1, maxLength: 4 },
)

function bend(message: Buffer, changes: readonly Edit[]): Buffer {
  let bytes = Buffer.from(message)
  for (const { at, kind, value } of changes) {
    const place = at % Math.max(1, bytes.length)
    if (kind === 'set' && bytes.length > 0) bytes[place] = value
    else if (kind === 'cut')
      bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + (value % 16))])
    else if (kind === 'repeat')
      bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(Math.max(0, place - value))])
    else bytes = bytes.subarray(0, place)
  }
  return bytes
}

const appender: Appender = {
  seriesRef: () => 1,
  append: (batch) => ({
    appended: batch.count,
    statuses: new Uint8Array(batch.count).fill(AppendStatus.appended),
    histogramStatuses: [],
  }),
}
const common = { appender, logger: silentLogger, nowMs: () => NOW }

const SERIES: OutgoingSeries[] = [
  {
    labels: ['__name__', 'a', 'job', 'b'],
    samples: [{ timeMs: NOW, low: 0, high: 0x3ff00000 }],
    histograms: [
      {
        timeMs: NOW, isInteger: true, schema: 3, zeroThreshold: 1e-9, zeroCount: 1, count: 7, sum: 3, resetHint: 0, customBounds: [],
        positiveSpans: [{ offset: 0, length: 2 }, { offset: 3, length: 1 }], positiveBuckets: [1, 2, 1], negativeSpans: [{ offset: -1, length: 1 }], negativeBuckets: [2],
      },
      {
        timeMs: NOW + 1, isInteger: false, schema: -53, zeroThreshold: 0, zeroCount: 0, count: 3, sum: 3, resetHint: 3, customBounds: [1, 2, 5],
        positiveSpans: [{ offset: 0, length: 3 }], positiveBuckets: [1, 1, 1], negativeSpans: [], negativeBuckets: [],
      },
    ],
    exemplars: [{ labels: ['trace_id', 'abc'], value: 1, timeMs: NOW }],
    metadata: { type: 1, help: 'Some.', unit: 'seconds' },
  },
  { labels: ['__name__', 'c'], samples: [{ timeMs: NOW, low: 2, high: 0x7ff00000 }], histograms: [], exemplars: [] },
] // prettier-ignore

/** Points of a kind in OTLP's protobuf: a sum, a histogram, an exponential histogram, a summary. */
function otlp(): Buffer {
  const out = new ProtoWriter()
  const time = (field: number): void => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(NOW) * 1_000_000n)
    out.doubleBits(field, bytes.readUInt32LE(0), bytes.readUInt32LE(4))
  }
  const metric = (name: string, kind: number, point: () => void): void =>
    out.nested(2, () => {
      out.string(1, name)
      out.nested(kind, () => {
        out.nested(1, point)
        if (kind !== 11) out.integer(2, 2)
      })
    })
  const buckets = (field: number): void =>
    out.nested(field, () => {
      out.signed(1, 5)
      out.bytes(2, Buffer.from([1, 0, 2, 3]))
    })
  out.nested(1, () =>
    out.nested(2, () => {
      metric('sum', 7, () => {
        time(3)
        out.double(4, 42)
      })
      metric('histogram', 9, () => {
        time(3)
        out.doubleBits(4, 6, 0)
        out.double(5, 9.5)
        out.doubleBits(7, 0, 0x3fe00000)
      })
      metric('exponential', 10, () => {
        time(3)
        out.doubleBits(4, 10, 0)
        out.double(5, 100)
        out.signed(6, 10)
        out.doubleBits(7, 1, 0)
        buckets(8)
        buckets(9)
      })
      metric('summary', 11, () => {
        time(3)
        out.doubleBits(4, 4, 0)
      })
    }),
  )
  return Buffer.from(out.view())
}

describe('messages that are bent', () => {
  const write = (message: Buffer, type: string): void => {
    const receiver = new RemoteWriteReceiver({ ...common, registry: new Registry() })
    fc.assert(
      fc.property(edits, fc.boolean(), (changes, outside) => {
        const body = outside ? bend(compressSnappy(message), changes) : compressSnappy(bend(message, changes))
        expect([204, 400]).toContain(receiver.receive(body, type, 'snappy').status)
      }),
      { numRuns: RUNS },
    )
  }

  test('remote write 1.0', () => write(encodeWriteRequest(SERIES), 'application/x-protobuf'))
  test('remote write 2.0', () =>
    write(encodeWriteRequest2(SERIES), 'application/x-protobuf;proto=io.prometheus.write.v2.Request'))

  const decodes = (message: Buffer, decode: (bytes: Buffer) => void): void =>
    fc.assert(
      fc.property(edits, (changes) => {
        try {
          decode(bend(message, changes))
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
      { numRuns: RUNS },
    )

  test('questions of remote read', () =>
    decodes(
      encodeReadRequest([
        { startMs: NOW, endMs: NOW + 1000, matchers: [{ operator: '=~', name: 'a', value: 'b.*' }] },
      ]),
      decodeReadRequest,
    ))
  test('answers of remote read', () =>
    decodes(encodeReadResponse([SERIES]), (bytes) =>
      decodeReadResponse(bytes, { series: () => {}, sample: () => {}, histogram: () => {} }),
    ))
  test('snappy', () =>
    decodes(compressSnappy(encodeWriteRequest(SERIES)), (bytes) => void uncompressSnappy(bytes, 1 << 20)))

  test.each(['protobuf', 'json'] as const)('OTLP, %s', (encoding) => {
    const settings = {
      promote_all_resource_attributes: true, promote_resource_attributes: [], ignore_resource_attributes: [], translation_strategy: 'NoTranslation',
      keep_identifying_resource_attributes: true, convert_histograms_to_nhcb: true, promote_scope_metadata: true,
      label_name_underscore_sanitization: true, label_name_preserve_multiple_underscores: true,
    } // prettier-ignore
    const receiver = new OtlpReceiver({ ...common, registry: new Registry(), settings: () => settings })
    const at = { timeUnixNano: `${NOW}000000`, attributes: [{ key: 'a', value: { stringValue: 'b' } }] }
    const metrics = [
      { name: 's', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...at, asInt: '42' }] } },
      { name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [{ ...at, count: '6', sum: 9.5, bucketCounts: ['1', '2', '3'], explicitBounds: [0.5, 1] }] } },
      { name: 'e', exponentialHistogram: { aggregationTemporality: 1, dataPoints: [{ ...at, count: '10', scale: 10, zeroCount: '1', positive: { offset: 5, bucketCounts: ['1', '0', '2'] } }] } },
    ] // prettier-ignore
    const message =
      encoding === 'protobuf'
        ? otlp()
        : Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
    expect(receiver.receive(message, encoding).kind).toBe('stored')
    fc.assert(
      fc.property(edits, (changes) => {
        expect(['stored', 'unreadable']).toContain(receiver.receive(bend(message, changes), encoding).kind)
      }),
      { numRuns: RUNS },
    )
  })
})
